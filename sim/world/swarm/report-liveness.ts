/**
 * What must come of the report once everything is healed: the newest hour that is due stands at X within the run's own time. Owns this
 * condition, and what excuses it.
 */
import { hourOf } from "../../../core/accounting/hourly.ts";
import { hourPeriod, periodTitle } from "../../../lambdas/hourly-report/period.ts";
import { CLAIM_MS } from "../../../lambdas/hourly-report/posting-gate.ts";
import { readReport } from "../../../lambdas/hourly-report/report-items.ts";
import type { Deployment } from "./deployment.ts";
import type { Healing } from "./liveness.ts";
import type { ReportChecks } from "./report-checks.ts";
import { POST_GAP_MS, type Reports } from "./reports.ts";

const LOOK_MS = 5_000;
const HOUR_MS = 3_600_000;
/** What a run keeps of its time for its end, and a little more. */
const KEPT_MS = 120_000;
/** After a claim in the hour before it, a run may have no turn; then the next one has. */
const RUNS_MAX = 3;
/** Of an hour in which no task ran. */
const NO_MINUTE = "the task wrote no minute of the period";

export type ReportWatch = {
  readonly reports: Reports;
  readonly reportChecks: ReportChecks;
  readonly deployment: Deployment;
  /** Whether the plan has anything that makes a fill differ: such an hour may be refused. */
  readonly mayDiffer: boolean;
};

/** Rejects with `InvariantError`. */
export async function reportComes(healing: Healing, watch: ReportWatch): Promise<void> {
  const { world, checks } = healing;
  const { time } = world;
  const { reports, reportChecks, deployment } = watch;
  const runMs = deployment.timeoutsMs["hourly-report"] ?? 900_000;
  for (let run = 1; ; run += 1) {
    const fireMs = reports.nextFireMs();
    const hour = hourOf(new Date(time.epochMs + (fireMs - time.nowMs) - HOUR_MS).toISOString());
    await time.pass(fireMs - time.nowMs);
    const turnMs = (reportChecks.lastClaimMs ?? Number.NEGATIVE_INFINITY) + CLAIM_MS + POST_GAP_MS;
    const hasTurn = turnMs <= fireMs + runMs - KEPT_MS;
    const before = reports.x.posts.length;
    const isOver = () => reports.x.posts.slice(before).length > 0;
    while (!isOver() && time.nowMs < fireMs + runMs + LOOK_MS) await time.pass(LOOK_MS);
    if (isOver() || (await isExcused(healing, watch, hour))) break;
    if (hasTurn || run === RUNS_MAX) checks.fail("report", await whyNot(healing, watch, hour));
  }
  // What was written down about the post comes within the claim.
  await time.pass(CLAIM_MS);
  await time.hold(async () => {
    for (const lie of await reportChecks.lies()) checks.note("report", lie);
  });
  checks.throwNoted();
}

/** The hour cannot be told of, and its item says why. */
async function isExcused({ world }: Healing, { mayDiffer, reports }: ReportWatch, hour: string): Promise<boolean> {
  const { client, tableName } = world.table;
  const report = await world.time.hold(() => readReport({ client, tableName }, hour));
  // Somebody had asked for it already, or it came at once.
  if (reports.x.posts.some(({ text }) => text.includes(periodTitle(hourPeriod(hour))))) return true;
  const reason = report?.reason ?? "";
  if (report?.state !== "skipped" || !reason.startsWith("refused: ")) return false;
  return mayDiffer || reason.includes(NO_MINUTE);
}

async function whyNot({ world }: Healing, { reports }: ReportWatch, hour: string): Promise<string> {
  const { client, tableName } = world.table;
  const report = await world.time.hold(() => readReport({ client, tableName }, hour));
  const stands = report === undefined ? "there is none" : `it is ${report.state} (${report.reason})`;
  return `the report of ${hour} does not come after healing: ${stands}; ${reports.errors.at(-1) ?? "no error"}`;
}
