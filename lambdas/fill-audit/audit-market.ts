/**
 * One audit of one market: what stood open is looked at again, the venue's history is compared on, and a stretch of it again, what is missing is queued, finished
 * hours are proven, and the outcome is written down. Owns this order and what the outcome is called; the steps are others'.
 *
 * A run may end at any line, and two may run at once. Until the state is written nothing but the queue, proofs and halts have changed:
 * the same fill queued twice is booked once, the same proof written twice is the same, and the next run reads from the same place.
 */
import { randomUUID } from "node:crypto";
import type { CambrianClient } from "../cambrian-client.ts";
import { readPosition } from "../ledger-table.ts";
import { type AuditWord, loadState, saveState, writeWord } from "./audit-items.ts";
import { type AuditState, firstState, placeToBegin, restarted } from "./audit-state.ts";
import type { Difference } from "./differences.ts";
import { type Halting, readKnownWord } from "./halt-market.ts";
import { readConflicts, recheck } from "./ledger-check.ts";
import { type Prover, proveHours } from "./prove-hours.ts";
import { readAgain } from "./read-again.ts";
import { type HistoryReading, readHistory } from "./read-history.ts";
import { type FillsQueue, sendMissing } from "./send-missing.ts";

export type Auditor = Halting &
  Pick<Prover, "timing" | "log"> & {
    readonly client: Pick<CambrianClient, "ask">;
    readonly queue: FillsQueue;
  };

export type AuditOptions = {
  /** Fills younger than this may still be on their way. */
  readonly graceMs: number;
  /** Compares the whole history anew, and forgets what stood open. */
  readonly restart: boolean;
  /** Monotonic: no page is begun when it is near, and no hour five seconds later. */
  readonly untilMs: number;
};

/** A word that was written down, how many fills it adds to `checkedTotal`, and when the first audit of the market was. */
export type Audited = { readonly word: AuditWord; readonly counted: number; readonly startedAt: string };

/** Races that may be lost to another audit of the same market. */
const ATTEMPTS_MAX = 3;
const DIFFERENCES_LOGGED_MAX = 20;
/** A long history must not keep the hours from being proven. */
const PROOFS_MS = 5_000;

/** Audits a market. Rejects when the table cannot be read or written: then nothing is known. */
export async function auditMarket(auditor: Auditor, market: string, options: AuditOptions): Promise<Audited> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const audited = await tryAudit(auditor, market, options);
    if (audited !== undefined) return audited;
  }
  throw new Error(`${market}: ${ATTEMPTS_MAX} audits were each outrun by another one`);
}

/** Undefined when another audit was written meanwhile: what this one found is not counted, and it begins again. */
async function tryAudit(auditor: Auditor, market: string, options: AuditOptions): Promise<Audited | undefined> {
  const { table, timing } = auditor;
  const nowMs = timing.epochMs();
  const now = new Date(nowMs).toISOString();
  const stored = (await loadState(table, market)) ?? firstState(now);
  const before = options.restart ? restarted(stored) : stored;
  const position = await readPosition(table, market);
  const known = await readKnownWord(table, market);
  const lastFill = position?.state.books.lastFill;
  const side = { table, market, pending: position?.pending ?? new Set<string>(), lastFill };
  const open = await recheck(side, before.open);
  const settledThrough = new Date(nowMs - options.graceMs).toISOString();
  const { untilMs } = options;
  const reader = { client: auditor.client, side, timing, untilMs, now, settledThrough };
  const usual = await readHistory(reader, { ...before, open });
  const reading = await readAgain(reader, before, usual);
  if (reading.hindrance !== undefined)
    auditor.log.warn("older history could not be compared again", { market, error: reading.hindrance });

  const faults = reading.stop.type === "failed" ? [toError(reading.stop.error)] : [];
  const attempt = async <Value>(work: () => Promise<Value>, otherwise: Value): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      faults.push(toError(error));
      return otherwise;
    }
  };
  logDifferences(auditor, market, [...reading.state.open, ...reading.left], now);
  const missing = reading.state.open.flatMap(({ kind, fill }) =>
    kind === "missing" && fill !== undefined ? [fill] : [],
  );
  await attempt(() => sendMissing(auditor.queue, missing), undefined);
  const conflicts = await attempt(() => readConflicts(side), new Set<string>());
  const oldestMissing = missing.map((fill) => fill.venueTime).sort()[0];
  const completeThrough = earlier(reading.state.checkedThrough, oldestMissing);
  const prover = { ...auditor, market, known, completeThrough, untilMs: untilMs + PROOFS_MS };
  const proofs = await attempt(() => proveHours(prover, before.proofs), before.proofs);

  const found = { reading, counts: countByKind(reading, conflicts), faults, faultyHours: proofs.faulty };
  const verdict = judge(found);
  const cleanAt = verdict.state === "clean" ? now : before.cleanAt;
  const { again } = reading;
  const state: AuditState = { ...before, ...reading.state, version: stored.version + 1, cleanAt, proofs, again };
  if ((await saveState(table, market, state, randomUUID())) === "superseded") return undefined;
  const word: AuditWord = {
    market,
    ...verdict,
    checkedFrom: (before.goesOnAt ?? placeToBegin(before)).through,
    checkedThrough: state.checkedThrough,
    checked: reading.checked,
    checkedTotal: state.checkedTotal,
    checkedAgain: reading.checkedAgain,
    againThrough: again.place.through,
    againSince: again.since,
    ...found.counts,
    identity: proofs.faulty.length,
    provenThrough: proofs.provenThrough,
    complete: reading.stop.type === "end",
    cleanAt,
    checkedAt: now,
  };
  await writeWord(table, word, state.version);
  return { word, counted: state.checkedTotal - before.checkedTotal, startedAt: state.startedAt };
}

type Counts = Pick<AuditWord, "missing" | "different" | "unknownToVenue">;

function judge(found: {
  readonly reading: HistoryReading;
  readonly counts: Counts;
  readonly faults: readonly Error[];
  readonly faultyHours: readonly string[];
}): Pick<AuditWord, "state" | "reason"> {
  const { reading, counts, faults, faultyHours } = found;
  if (faults.length > 0) return { state: "failed", reason: faults.map((fault) => fault.message).join("; ") };
  const differences = [
    ...(counts.different > 0 ? [`fills that differ: ${counts.different}`] : []),
    ...(counts.unknownToVenue > 0 ? [`fills unknown to the venue: ${counts.unknownToVenue}`] : []),
    ...(faultyHours.length > 0 ? [`hours whose PnL does not add up: ${faultyHours.join(", ")}`] : []),
  ];
  const repairs = [
    ...(counts.missing > 0 ? [`fills missing and queued: ${counts.missing}`] : []),
    ...(reading.stop.type === "time" ? ["the history is not read to its end yet"] : []),
    ...(reading.stop.type === "room" ? ["what is missing must be booked before the history is read on"] : []),
  ];
  const reasons = [...differences, ...repairs];
  if (reasons.length === 0) return { state: "clean", reason: undefined };
  return { state: differences.length > 0 ? "different" : "repairing", reason: reasons.join("; ") };
}

/** A fill of which a contradicting copy was kept aside is one that differs, and is counted once. */
function countByKind(reading: HistoryReading, conflicts: ReadonlySet<string>): Counts {
  const all = [...reading.state.open, ...reading.left];
  const idsOf = (kind: Difference["kind"]) => all.filter((each) => each.kind === kind).map(({ fillId }) => fillId);
  return {
    missing: idsOf("missing").length,
    different: new Set([...idsOf("different"), ...conflicts]).size,
    unknownToVenue: idsOf("unknown-to-venue").length,
  };
}

/** What was found in this run is said fill by fill; what stood open before is said as a number by the outcome. */
function logDifferences({ log }: Auditor, market: string, open: readonly Difference[], now: string): void {
  const fresh = open.filter(({ foundAt }) => foundAt === now);
  for (const { kind, fillId, reason, fill } of fresh.slice(0, DIFFERENCES_LOGGED_MAX)) {
    const fields = { market, kind, fillId, reason, orderId: fill?.orderId, venueTime: fill?.venueTime };
    if (kind === "missing") log.warn("fill is missing in the ledger and is queued", fields);
    else log.error("fill differs between the venue and the ledger", fields);
  }
  if (fresh.length > DIFFERENCES_LOGGED_MAX) log.error("more fills differ", { market, fills: fresh.length });
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a;
  return a < b ? a : b;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
