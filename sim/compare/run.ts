/**
 * `npm run compare`: strategies side by side on the same markets. Owns the run: what was asked for, the jobs, and where the answer
 * goes. The same arguments give the same text and file, however many workers there are; only the progress on stderr tells time.
 */
import { writeFileSync } from "node:fs";
import { InputError } from "../../core/errors.ts";
import type { Job, JobMarket } from "./job.ts";
import { type CompareOptions, HELP, parseOptions, type Request } from "./options.ts";
import { assertWritable } from "./output-file.ts";
import { headText, madeText, reportText } from "./report.ts";
import { type RunRecord, type Summary, summarize } from "./summary.ts";
import { measureTape, tapeFiguresText } from "./tape-figures.ts";
import { JobError, runJobs } from "./worker-pool.ts";

const EXIT_USAGE = 64;
const PROGRESS_MS = 2_000;

async function main(args: readonly string[]): Promise<number> {
  try {
    return await carryOut(parseOptions(args));
  } catch (error) {
    const isInput = error instanceof InputError || (error instanceof JobError && error.isInput);
    if (!isInput) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_USAGE;
  }
}

async function carryOut(request: Request): Promise<number> {
  switch (request.type) {
    case "help":
      process.stdout.write(HELP);
      return 0;
    case "measure":
      process.stdout.write(tapeFiguresText(await measureTape(request.tape)));
      return 0;
    case "compare":
      await compare(request.options);
      return 0;
  }
}

async function compare(options: CompareOptions): Promise<void> {
  const { workers: _, json, png, ...asked } = options;
  if (json !== undefined) assertWritable(json, "--json");
  if (png !== undefined) assertWritable(png, "--png");
  const jobs = jobsOf(options);
  const outcomes = await runJobs(jobs, { workers: options.workers, onDone: makeProgress(jobs.length) });
  const runs: RunRecord[] = [];
  for (const [index, { strategy, market }] of jobs.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    const where = market.type === "tape" ? { market: "tape", seed: 0 } : { market: market.regime, seed: market.seed };
    runs.push({ strategy, ...where, ...outcome });
  }
  const summary = summarize(runs);
  process.stdout.write(`${headText(options)}\n${reportText(summary, runs)}\n`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ asked, summary, runs }, undefined, 1)}\n`);
  if (png !== undefined) await draw(png, summary, madeText(options));
}

/** The charts are loaded where they are asked for: that takes most of a second. */
async function draw(file: string, summary: Summary, made: string): Promise<void> {
  const [{ chartPng }, { comparisonChart }] = await Promise.all([
    import("../../lambdas/chart-png.ts"),
    import("./comparison-chart.ts"),
  ]);
  const { option, size } = comparisonChart(summary, made);
  writeFileSync(file, await chartPng(option, size));
}

/** Markets first, so that a worker's neighbours in time are of the same market. */
function jobsOf(options: CompareOptions): readonly Job[] {
  const { strategies, regimes, seeds, tape, config, hours, roundTripMs } = options;
  const markets: readonly JobMarket[] =
    tape === undefined
      ? seeds.flatMap((seed) => regimes.map((regime) => ({ type: "simulated" as const, regime, seed })))
      : [{ type: "tape", files: [tape] }];
  return markets.flatMap((market) => strategies.map((strategy) => ({ strategy, market, config, hours, roundTripMs })));
}

function makeProgress(all: number): (done: number) => void {
  const startedMs = performance.now();
  let toldMs = startedMs;
  return (done) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < PROGRESS_MS && done < all) return;
    toldMs = nowMs;
    const elapsed = (nowMs - startedMs) / 1_000;
    const left = (elapsed / done) * (all - done);
    process.stderr.write(`${done} of ${all} runs, ${elapsed.toFixed(0)} s, about ${left.toFixed(0)} s left\n`);
  };
}

process.exitCode = await main(process.argv.slice(2));
