/** `npm run fuzz`: every parser against changed recordings. Owns the shares of the targets and what is said of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../../core/errors.ts";
import { runCommand } from "../command-line.ts";
import { FUZZ_HELP, type FuzzOptions, parseFuzzOptions } from "./fuzz-options.ts";
import type { TargetReport } from "./fuzz-target.ts";
import type { Target } from "./target.ts";
import { makeTargets } from "./targets.ts";
import { type FuzzRun, fuzzOnThreads } from "./worker-pool.ts";

const EXIT_FAILED = 1;

const NAME_WIDTH = 22;
const SHOWN_BYTES_MAX = 300;

async function fuzz(options: FuzzOptions): Promise<number> {
  const started = performance.now();
  const runs = toRuns(options);
  process.stdout.write(`seed ${options.seed}, ${runs.length} targets, ${options.workers} workers\n`);
  const reports: TargetReport[] = [];
  const onReport = (report: TargetReport) => {
    reports.push(report);
    process.stdout.write(`${toLine(report)}\n${writeFailure(report, options)}`);
  };
  await fuzzOnThreads(runs, { workers: options.workers, onReport });
  const inputs = reports.reduce((sum, report) => sum + report.inputs, 0);
  const failed = reports.filter(({ failure }) => failure !== undefined).length;
  const seconds = (performance.now() - started) / 1_000;
  process.stdout.write(
    `${inputs.toLocaleString("en")} inputs in ${seconds.toFixed(0)} s: ` +
      `${failed === 0 ? "every one was accepted or refused" : `${failed} targets failed`}\n`,
  );
  return failed === 0 ? 0 : EXIT_FAILED;
}

/** By share, the largest first, so that the threads end at about the same time. */
function toRuns({ inputs, seed, only, from }: FuzzOptions): readonly FuzzRun[] {
  const all = makeTargets();
  const targets = all.filter(({ name }) => only === undefined || name === only);
  if (targets.length === 0) {
    throw new InputError({ what: "--only", expected: `one of ${all.map(({ name }) => name).join(", ")}`, was: only });
  }
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const toRun = (target: Target): FuzzRun => ({
    target,
    seed,
    from,
    inputs: Math.max(1, Math.ceil((inputs * target.share) / shares)),
  });
  return targets.toSorted((a, b) => b.share - a.share).map(toRun);
}

function toLine({ name, inputs, accepted, refused, seconds, slowestMs, failure }: TargetReport): string {
  const share = (part: number) => `${((100 * part) / Math.max(1, inputs)).toFixed(0).padStart(3)} %`;
  return [
    name.padEnd(NAME_WIDTH),
    `${inputs.toLocaleString("en").padStart(9)} inputs`,
    `${Math.round(inputs / seconds)
      .toLocaleString("en")
      .padStart(7)} a second`,
    `${share(accepted)} accepted`,
    `${share(refused)} refused`,
    `slowest ${slowestMs.toFixed(1).padStart(5)} ms`,
    failure === undefined ? "" : "FAILED",
  ].join("  ");
}

/** Nothing where nothing failed. */
function writeFailure({ name, failure }: TargetReport, { seed, out }: FuzzOptions): string {
  if (failure === undefined) return "";
  const { index, kind, message, input, smallest } = failure;
  mkdirSync(out, { recursive: true });
  const path = join(out, `${name}-${seed}-${index}`);
  writeFileSync(`${path}.input`, input);
  writeFileSync(`${path}.smallest`, smallest);
  const shown = JSON.stringify(Buffer.from(smallest).toString("utf8", 0, SHOWN_BYTES_MAX));
  return [
    `  it ${kind}: ${message.slice(0, 2 * SHOWN_BYTES_MAX)}`,
    `  again: npm run fuzz -- --only ${name} --seed ${seed} --from ${index} --inputs 1`,
    `  ${smallest.length} bytes: ${shown}`,
    `  written to ${path}.input and ${path}.smallest`,
    "",
  ].join("\n");
}

process.exitCode = await runCommand(process.argv.slice(2), {
  parse: (args) => parseFuzzOptions(args, join(tmpdir(), `flashmm-fuzz-${process.pid}`)),
  help: FUZZ_HELP,
  run: fuzz,
});
