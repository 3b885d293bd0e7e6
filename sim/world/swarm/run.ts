/** `npm run simulate`: the fault world over many seeds. Owns which seeds are run, what is said, and the exit code. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../command-line.ts";
import { Branches, branchesText } from "./branches.ts";
import { type Deployment, readDeployment } from "./deployment.ts";
import { HELP, parseSimulateOptions, type SimulateOptions, type Wanted } from "./options.ts";
import { type PoolOptions, runJobs } from "./pool.ts";
import { seedText, summaryText, violationText } from "./report.ts";
import type { SeedResult } from "./run-seed.ts";
import { shrink } from "./shrink.ts";

const EXIT_VIOLATED = 1;
const ROOT = new URL("../../../", import.meta.url).pathname;
const HOUR_MS = 3_600_000;
/** Fresh seeds of a commit lie in a range of their own. */
const SEEDS_OF_A_COMMIT = 4_096;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function simulate(options: SimulateOptions): Promise<number> {
  if (options.only !== undefined) (await import("./plan.ts")).assertKinds(options.only);
  const commit = commitOf();
  const deployment = deploymentOf(options.templates);
  say(`commit ${commit}, node ${process.version}`);
  const startedMs = performance.now();
  const { wanted } = options;
  if (wanted.type === "double") return await runTwice(options, { commit, deployment, seeds: wanted.seeds });
  const results: SeedResult[] = [];
  const next = nextSeed(wanted, commit, results);
  const { workers, only, minutes, reports } = options;
  const jobs = {
    next: () => {
      const seed = results.some(({ violation }) => violation !== undefined) ? undefined : next();
      return seed === undefined ? undefined : { seed, only, minutes, reports, deployment };
    },
    onResult: (result: SeedResult) => {
      results.push(result);
      say(seedText(result));
    },
  };
  if (options.isTraced || options.countsBranches) await runHere(options, jobs);
  else await runJobs({ ...jobs, workers, isFresh: false });
  return await conclude(results, options, { deployment, startedMs });
}

/** In this process: what is traced is said at once, and branches are counted where they run. */
async function runHere(
  { isTraced, countsBranches }: SimulateOptions,
  { next, onResult }: Pick<PoolOptions, "next" | "onResult">,
): Promise<void> {
  const branches = countsBranches ? new Branches("/core/") : undefined;
  await branches?.start();
  // Only now: branches are counted from the first line that runs.
  const { runSeed } = await import("./run-seed.ts");
  for (let job = next(); job !== undefined; job = next()) {
    onResult(await runSeed({ ...job, ...(isTraced ? { onLine: say } : {}) }));
  }
  if (branches !== undefined) say(branchesText(await branches.end()));
}

async function conclude(
  results: readonly SeedResult[],
  options: SimulateOptions,
  { deployment, startedMs }: { readonly deployment: Deployment; readonly startedMs: number },
): Promise<number> {
  say(summaryText(results, (performance.now() - startedMs) / 1_000));
  const failing = results.find(({ violation }) => violation !== undefined);
  if (failing === undefined) return 0;
  const { plan, seed } = failing;
  const { runSeed } = await import("./run-seed.ts");
  const shrunk = options.isShrunk
    ? await shrink(failing, (smaller, untilMs) => runSeed({ seed, plan: smaller, deployment, untilMs }))
    : { result: failing, runs: 0 };
  say(`shrunk from ${plan.episodes.length} to ${shrunk.result.plan.episodes.length} faults in ${shrunk.runs} runs`);
  say(violationText(shrunk.result));
  if (options.out !== undefined) {
    const { violation, plan: kept } = shrunk.result;
    writeFileSync(options.out, `${JSON.stringify({ was: violation, plan: kept }, null, 2)}\n`);
  }
  return EXIT_VIOLATED;
}

/** Each seed in two processes that have run nothing before. */
async function runTwice(
  { workers, only, minutes, reports }: SimulateOptions,
  { commit, deployment, seeds }: { readonly commit: string; readonly deployment: Deployment; readonly seeds: number },
): Promise<number> {
  const first = firstSeed(commit);
  const jobs = Array.from({ length: 2 * seeds }, (_, index) => first + (index >> 1));
  const hashes = new Map<number, string[]>();
  await runJobs({
    workers,
    isFresh: true,
    next: () => {
      const seed = jobs.shift();
      return seed === undefined ? undefined : { seed, only, minutes, reports, deployment };
    },
    onResult: ({ seed, hash }) => void hashes.set(seed, [...(hashes.get(seed) ?? []), hash]),
  });
  const different = [...hashes].filter(([, [one, other]]) => one !== other);
  for (const [seed, [one, other]] of different) say(`seed ${seed} differs: ${one} and ${other}`);
  say(`${hashes.size} seeds run twice, ${different.length} with different traces`);
  return different.length === 0 ? 0 : EXIT_VIOLATED;
}

function nextSeed(wanted: Wanted, commit: string, results: readonly SeedResult[]): () => number | undefined {
  let seed = wanted.type === "seeds" ? wanted.first : firstSeed(commit);
  let begun = 0;
  return () => {
    if (wanted.type === "seeds" && seed > wanted.last) return undefined;
    if (wanted.type === "hours") {
      const hours = results.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / HOUR_MS;
      if (hours >= wanted.hours && begun >= wanted.seedsMin) return undefined;
    }
    begun += 1;
    seed += 1;
    return seed - 1;
  };
}

function firstSeed(commit: string): number {
  return (Number.parseInt(commit.slice(0, 5), 16) * SEEDS_OF_A_COMMIT) >>> 0;
}

/** The commit that stands here; without one, nothing tells two trees apart, and the seeds are always the same. */
function commitOf(): string {
  const { stdout, status } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? stdout.trim() : "0000000";
}

function deploymentOf(templates: string | undefined): Deployment {
  if (templates !== undefined) return readDeployment(templates);
  const folder = mkdtempSync(join(tmpdir(), "flashmm-templates-"));
  try {
    execFileSync(process.execPath, ["infra/app.ts"], {
      cwd: ROOT,
      env: { PATH: process.env["PATH"], CDK_OUTDIR: folder },
      stdio: ["ignore", "ignore", "inherit"],
    });
    return readDeployment(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await runCommand(process.argv.slice(2), { parse: parseSimulateOptions, help: HELP, run: simulate });
