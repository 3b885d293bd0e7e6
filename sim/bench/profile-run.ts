/** `--profile NAME`: runs one benchmark under V8's profiler, keeps the profile and prints what took longest. Owns what is run. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runNode } from "./child.ts";
import type { RoundReport } from "./engine/engine-order.ts";
import { type Cost, type CpuProfile, selfTimes } from "./profile.ts";
import type { ProfileName } from "./run-options.ts";
import { Session } from "./session.ts";
import { warm } from "./socket-rounds.ts";
import { quantile } from "./statistics.ts";

const WITHIN_MS = 600_000;
const WARM_TICKS = 450;
const TICKS = 1_500;
const FLOOD_BOOKS = 200_000;
const SHOWN = 40;

type Input = { readonly name: ProfileName; readonly path: string; readonly root: string; readonly isPinned: boolean };

/** Writes the profile to `path`; answers what is to be said of it. */
export async function runProfile(input: Input): Promise<string> {
  mkdirSync(dirname(input.path), { recursive: true });
  switch (input.name) {
    case "task":
    case "usual":
      return await profileTicks(input, input.name);
    case "feed":
      return await profileFeed(input);
    case "decision":
      return await profileDecision(input);
  }
}

/** Hot loops; only the time from a frame's callback to the first write counts. */
async function profileTicks({ path, root, isPinned }: Input, variant: "task" | "usual"): Promise<string> {
  const session = await Session.start({ isStepped: true, isPinned });
  let report: RoundReport;
  try {
    await warm(session);
    await session.round({ variant, ticks: WARM_TICKS, isHot: true });
    await session.profile(path);
    report = await session.round({ variant, ticks: TICKS, isHot: true });
    await session.endProfile();
  } finally {
    await session.stop();
  }
  const { windows, inside } = report;
  const costs = selfTimes(readProfile(path), root, windows);
  return (
    `From the frame's callback to the first write, ${windows.length} ticks, p50 ${quantile(inside, 0.5).toFixed(1)} µs; ` +
    `profiled, the mean of each function's own time a tick:\n${costsText(costs, windows.length, "µs a tick")}`
  );
}

async function profileFeed({ path, root, isPinned }: Input): Promise<string> {
  const session = await Session.start({ isStepped: false, isPinned });
  try {
    await warm(session);
    await session.profile(path);
    await session.flood({ reader: "task", count: FLOOD_BOOKS, perSecond: 0 });
    await session.endProfile();
  } finally {
    await session.stop();
  }
  const costs = selfTimes(readProfile(path), root).filter(({ place }) => place !== "(idle)");
  return `Reading books as fast as they come:\n${costsText(costs, FLOOD_BOOKS, "µs a book")}`;
}

async function profileDecision({ path, root }: Input): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "flashmm-profile-"));
  try {
    const flags = ["--cpu-prof", "--cpu-prof-interval", "200", `--cpu-prof-dir=${folder}`];
    const { exitCode, output, errors } = await runNode(root, [...flags, "sim/bench/decision.ts"], WITHIN_MS);
    const [file] = readdirSync(folder);
    if (file === undefined) throw new Error(`the decision's benchmark ended with code ${exitCode}: ${errors}`);
    const profile = readProfile(join(folder, file));
    renameSync(join(folder, file), path);
    // What the simulated market and the clock around each decision take is not the decision's.
    const costs = selfTimes(profile, root).filter(({ place }) => / core\//.test(place));
    const all = costs.reduce((sum, { micros }) => sum + micros, 0);
    return `${output}Of the time in core/, each function's own share:\n${costsText(costs, all / 100, "%")}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, "utf8"));
}

function costsText(costs: readonly Cost[], per: number, unit: string): string {
  return costs
    .slice(0, SHOWN)
    .map(({ place, micros }) => `${(micros / per).toFixed(2).padStart(8)} ${unit}  ${place}\n`)
    .join("");
}
