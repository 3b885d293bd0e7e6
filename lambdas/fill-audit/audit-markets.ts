/**
 * One audit of every market, one after the other, since the venue is asked one question at a time. Owns how the time is shared out,
 * that no market's failure keeps another from being audited, and what is measured.
 */
import type { Measure } from "../measure.ts";
import { lessReserve } from "../time-left.ts";
import { type AuditWord, writeFailure } from "./audit-items.ts";
import { type Auditor, auditMarket } from "./audit-market.ts";
import type { AuditRequest } from "./audit-request.ts";

export type Audit = Auditor & {
  readonly markets: readonly string[];
  readonly measure: Measure;
};

/** Kept at the end for the last market's proofs and what is written down. */
const RESERVE_MS = 15_000;
/** Which market comes first changes with this, the schedule's interval, so that a venue that is slow starves none for ever. */
const TURN_MS = 5 * 60_000;

/** Audits every market within `remainingMs`. Rejects at the end when one of them could not even be written down. */
export async function auditMarkets(
  audit: Audit,
  request: AuditRequest,
  remainingMs: number,
): Promise<readonly AuditWord[]> {
  const { timing, markets } = audit;
  const endMs = timing.monotonicMs() + lessReserve(remainingMs, RESERVE_MS);
  const first = Math.floor(timing.epochMs() / TURN_MS) % markets.length;
  const inTurn = [...markets.slice(first), ...markets.slice(0, first)];
  const words: AuditWord[] = [];
  const failures: unknown[] = [];
  for (const [index, market] of inTurn.entries()) {
    const nowMs = timing.monotonicMs();
    const untilMs = nowMs + (endMs - nowMs) / (inTurn.length - index);
    try {
      words.push(await auditOne(audit, market, { ...request, untilMs }));
    } catch (error) {
      failures.push(error);
      await recordFailure(audit, market, error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} markets could not be audited`);
  return words;
}

async function auditOne(audit: Audit, market: string, options: AuditRequest & { untilMs: number }): Promise<AuditWord> {
  const { log, measure, timing } = audit;
  const { word, counted, startedAt } = await auditMarket(audit, market, options);
  const say = word.state === "different" || word.state === "failed" ? log.error : log.info;
  say.call(log, "fills audited", { ...word });
  measure("flashmm_audit_checked_total", { market }, counted);
  measure("flashmm_audit_age_seconds", { market }, ageSeconds(timing.epochMs(), word.cleanAt ?? startedAt));
  const kinds = {
    missing: word.missing,
    different: word.different,
    "unknown-to-venue": word.unknownToVenue,
    identity: word.identity,
  } as const;
  for (const kind of ["missing", "different", "unknown-to-venue", "identity"] as const) {
    measure("flashmm_audit_differences_total", { market, kind }, kinds[kind]);
  }
  return word;
}

/** Without a table there is no age either: the alarm takes its absence as the worst. */
async function recordFailure(audit: Audit, market: string, error: unknown): Promise<void> {
  const { table, timing, log, measure } = audit;
  log.error("fills could not be audited", { market, error });
  const checkedAt = new Date(timing.epochMs()).toISOString();
  const reason = error instanceof Error ? error.message : String(error);
  try {
    const cleanAt = await writeFailure(table, { market, checkedAt, reason });
    if (cleanAt !== undefined) measure("flashmm_audit_age_seconds", { market }, ageSeconds(timing.epochMs(), cleanAt));
  } catch (cause) {
    log.error("the failure could not be written down", { market, error: cause });
  }
}

function ageSeconds(nowMs: number, since: string): number {
  return Math.max(0, (nowMs - Date.parse(since)) / 1_000);
}
