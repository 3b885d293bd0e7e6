/**
 * When a change is worth its requests, and which first. Owns what has been missed of each slot so far.
 *
 * Rent or buy: leaving a quote where it stands costs a little each moment, moving it costs requests at once, and nobody knows for how
 * long it will be wanted there. Moving once what was missed comes to what the move costs never costs more than twice what knowing
 * the future would have (Karlin, Manasse, Rudolph & Sleator 1988, "Competitive snoopy caching"). A quote that is far off moves
 * soon, one that is off by a tick only if that lasts, and one whose wanted price goes to and fro stays.
 */
import { type Change, SLOT_BITS, SLOT_MIN, slotOf } from "./order-diff.ts";

/**
 * What a move costs, in the same seconds, while no other request is under way: a price that is wanted for one block of 0.4 s alone
 * and a few basis points away comes to less, and moves nothing.
 */
const MOVE_COST_IDLE = 0.1;
/** With the whole second's requests in use each one more keeps another quote from moving for about a second. */
const MOVE_COST_BUSY = 1;

/** Whoever looks less often than this has not seen what stood in between. */
const SEEN_MS_MAX = 1_000;

export class MissedWorth {
  /** By place of the slot, as of the decision of that number: what there was to gain, what had been missed, and of which order. */
  readonly #gain = new Float64Array(SLOT_BITS);
  readonly #missed = new Float64Array(SLOT_BITS);
  readonly #orderIds: (string | undefined)[] = new Array<string | undefined>(SLOT_BITS).fill(undefined);
  readonly #seenTurn = new Float64Array(SLOT_BITS).fill(NEVER);
  #turn = 0;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Tells each of the changes that are due at `nowMs` (monotonic) what was missed of it. A slot that is not among them has nothing to make up for any more. */
  weigh<Changes extends readonly Change[]>(changes: Changes, nowMs: number): Changes {
    const seconds = Math.min(Math.max(0, nowMs - this.#lastMs), SEEN_MS_MAX) / 1_000;
    const turn = this.#turn + 1;
    for (const change of changes) {
      const place = slotOf(change.quote) - SLOT_MIN;
      const orderId = change.order?.clientOrderId;
      const isSame = this.#seenTurn[place] === this.#turn && this.#orderIds[place] === orderId;
      change.missed = isSame ? (this.#missed[place] ?? 0) + (this.#gain[place] ?? 0) * seconds : 0;
      this.#gain[place] = change.gain;
      this.#missed[place] = change.missed;
      if (!isSame) this.#orderIds[place] = orderId;
      this.#seenTurn[place] = turn;
    }
    this.#turn = turn;
    this.#lastMs = nowMs;
    return changes;
  }
}

const NEVER = -1;

/** Whether a change should be sent, with this share of the venue's requests in use, 0 to 1. An empty slot is always worth one. */
export function isWorthIt({ order, isOverdue, missed }: Change, shareInUse: number): boolean {
  if (order === undefined || isOverdue) return true;
  return missed >= MOVE_COST_IDLE + shareInUse * (MOVE_COST_BUSY - MOVE_COST_IDLE);
}

/** What a change makes good for each of its requests. */
export function urgencyOf({ order, gain }: Change): number {
  return order === undefined ? gain : gain / 2;
}
