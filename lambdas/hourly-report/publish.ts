/**
 * Posting what waits: at most one post a report, and at most one in the time between posts, wherever a run ends and however often it is
 * started. Owns the order of steps that makes it so, and what becomes of a report that is not posted.
 *
 * The image is uploaded first, since that may be done any number of times, and the turn waited for. Then the gate is claimed, by one
 * conditional write; only who has claimed it sends the post, and at once. A run that ends between claim and record leaves the gate open: the next one cannot know whether X
 * has the post, says so in the report, and never sends it again. What becomes of a report that is not posted is written under a claim, too, of its own
 * or one that its run has left open: else one run would call skipped what another is posting.
 */
import { randomUUID } from "node:crypto";
import type { LedgerTable } from "../ledger-table.ts";
import type { Timing } from "../timing.ts";
import { loadChart, type ReportBucket } from "./chart-store.ts";
import {
  claimGate,
  closeGate,
  type Gate,
  NO_REPORT,
  openUntilMs,
  readGate,
  SENT_WITHIN_MS,
  settledWithinMs,
} from "./posting-gate.ts";
import { type Report, readReport, readWaiting, type Settlement, settleReport } from "./report-items.ts";
import type { XClient, XOutcome } from "./x-client.ts";

export type Publisher = {
  readonly table: LedgerTable;
  readonly bucket: ReportBucket;
  readonly x: XClient;
  readonly timing: Timing;
  /** Milliseconds between one post and the next, an hour. */
  readonly gapMs: number;
  readonly log: {
    info(message: string, fields: Record<string, unknown>): void;
    warn(message: string, fields: Record<string, unknown>): void;
    error(message: string, fields: Record<string, unknown>): void;
  };
  /** Counts a publishing error, which alarms. */
  countError(): void;
};

const WAITING_MAX = 10;
const LATE_MS_MAX = 24 * 3_600_000;
const LATE = "over 24 hours late";

/** What the claim's own answer may take of its time. */
const CLAIM_ANSWER_MS_MAX = 10_000;

const ATTEMPTS_MAX = 8;
const UPLOADS_MAX = 3;
const PAUSE_MS = 1_000;
/** A second on top of X's whole ones. */
const RESET_MARGIN_MS = 1_000;

/** Of one run: monotonic `untilMs`, how long it may wait for its turn, and the images it has at X, by their keys. */
type Run = { readonly untilMs: number; readonly turnMsMax: number; readonly mediaIds: Map<string, string> };

/**
 * Posts the next of the reports that wait (`readWaiting`), when it is its turn; ends the waiting of those that have waited too long. `untilMs` is monotonic: no
 * wait and no post is begun that does not end before it; a claim once made takes a minute at most.
 *
 * With a post an hour and an hour between posts nothing is ever caught up: each answer of X comes a little later than the one before, and
 * the schedule now earlier, now later. So a run waits for its turn as long as it has time, and no longer than `turnMsMax`.
 */
export async function publishWaiting(
  publisher: Publisher,
  untilMs: number,
  turnMsMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const run: Run = { untilMs, turnMsMax, mediaIds: new Map() };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if ((await publishNext(publisher, run)) === "over") return;
  }
  publisher.log.warn("posting was left to the next run", { attempts: ATTEMPTS_MAX });
}

/** `again`: the world has changed meanwhile, and is looked at anew. */
async function publishNext(publisher: Publisher, run: Run): Promise<"over" | "again"> {
  const { table, timing, log, gapMs } = publisher;
  const { untilMs } = run;
  // The gate first: whatever becomes of a report after this changes it, and the claim below fails.
  const gate = await readGate(table);
  if (gate?.isOpen === true) {
    if (timing.epochMs() < openUntilMs(gate)) return await awaitClaim(publisher, gate, run);
    await resolveLeftOpen(publisher, gate);
  }
  const { next: report, late } = await readTurns(publisher);
  if (late.length > 0) return await settleLate(publisher, gate, late);
  if (report === undefined) return "over";
  const toTurnMs = () => Math.max(0, (gate?.nextAtMs ?? 0) - timing.epochMs());
  const earlyMs = toTurnMs();
  const at = { report: report.id, nextAtMs: gate?.nextAtMs, earlyMs, leftMs: untilMs - timing.monotonicMs() };
  if (earlyMs > run.turnMsMax || earlyMs >= at.leftMs) {
    log.warn("report waits for another run: its turn does not come within this one", at);
    return "over";
  }
  const mediaId = await uploadOnce(publisher, report, run);
  if (mediaId.type !== "done") return await putOff(publisher, report, mediaId, { untilMs, gate });
  const waitMs = toTurnMs();
  if (timing.monotonicMs() + waitMs >= untilMs) {
    log.warn("report waits for another run: none of the time is left", at);
    return "over";
  }
  if (waitMs > 0) {
    log.info("the last post is too near, the report waits for its turn", at);
    await timing.wait(Math.ceil(waitMs));
    return "again";
  }
  const sentBy = timing.monotonicMs() + CLAIM_ANSWER_MS_MAX;
  const held = await claim(publisher, gate, report);
  if (held === undefined) return "again";
  if (timing.monotonicMs() > sentBy) {
    await held.release();
    return "again";
  }
  const outcome = await post(publisher, report, mediaId.value);
  if (outcome.type === "limited" || outcome.type === "refused") {
    // Nothing was posted. What becomes of the report is written before the gate may be claimed for another.
    return await putOff(publisher, report, outcome, { untilMs, gate, held });
  }
  await recordPost(publisher, report, outcome);
  // By now X has it, or the request's connection is closed and it never will.
  await held.release(Math.ceil(timing.epochMs()) + gapMs);
  return "over";
}

/** The gate as this run has claimed it: nobody else posts or settles anything until it is released, or its time is over. */
type Hold = {
  /** Monotonic: nothing is settled under it after this (`settledWithinMs`). */
  readonly settledByMs: number;
  /** The next turn stays as it was unless told. */
  readonly release: (nextAtMs?: number) => Promise<void>;
};

/** Claims the gate in the place of what was read, to post a report or to settle without one. Undefined when somebody was faster. */
async function claim(
  { table, timing, gapMs }: Publisher,
  gate: Gate | undefined,
  report?: Report,
): Promise<Hold | undefined> {
  const claimed = report?.id ?? NO_REPORT;
  const settledByMs = timing.monotonicMs() + settledWithinMs(claimed);
  const claimedAtMs = Math.floor(timing.epochMs());
  const before = gate?.nextAtMs ?? 0;
  const made = {
    token: randomUUID(),
    report: claimed,
    claimedAtMs,
    // Should this run end here: no post of it is later.
    nextAtMs: report === undefined ? before : claimedAtMs + SENT_WITHIN_MS + gapMs,
  };
  if (!(await claimGate(table, made, gate))) return undefined;
  return { settledByMs, release: (nextAtMs = before) => closeGate(table, { ...made, nextAtMs }) };
}

/**
 * The run that has claimed the gate may still be at it, or have ended: which of the two is known when its time is over. One that posts leaves
 * nothing to do but its record; one that only settles may have left the turn to this run.
 */
async function awaitClaim({ timing, log }: Publisher, gate: Gate, run: Run): Promise<"over" | "again"> {
  const waitMs = Math.ceil(openUntilMs(gate) - timing.epochMs());
  const hasTime = waitMs <= run.turnMsMax && timing.monotonicMs() + waitMs < run.untilMs;
  const isWaitedFor = gate.report === NO_REPORT && hasTime;
  log.info("another run has the gate", { report: gate.report, claimedAtMs: gate.claimedAtMs, waitMs, isWaitedFor });
  if (!isWaitedFor) return "over";
  await timing.wait(waitMs);
  return "again";
}

/** A claim whose run has ended without a word. */
async function resolveLeftOpen({ table, log, countError }: Publisher, gate: Gate): Promise<void> {
  const reason = `the run that was posting it at ${new Date(gate.claimedAtMs).toISOString()} ended before it wrote down what became of it`;
  const isOfReport = gate.report !== NO_REPORT;
  if (isOfReport && (await settleReport(table, gate.report, { state: "failed", reason, mayBePosted: true }))) {
    log.error("nobody knows whether a report was posted", { report: gate.report, reason });
    countError();
  }
  await closeGate(table, gate);
}

/** Why a report of a period that ended at `to` is stored and not posted; undefined while it may be. */
export function latenessOf(to: string, nowMs: number): string | undefined {
  return nowMs - Date.parse(to) > LATE_MS_MAX ? LATE : undefined;
}

/** A report that may not wait any longer, and why. */
type Late = { readonly id: string; readonly reason: string };

/** The report whose turn is next, and those that are too late for one. */
async function readTurns({ table, timing }: Publisher): Promise<{
  readonly next: Report | undefined;
  readonly late: readonly Late[];
}> {
  const kept: Report[] = [];
  const late: Late[] = [];
  for (const report of await readWaiting(table)) {
    const lateness = latenessOf(report.to, timing.epochMs());
    if (lateness === undefined && kept.length < WAITING_MAX) {
      kept.push(report);
      continue;
    }
    const why = lateness ?? `more than ${WAITING_MAX} newer reports wait`;
    late.push({ id: report.id, reason: report.reason === undefined ? why : `${why}; ${report.reason}` });
  }
  return { next: kept[0], late };
}

async function settleLate(publisher: Publisher, gate: Gate | undefined, late: readonly Late[]): Promise<"again"> {
  const held = await claim(publisher, gate);
  if (held === undefined) return "again";
  const unposted = late.map(({ id, reason }): Unposted => ({ id, state: "skipped", reason }));
  await settleUnder(publisher, held, unposted);
  return "again";
}

/** Of a report that is not posted. */
type Unposted = Settlement & { readonly id: string; readonly reason: string };

/**
 * Writes what became of reports under a claim, and lets it go, whatever happens: nothing was posted under it. `again`: the claim's time was
 * over before all of it was written.
 */
async function settleUnder(publisher: Publisher, held: Hold, unposted: readonly Unposted[]): Promise<"over" | "again"> {
  const { table, timing, log, countError } = publisher;
  try {
    for (const [index, { id, ...settlement }] of unposted.entries()) {
      const { reason } = settlement;
      // After a standstill somebody else may have the gate: what is left waits as it did, for the next look of this run or of another.
      if (timing.monotonicMs() > held.settledByMs) {
        const left = unposted.length - index;
        log.error("report waits for another look: the claim's time is over", { report: id, reason, left });
        countError();
        return "again";
      }
      if (!(await settle(table, id, settlement))) continue;
      log.error("report is not posted", { report: id, reason });
      countError();
    }
    return "over";
  } finally {
    await held.release();
  }
}

/** Uploads the image, unless this run has done so before it waited. */
async function uploadOnce(publisher: Publisher, report: Report, { mediaIds }: Run): Promise<XOutcome<string>> {
  const key = report.chartKey ?? "";
  const known = mediaIds.get(key);
  if (known !== undefined) return { type: "done", value: known };
  const uploaded = await uploadChart(publisher, report);
  if (uploaded.type === "done") mediaIds.set(key, uploaded.value);
  return uploaded;
}

async function uploadChart(publisher: Publisher, report: Report): Promise<XOutcome<string>> {
  const { x, bucket, timing, log } = publisher;
  const png = await loadChart(bucket, report.chartKey ?? "");
  for (let attempt = 1; ; attempt++) {
    const uploaded = await x.upload(png);
    if (uploaded.type === "unknown" && attempt < UPLOADS_MAX) {
      log.warn("image was not uploaded", { report: report.id, attempt, detail: uploaded.detail });
      await timing.wait(PAUSE_MS * attempt * (0.5 + timing.random()));
      continue;
    }
    if (uploaded.type !== "done") return uploaded;
    const described = await x.describe(uploaded.value, report.altText ?? "");
    // A post without a description is better than none.
    if (described.type !== "done") log.warn("image was not described", { report: report.id, ...described });
    return uploaded;
  }
}

/** Sends the post; one more time with the very same text when nobody knows: X then has it once, and says so. */
async function post({ x, timing, log }: Publisher, report: Report, mediaId: string): Promise<XOutcome<string>> {
  const first = await x.post(report.text ?? "", mediaId);
  if (first.type !== "unknown") return first;
  log.warn("nobody knows whether the post arrived, it is sent once more", { report: report.id, detail: first.detail });
  await timing.wait(PAUSE_MS * (0.5 + timing.random()));
  const second = await x.post(report.text ?? "", mediaId);
  // Refused now says nothing of the first.
  if (second.type === "limited" || second.type === "refused") return { type: "unknown", detail: second.detail };
  return second;
}

async function recordPost(publisher: Publisher, report: Report, outcome: XOutcome<string>): Promise<void> {
  const { table, timing, log, countError } = publisher;
  const postedAt = new Date(timing.epochMs()).toISOString();
  const settlement: Settlement =
    outcome.type === "done"
      ? { state: "posted", tweetId: outcome.value, postedAt }
      : outcome.type === "duplicate"
        ? { state: "posted", postedAt, reason: `X had this text already (${outcome.detail})` }
        : { state: "failed", reason: `nobody knows whether X has it (${outcome.detail})`, mayBePosted: true };
  const isWritten = await settle(table, report.id, settlement);
  const say = settlement.state === "posted" && isWritten ? log.info : log.error;
  say.call(log, "report was sent to X", { report: report.id, ...settlement, isWritten });
  if (settlement.state !== "posted" || !isWritten) countError();
}

/** Writes it, and answers whether it stands there: the SDK may have found its own first try, whose answer was lost. */
async function settle(table: LedgerTable, id: string, settlement: Settlement): Promise<boolean> {
  return (await settleReport(table, id, settlement)) || (await readReport(table, id))?.state === settlement.state;
}

/**
 * What becomes of a report that X did not take. A limit is waited for if the run's time allows; what X refused a person must look at; what
 * is not known was an upload, and the next run tries again. Who does not hold the gate yet claims it first.
 */
async function putOff(
  publisher: Publisher,
  report: Report,
  outcome: NotTaken,
  { untilMs, gate, held }: { readonly untilMs: number; readonly gate: Gate | undefined; readonly held?: Hold },
): Promise<"over" | "again"> {
  const { timing, log } = publisher;
  const resetMs = outcome.type === "limited" ? outcome.resetMs : undefined;
  const waitMs = resetMs === undefined ? undefined : resetMs + RESET_MARGIN_MS - timing.epochMs();
  if (waitMs !== undefined && timing.monotonicMs() + waitMs < untilMs) {
    log.warn("X limits us, the post waits", { report: report.id, waitMs, detail: outcome.detail });
    await held?.release();
    await timing.wait(Math.max(0, waitMs));
    return "again";
  }
  const settling = held ?? (await claim(publisher, gate));
  // Somebody was faster: what becomes of the report is theirs to say.
  if (settling === undefined) return "again";
  return await settleUnder(publisher, settling, [{ id: report.id, ...settlementOf(outcome) }]);
}

type NotTaken = Exclude<XOutcome<string>, { readonly type: "done" }>;

function settlementOf(outcome: NotTaken): Omit<Unposted, "id"> {
  switch (outcome.type) {
    case "limited": {
      const until = outcome.resetMs === undefined ? "a time it does not say" : new Date(outcome.resetMs).toISOString();
      return { state: "skipped", reason: `X takes nothing until ${until} (${outcome.detail})` };
    }
    case "unknown":
      return { state: "waiting", reason: `the image could not be uploaded (${outcome.detail})` };
    case "duplicate":
    case "refused":
      return { state: "failed", reason: `X refused it (${outcome.detail})` };
  }
}
