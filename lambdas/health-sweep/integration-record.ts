/**
 * What is known of one integration from look to look: whether it is well and since when, its breaker, and what was announced of it.
 * Owns the rules; pure, the stored form is `health-items.ts`'s.
 *
 * One look that says otherwise is noted and changes nothing: only the second in a row does, so that nothing flaps. A look that got no
 * answer counts for the breaker too: five in a row, and the integration is left alone for five minutes before it is tried again.
 */

/**
 * What one look came to. `failed`: it gave no answer worth the name, which is what breakers are for; `unhealthy`: it answered, and what
 * it says is bad.
 */
export type Outcome = {
  readonly kind: "healthy" | "unhealthy" | "failed" | "not-configured";
  /** One line for people. */
  readonly detail: string;
};

export type IntegrationRecord = {
  readonly integration: string;
  readonly healthy: boolean;
  readonly configured: boolean;
  readonly detail: string;
  /** Epoch milliseconds, like all times here. */
  readonly checkedAtMs: number;
  /** Since when it has been as `healthy` says: the first of the looks that changed it. */
  readonly sinceMs: number;
  /** Looks in a row that said what `healthy` says, at most `LOOKS_TO_SETTLE`. */
  readonly streak: number;
  /** When the last look was that said otherwise; undefined when none did since the last one that agreed. */
  readonly doubtedAtMs: number | undefined;
  /** Looks in a row without an answer. */
  readonly failures: number;
  /** Until when it is left alone; undefined while the breaker is closed. */
  readonly openUntilMs: number | undefined;
  /** What was announced last; well, before anything was. */
  readonly announced: boolean;
  /** When somebody last took it on to announce what differs from `announced`. */
  readonly announcingAtMs: number | undefined;
  /** Grows with every write. */
  readonly version: number;
};

/** What a breaker lets through. */
export type Breaker = "closed" | "half-open" | "open";

const LOOKS_TO_SETTLE = 2;
const FAILURES_TO_OPEN = 5;
const OPEN_MS = 5 * 60_000;
/** Schedules and clocks are not exact: an opening of five minutes must not become six for a moment's sake. */
const OPEN_TOLERANCE_MS = 5_000;
/** An announcement that was not seen through by then was lost with its process. */
const ANNOUNCING_MS = 45_000;
const DETAIL_CHARACTERS_MAX = 300;

export function breakerOf(record: IntegrationRecord | undefined, nowMs: number): Breaker {
  if (record?.openUntilMs === undefined) return "closed";
  return nowMs < record.openUntilMs - OPEN_TOLERANCE_MS ? "open" : "half-open";
}

/** What an open breaker says in place of a look: nothing new is known. */
export function heldBack(record: IntegrationRecord): Outcome {
  const [, reason = record.detail] =
    /^not asked again before [^:]+:\d\d:\d\d\.\d{3}Z: (.*)$/s.exec(record.detail) ?? [];
  const until = new Date(record.openUntilMs ?? record.checkedAtMs).toISOString();
  return { kind: "failed", detail: `not asked again before ${until}: ${reason}` };
}

/** The record after a look; `asked` is false when the breaker held it back. */
export function afterLook(
  before: IntegrationRecord | undefined,
  look: { readonly integration: string; readonly outcome: Outcome; readonly nowMs: number; readonly asked: boolean },
): IntegrationRecord {
  const { integration, outcome, nowMs } = look;
  const isWell = outcome.kind === "healthy" || outcome.kind === "not-configured";
  const record = {
    integration,
    configured: outcome.kind !== "not-configured",
    detail: toLine(outcome.detail),
    checkedAtMs: nowMs,
    ...breakerAfter(before, look),
    ...healthAfter(before, isWell, nowMs),
    announced: before?.announced ?? true,
    announcingAtMs: before?.announcingAtMs,
    version: (before?.version ?? 0) + 1,
  };
  return isAnnouncementDue(record, nowMs) ? { ...record, announcingAtMs: nowMs } : record;
}

/** Whether this record's writer is to announce it. */
export function announcesNow(record: IntegrationRecord): boolean {
  return record.announcingAtMs === record.checkedAtMs && record.healthy !== record.announced;
}

function healthAfter(before: IntegrationRecord | undefined, isWell: boolean, nowMs: number) {
  if (before === undefined) return { healthy: isWell, sinceMs: nowMs, streak: 1, doubtedAtMs: undefined };
  const { healthy, sinceMs } = before;
  if (isWell === healthy) {
    return { healthy, sinceMs, streak: Math.min(before.streak + 1, LOOKS_TO_SETTLE), doubtedAtMs: undefined };
  }
  if (before.doubtedAtMs === undefined) return { healthy, sinceMs, streak: 0, doubtedAtMs: nowMs };
  return { healthy: isWell, sinceMs: before.doubtedAtMs, streak: LOOKS_TO_SETTLE, doubtedAtMs: undefined };
}

function breakerAfter(
  before: IntegrationRecord | undefined,
  { outcome, nowMs, asked }: { readonly outcome: Outcome; readonly nowMs: number; readonly asked: boolean },
) {
  if (!asked) return { failures: before?.failures ?? 0, openUntilMs: before?.openUntilMs };
  if (outcome.kind !== "failed") return { failures: 0, openUntilMs: undefined };
  const failures = Math.min((before?.failures ?? 0) + 1, FAILURES_TO_OPEN);
  return { failures, openUntilMs: failures >= FAILURES_TO_OPEN ? nowMs + OPEN_MS : undefined };
}

function isAnnouncementDue(record: IntegrationRecord, nowMs: number): boolean {
  if (record.healthy === record.announced || record.streak < LOOKS_TO_SETTLE) return false;
  return record.announcingAtMs === undefined || nowMs - record.announcingAtMs >= ANNOUNCING_MS;
}

function toLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.slice(0, DETAIL_CHARACTERS_MAX).toWellFormed();
}
