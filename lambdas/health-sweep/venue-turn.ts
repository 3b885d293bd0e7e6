/**
 * When the sweep asks the order API, and when it takes the answer that the fill audit had: of the venue's ten requests a second the task
 * leaves one, and the audit, another function with no common pace, uses that one up while it runs. Two at once would make eleven, and
 * the 429 may be the task's, whose cancels wait for it. Owns what of the audit's items tells when a run of it can be at the venue.
 */
import { readLatestWord } from "../audit-word.ts";
import type { LedgerTable } from "../ledger-table.ts";
import type { IntegrationRecord, Outcome } from "./integration-record.ts";

/**
 * By `infra/constructs/fill-audit.ts`: a run ends within a minute, and the next begins five minutes after it did; EventBridge Scheduler
 * may be a minute early or late, and a market may be the last of a run's. What is left is between two runs.
 */
const RUN_OVER_MS = 60_000;
const NEXT_RUN_MS = 180_000;
/** Older than this, an audit is overdue and so none is known to run. */
const SILENT_AFTER_MS = 360_000;

/**
 * What the audit has learnt of the venue, where a run may be under way; undefined where the sweep has to ask itself: between two runs, when
 * the audit is silent or failed, and whenever the last look was not well.
 */
export async function readAuditAnswer(
  { table, markets }: { readonly table: LedgerTable; readonly markets: readonly string[] },
  before: IntegrationRecord | undefined,
  nowMs: number,
): Promise<Outcome | undefined> {
  if (before === undefined || !isWell(before)) return undefined;
  const read = markets.map((market) => readLatestWord(table, market));
  // The table has a look of its own: it is none of the venue's faults.
  const words = await Promise.all(read).catch(() => []);
  const known = words.flatMap((word) => word ?? []);
  if (known.some(({ state }) => state === "failed")) return undefined;
  // Each market's run begins with a page of the venue's, so its word is an answer; the newest is nearest to the end of the whole run.
  const ageMs = nowMs - Math.max(...known.map(({ checkedAt }) => Date.parse(checkedAt)));
  const mayRun = ageMs < RUN_OVER_MS || (ageMs >= NEXT_RUN_MS && ageMs < SILENT_AFTER_MS);
  if (!mayRun) return undefined;
  return { kind: "healthy", detail: `the fill audit had an answer ${Math.round(ageMs / 1_000)} s ago` };
}

/** A doubt wants the venue's own word at every look. */
function isWell({ healthy, configured, failures, doubtedAtMs }: IntegrationRecord): boolean {
  return healthy && configured && failures === 0 && doubtedAtMs === undefined;
}
