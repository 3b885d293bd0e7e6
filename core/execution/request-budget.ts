/**
 * How many requests may still be sent: the venue takes 10 in any one second as it counts arrivals, and 5 placements in
 * flight (CONTRACTS 3). Owns the accounting of slots; it sends nothing and knows no clock.
 *
 * The law: at most `requestsPerSecond` requests arrive in any one second, whatever the network does. A request arrives
 * between its send and its answer (or its time-out), and holds a slot from the send until one second after that. Of
 * eleven arrivals within a second, take the one sent last. Each of the other ten was sent before it, arrived less than
 * a second before it, and so was answered less than a second before its send, if at all: all ten slots were still
 * held, and the eleventh was not sent. A process that stood still may write what it had paid for only as it goes on: a slot
 * that is found overdue after a standstill is held on until its request is settled.
 */
import { assert, assertNever } from "../assert.ts";
import type { Instant } from "../units.ts";

/** `query` proves one order of ours, `poll` is everything that can wait: fills, open orders, balances. */
export type RequestKind = "place" | "cancel" | "query" | "poll";

export type RequestLimits = {
  readonly requestsPerSecond: number;
  /** Placements without an answer. */
  readonly placementsInFlight: number;
  /** Slots of each second that placements leave to cancels, and lookups to theirs: a quote that is dangerous must be able to go. */
  readonly reservedForCancels: number;
  /** Slots that placements leave to queries and polls, so that a busy market cannot starve the proof of an order. */
  readonly reservedForLookups: number;
  readonly queriesHeldMax: number;
  readonly pollsHeldMax: number;
  /** Beyond the second, for the grain of timers and a venue clock that runs a little slow. */
  readonly marginMs: number;
  /** A slot that nobody settled is given up after this: longer than any time-out, so reached by a bug or a process that stood still. */
  readonly unsettledMsMax: number;
};

/** The limits of CONTRACTS 3, shared out for one engine with one API key. */
const CAMBRIAN_LIMITS: RequestLimits = {
  requestsPerSecond: 10,
  placementsInFlight: 5,
  reservedForCancels: 3,
  reservedForLookups: 2,
  queriesHeldMax: 4,
  pollsHeldMax: 2,
  marginMs: 25,
  unsettledMsMax: 30_000,
};

/** A venue may ask for a pause (`Retry-After`); past a minute it is asked again, so that no single answer silences us for ever. */
const HOLD_BACK_MS_MAX = 60_000;

const WINDOW_MS = 1_000;
/** A budget is asked several times a second: what is found overdue by more than this was overdue in a standstill. */
const STANDSTILL_MS = 1_000;

/** What changed a budget, for whoever takes it down; times are monotonic. */
export type BudgetStep =
  | { readonly type: "taken"; readonly kind: RequestKind; readonly nowMs: number }
  | { readonly type: "settled"; readonly requestId: number; readonly nowMs: number }
  | { readonly type: "held-back"; readonly delayMs: number; readonly nowMs: number }
  | { readonly type: "suspended"; readonly untilMs: number }
  | { readonly type: "resumed" };

type Slot = {
  readonly requestId: number;
  readonly kind: RequestKind;
  settledMs: number | null;
  /** When it is given up, unless it is settled before. */
  giveUpMs: number;
};

/** How many slots are held in all and by kind, and how many of them are placings without an answer. */
type Held = Readonly<Record<RequestKind | "all" | "unanswered", number>>;

const NONE_HELD: Held = { all: 0, unanswered: 0, place: 0, cancel: 0, query: 0, poll: 0 };

export class RequestBudget {
  readonly #limits: RequestLimits;
  /** At most `requestsPerSecond` long. */
  #slots: Slot[] = [];
  /** What they come to, until one is taken, settled or given back; and when the first of them may be given back. */
  #held: Held = NONE_HELD;
  #releaseDueMs = Number.POSITIVE_INFINITY;
  #lastRequestId = 0;
  #heldBackUntilMs = Number.NEGATIVE_INFINITY;
  #suspendedUntilMs = Number.NEGATIVE_INFINITY;
  readonly #onStep: ((step: BudgetStep) => void) | undefined;

  /** `onStep` is told of each change once it was made. */
  constructor(limits: Partial<RequestLimits> = {}, onStep?: (step: BudgetStep) => void) {
    this.#limits = { ...CAMBRIAN_LIMITS, ...limits };
    this.#onStep = onStep;
    const { requestsPerSecond, placementsInFlight, reservedForCancels, reservedForLookups } = this.#limits;
    assert(requestsPerSecond >= 1 && placementsInFlight >= 1, "a budget must allow a request and a placement");
    assert(reservedForCancels + reservedForLookups < requestsPerSecond, "reserves must leave a slot to placements");
  }

  /** Whether a request could be paid for now. */
  allows(kind: RequestKind, now: Instant): boolean {
    this.#forget(now);
    return now.monotonicMs >= Math.max(this.#heldBackUntilMs, this.#suspendedUntilMs) && this.#allows(kind, this.#held);
  }

  /** Whether a placing and the cancel that makes room for it could both be paid for now, and what is kept stays kept. */
  allowsMove(now: Instant): boolean {
    if (!this.allows("place", now)) return false;
    return this.#limits.requestsPerSecond - this.#held.all > this.#keptFromPlacings(this.#held) + 1;
  }

  /** Pays for one request that is sent now. Returns its id, to be settled once, or undefined when it may not be sent. */
  take(kind: RequestKind, now: Instant): number | undefined {
    if (!this.allows(kind, now)) return undefined;
    this.#lastRequestId += 1;
    const giveUpMs = now.monotonicMs + this.#limits.unsettledMsMax;
    this.#slots.push({ requestId: this.#lastRequestId, kind, settledMs: null, giveUpMs });
    this.#count();
    this.#onStep?.({ type: "taken", kind, nowMs: now.monotonicMs });
    return this.#lastRequestId;
  }

  /** The answer has come, or the request was given up. Settling again changes nothing. */
  settle(requestId: number, now: Pick<Instant, "monotonicMs">): void {
    const slot = this.#slots.find((each) => each.requestId === requestId);
    if (slot === undefined || slot.settledMs !== null) return;
    slot.settledMs = now.monotonicMs;
    this.#count();
    this.#onStep?.({ type: "settled", requestId, nowMs: now.monotonicMs });
  }

  /** The venue asked for a pause of `delayMs`: nothing is sent until then, for at most a minute. */
  holdBack(delayMs: number, now: Instant): void {
    const untilMs = now.monotonicMs + Math.min(Math.max(0, delayMs), HOLD_BACK_MS_MAX);
    this.#heldBackUntilMs = Math.max(this.#heldBackUntilMs, untilMs);
    this.#onStep?.({ type: "held-back", delayMs, nowMs: now.monotonicMs });
  }

  /** Nothing is sent until then (monotonic): it must first be known that we still may. */
  suspend(untilMs: number): void {
    this.#suspendedUntilMs = Math.max(this.#suspendedUntilMs, untilMs);
    this.#onStep?.({ type: "suspended", untilMs });
  }

  resume(): void {
    this.#suspendedUntilMs = Number.NEGATIVE_INFINITY;
    this.#onStep?.({ type: "resumed" });
  }

  /**
   * Milliseconds until `take(kind)` can succeed if nothing is taken or settled in between; 0 when it can now. An answer
   * that comes earlier can make it earlier. One that never comes makes it later where nobody asks for a second and longer.
   */
  nextFreeMs(kind: RequestKind, now: Instant): number {
    const nowMs = now.monotonicMs;
    this.#forget(now);
    const byRelease = this.#slots.toSorted((a, b) => this.#releaseMs(a) - this.#releaseMs(b));
    let freeMs = Math.max(nowMs, this.#heldBackUntilMs, this.#suspendedUntilMs);
    while (!this.#allows(kind, heldBy(byRelease))) {
      const slot = byRelease.shift();
      assert(slot !== undefined, "an empty budget must allow every kind");
      freeMs = Math.max(freeMs, this.#releaseMs(slot));
    }
    return freeMs - nowMs;
  }

  /** Slots held now: the most requests that can have arrived within the last second. */
  requestsInWindow(now: Instant): number {
    this.#forget(now);
    return this.#slots.length;
  }

  /** The same as a share of all there are, 0 to 1. */
  shareInUse(now: Instant): number {
    return this.requestsInWindow(now) / this.#limits.requestsPerSecond;
  }

  /** Placements sent and not settled. */
  get placementsInFlight(): number {
    return this.#held.unanswered;
  }

  #allows(kind: RequestKind, held: Held): boolean {
    const limits = this.#limits;
    const free = limits.requestsPerSecond - held.all;
    if (free <= 0) return false;
    switch (kind) {
      case "cancel":
        return true;
      case "place":
        return free > this.#keptFromPlacings(held) && held.unanswered < limits.placementsInFlight;
      case "query":
        return free > this.#keptForCancels(held) && held.query < limits.queriesHeldMax;
      case "poll":
        return free > this.#keptForCancels(held) && held.poll < limits.pollsHeldMax;
      default:
        return assertNever(kind);
    }
  }

  #keptFromPlacings(held: Held): number {
    return this.#keptForCancels(held) + Math.max(0, this.#limits.reservedForLookups - held.query - held.poll);
  }

  /** What cancels of this second have used need not be kept for them once more, but for one: the next quote may be dangerous too. */
  #keptForCancels({ cancel }: Held): number {
    const { reservedForCancels } = this.#limits;
    return Math.max(Math.min(1, reservedForCancels), reservedForCancels - cancel);
  }

  /** Asked for every change of a decision, and mostly none has become free since the last. */
  #forget({ monotonicMs: nowMs }: Instant): void {
    if (this.#releaseDueMs <= nowMs) this.#release(nowMs);
  }

  #release(nowMs: number): void {
    for (const slot of this.#slots) {
      if (slot.settledMs !== null || nowMs < slot.giveUpMs) continue;
      // A process that stood still may only now send what it had paid for: whoever sends it will settle it.
      if (nowMs - slot.giveUpMs > STANDSTILL_MS) slot.giveUpMs = nowMs + this.#limits.unsettledMsMax;
      else this.settle(slot.requestId, { monotonicMs: nowMs });
    }
    this.#slots = this.#slots.filter((each) => this.#releaseMs(each) > nowMs);
    this.#count();
  }

  #count(): void {
    this.#held = heldBy(this.#slots);
    this.#releaseDueMs = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) this.#releaseDueMs = Math.min(this.#releaseDueMs, this.#dueMs(slot));
  }

  /** When a slot that nobody settles is taken for settled; for one that is, when it is given back. */
  #dueMs(slot: Slot): number {
    return slot.settledMs === null ? slot.giveUpMs : this.#releaseMs(slot);
  }

  /** The earliest moment; of a slot that nobody settled, where somebody asks as it is due. */
  #releaseMs(slot: Slot): number {
    return (slot.settledMs ?? slot.giveUpMs) + WINDOW_MS + this.#limits.marginMs;
  }
}

function heldBy(slots: readonly Slot[]): Held {
  const held = { ...NONE_HELD };
  for (const { kind, settledMs } of slots) {
    held.all += 1;
    held[kind] += 1;
    if (kind === "place" && settledMs === null) held.unanswered += 1;
  }
  return held;
}
