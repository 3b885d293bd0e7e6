/**
 * What must come of the report once everything is healed: the newest hour that is due stands at X within the run's own time. Owns this
 * condition, and what excuses it.
 */
import { hourOf } from "../../../core/accounting/hourly.ts";
import { hourPeriod, periodTitle } from "../../../lambdas/hourly-report/period.ts";
import { CLAIM_MS } from "../../../lambdas/hourly-report/posting-gate.ts";
import { readReport } from "../../../lambdas/hourly-report/report-items.ts";
import type { XPost } from "../../x-api/x-api.ts";
import type { TableHost } from "../table-host.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Checks } from "./checks.ts";
import type { Deployment } from "./deployment.ts";
import type { ReportChecks } from "./report-checks.ts";
import { POST_GAP_MS, type Reports } from "./reports.ts";

const LOOK_MS = 5_000;
const HOUR_MS = 3_600_000;
/** What a run keeps of its time for its end, and a little more. */
const KEPT_MS = 120_000;
/** After a claim in the hour before it, a run may have no turn; then the next one has. */
const RUNS_MAX = 3;
const REFUSED = "refused: ";
const NO_MINUTE = "the task wrote no minute of the period";
const NO_MID_BEFORE = "no mid was known for a day before the period";
const NO_MID = "no mid is known up to the period's end";
const DIFFERENT = /^the fill audit of \S+ is different/;

export type ReportWatch = {
  readonly reports: Pick<Reports, "nextFireMs" | "errors"> & {
    readonly x: Pick<Reports["x"], "posts">;
    readonly host: Pick<Reports["host"], "kills">;
  };
  readonly reportChecks: Pick<ReportChecks, "lastClaimMs" | "lies">;
  readonly deployment: Pick<Deployment, "timeoutsMs">;
  readonly markets: readonly string[];
  /** Whether the plan has anything that makes a fill differ: such an hour may be refused for that. */
  readonly mayDiffer: boolean;
};

/** What of a healed world is looked at. */
export type ReportHealing = {
  readonly world: {
    readonly time: Pick<VirtualTime, "nowMs" | "epochMs" | "pass" | "hold">;
    readonly table: Pick<TableHost, "client" | "tableName">;
  };
  readonly checks: Pick<Checks, "fail" | "note" | "throwNoted" | "minutes">;
};

/** Rejects with `InvariantError`. */
export async function reportComes(healing: ReportHealing, watch: ReportWatch): Promise<void> {
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
    const killsBefore = reports.host.kills;
    const isTaken = () => reports.x.posts.length > before;
    while (!isTaken() && time.nowMs < fireMs + runMs + LOOK_MS) await time.pass(LOOK_MS);
    if (isPosted(reports.x.posts, hour) || (await isExcused(healing, watch, hour))) break;
    // A post of another hour has taken the turn, or a run was killed with its claim open, by a fault that had waited for it: the next run
    // has it again, and its own hour goes first.
    const hadTurn = hasTurn && !isTaken() && reports.host.kills === killsBefore;
    if (hadTurn || run === RUNS_MAX) checks.fail("report", await whyNot(healing, watch, hour));
  }
  // What was written down about the post comes within the claim.
  await time.pass(CLAIM_MS);
  await time.hold(async () => {
    for (const lie of await reportChecks.lies()) checks.note("report", lie);
  });
  checks.throwNoted();
}

/** The hour cannot be told of, and its item says why. */
async function isExcused({ world, checks }: ReportHealing, watch: ReportWatch, hour: string): Promise<boolean> {
  const { mayDiffer, markets } = watch;
  const { client, tableName } = world.table;
  const report = await world.time.hold(() => readReport({ client, tableName }, hour));
  const known = { mustHave: checks.minutes.mustHave(hour), mustHaveBefore: checks.minutes.mustHaveBefore(hour) };
  return report?.state === "skipped" && mayRefuse(report.reason ?? "", { markets, mayDiffer, ...known });
}

/** `mustHave`, `mustHaveBefore`: whether a minute of the hour, or of one before it, must have been written. */
type Known = Pick<ReportWatch, "markets" | "mayDiffer"> & {
  readonly mustHave: boolean;
  readonly mustHaveBefore: boolean;
};

/**
 * Whether a report may be refused for that: of each market that is named, its fills differ and may do so, or there is no minute, or none
 * with a mid, and none had to be written.
 */
export function mayRefuse(reason: string, { markets, mayDiffer, mustHave, mustHaveBefore }: Known): boolean {
  if (!reason.startsWith(REFUSED)) return false;
  const refused = markets.map((market) => reason.split(`${market}: `).slice(1)).filter(({ length }) => length > 0);
  const isAllowed = (why: string) =>
    (mayDiffer && DIFFERENT.test(why)) ||
    (!mustHave && why.startsWith(NO_MINUTE)) ||
    (!mustHaveBefore && why.startsWith(NO_MID_BEFORE)) ||
    (!mustHave && !mustHaveBefore && why.startsWith(NO_MID));
  return refused.length > 0 && refused.every((reasons) => reasons.some(isAllowed));
}

/** Whether X has the hour's post: somebody may have asked for it already. */
function isPosted(posts: readonly Pick<XPost, "text">[], hour: string): boolean {
  return posts.some(({ text }) => text.includes(periodTitle(hourPeriod(hour))));
}

async function whyNot({ world }: ReportHealing, { reports }: ReportWatch, hour: string): Promise<string> {
  const { client, tableName } = world.table;
  const report = await world.time.hold(() => readReport({ client, tableName }, hour));
  const stands = report === undefined ? "there is none" : `it is ${report.state} (${report.reason})`;
  return `the report of ${hour} does not come after healing: ${stands}; ${reports.errors.at(-1) ?? "no error"}`;
}
