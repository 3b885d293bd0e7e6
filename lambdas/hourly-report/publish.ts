/**
 * Posting what waits: at most one post a report, and at most one in the time between posts, wherever a run ends and however often it is
 * started. Owns the order of steps that makes it so, and what becomes of a report that is not posted.
 *
 * The image is uploaded first, since that may be done any number of times, and the turn waited for. Then the gate is claimed, by one
 * conditional write; only who has claimed it sends the post, and at once. A run that ends between claim and record leaves the gate open: the next one cannot know whether X
 * has the post, says so in the report, and never sends it again.
 */
import { randomUUID } from "node:crypto";
import type { LedgerTable } from "../ledger-table.ts";
import type { Timing } from "../timing.ts";
import { loadChart, type ReportBucket } from "./chart-store.ts";
import { CLAIM_MS, claimGate, closeGate, type Gate, readGate, SENT_WITHIN_MS } from "./posting-gate.ts";
import { type Report, readWaiting, type Settlement, settleReport } from "./report-items.ts";
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

const ATTEMPTS_MAX = 5;
const UPLOADS_MAX = 3;
const PAUSE_MS = 1_000;
/** A second on top of X's whole ones. */
const RESET_MARGIN_MS = 1_000;

/** Of one run: monotonic `untilMs`, how long it may wait for its turn, and the images it has at X, by their keys. */
type Run = { readonly untilMs: number; readonly turnMsMax: number; readonly mediaIds: Map<string, string> };

/**
 * Posts the next of the reports that wait (`readWaiting`), when it is its turn; ends the waiting of those that have waited too long. `untilMs` is monotonic: no
 * wait and no claim is begun that does not end before it; a claim once made takes a minute at most.
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
  if (gate?.isOpen === true && !(await resolveLeftOpen(publisher, gate))) return "over";
  const report = await nextInTurn(publisher);
  if (report === undefined) return "over";
  const toTurnMs = () => Math.max(0, (gate?.nextAtMs ?? 0) - timing.epochMs());
  const earlyMs = toTurnMs();
  const at = { report: report.id, nextAtMs: gate?.nextAtMs, earlyMs, leftMs: untilMs - timing.monotonicMs() };
  if (earlyMs > run.turnMsMax || earlyMs >= at.leftMs) {
    log.warn("report waits for another run: its turn does not come within this one", at);
    return "over";
  }
  const mediaId = await uploadOnce(publisher, report, run);
  if (mediaId.type !== "done") return await putOff(publisher, report, mediaId, untilMs);
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
  const claimedAtMs = Math.floor(timing.epochMs());
  const claim = {
    token: randomUUID(),
    report: report.id,
    claimedAtMs,
    // Should this run end here: no post of it is later.
    nextAtMs: claimedAtMs + SENT_WITHIN_MS + gapMs,
  };
  if (!(await claimGate(table, claim, gate))) return "again";
  const before = gate?.nextAtMs ?? 0;
  if (timing.monotonicMs() > sentBy) {
    await closeGate(table, { ...claim, nextAtMs: before });
    return "again";
  }
  const outcome = await post(publisher, report, mediaId.value);
  if (outcome.type === "limited" || outcome.type === "refused") {
    // Nothing was posted. What becomes of the report is written before the gate may be claimed for another.
    return await putOff(publisher, report, outcome, untilMs, () => closeGate(table, { ...claim, nextAtMs: before }));
  }
  await recordPost(publisher, report, outcome);
  // By now X has it, or the request's connection is closed and it never will.
  const nextAtMs = Math.ceil(timing.epochMs()) + gapMs;
  await closeGate(table, { ...claim, nextAtMs });
  return "over";
}

/** A claim that its run has left open: false while that run may still be at it. */
async function resolveLeftOpen({ table, timing, log, countError }: Publisher, gate: Gate): Promise<boolean> {
  if (timing.epochMs() < gate.claimedAtMs + CLAIM_MS) {
    log.info("another run is posting", { report: gate.report, claimedAtMs: gate.claimedAtMs });
    return false;
  }
  const reason = `the run that was posting it at ${new Date(gate.claimedAtMs).toISOString()} ended before it wrote down what became of it`;
  if (await settleReport(table, gate.report, { state: "failed", reason, mayBePosted: true })) {
    log.error("nobody knows whether a report was posted", { report: gate.report, reason });
    countError();
  }
  await closeGate(table, gate);
  return true;
}

/** Why a report of a period that ended at `to` is stored and not posted; undefined while it may be. */
export function latenessOf(to: string, nowMs: number): string | undefined {
  return nowMs - Date.parse(to) > LATE_MS_MAX ? LATE : undefined;
}

/** The report whose turn is next, after those that may not wait any longer have been settled. */
async function nextInTurn({ table, timing, log, countError }: Publisher): Promise<Report | undefined> {
  const waiting = await readWaiting(table);
  const kept: Report[] = [];
  for (const report of waiting) {
    const late = latenessOf(report.to, timing.epochMs());
    if (late === undefined && kept.length < WAITING_MAX) {
      kept.push(report);
      continue;
    }
    const why = late ?? `more than ${WAITING_MAX} newer reports wait`;
    const reason = report.reason === undefined ? why : `${why}; ${report.reason}`;
    if (!(await settleReport(table, report.id, { state: "skipped", reason }))) continue;
    log.error("report is not posted", { report: report.id, reason });
    countError();
  }
  return kept[0];
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
  await settleReport(table, report.id, settlement);
  const say = settlement.state === "posted" ? log.info : log.error;
  say.call(log, "report was sent to X", { report: report.id, ...settlement });
  if (settlement.state !== "posted") countError();
}

/**
 * What becomes of a report that X did not take. A limit is waited for if the run's time allows; what X refused a person must look at; what
 * is not known was an upload, and the next run tries again. `release` lets the gate go once that is written.
 */
async function putOff(
  publisher: Publisher,
  report: Report,
  outcome: Exclude<XOutcome<string>, { readonly type: "done" }>,
  untilMs: number,
  release: () => Promise<void> = async () => undefined,
): Promise<"over" | "again"> {
  const { table, timing, log, countError } = publisher;
  if (outcome.type === "limited") {
    const waitMs = outcome.resetMs === undefined ? undefined : outcome.resetMs + RESET_MARGIN_MS - timing.epochMs();
    if (waitMs !== undefined && timing.monotonicMs() + waitMs < untilMs) {
      log.warn("X limits us, the post waits", { report: report.id, waitMs, detail: outcome.detail });
      await release();
      await timing.wait(Math.max(0, waitMs));
      return "again";
    }
    const until = outcome.resetMs === undefined ? "a time it does not say" : new Date(outcome.resetMs).toISOString();
    const reason = `X takes nothing until ${until} (${outcome.detail})`;
    await settleReport(table, report.id, { state: "skipped", reason });
    log.warn("report is not posted", { report: report.id, reason });
  } else {
    const isUnknown = outcome.type === "unknown";
    const reason = isUnknown
      ? `the image could not be uploaded (${outcome.detail})`
      : `X refused it (${outcome.detail})`;
    await settleReport(table, report.id, { state: isUnknown ? "waiting" : "failed", reason });
    log.error("report is not posted", { report: report.id, reason });
  }
  countError();
  await release();
  return "over";
}
