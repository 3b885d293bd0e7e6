/**
 * When a change is worth its requests, and which first. Owns what has been missed of each slot so far.
 *
 * Rent or buy: leaving a quote where it stands costs a little each moment, moving it costs requests at once, and nobody knows for how
 * long it will be wanted there. Moving once what was missed comes to what the move costs never costs more than twice what knowing
 * the future would have (Karlin, Manasse, Rudolph & Sleator 1988, "Competitive snoopy caching"). A quote that is far off moves
 * soon, one that is off by a tick only if that lasts, and one whose wanted price goes to and fro stays.
 */
import { type Change, slotOf } from "./order-diff.ts";

/** `missed` is the sum over time of what there was to gain, in seconds: 1 is a quote with nothing before it, absent for a second. */
export type WeighedChange = Change & { readonly missed: number };

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
  #before: readonly WeighedChange[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;

  /** The changes that are due at `nowMs` (monotonic). A slot that is not among them has nothing to make up for any more. */
  weigh(changes: readonly Change[], nowMs: number): readonly WeighedChange[] {
    const seconds = Math.min(Math.max(0, nowMs - this.#lastMs), SEEN_MS_MAX) / 1_000;
    const weighed: WeighedChange[] = [];
    for (const { quote, order, gain, isOverdue } of changes) {
      const before = this.#beforeAt(slotOf(quote), weighed.length);
      const isSame = before !== undefined && before.order?.clientOrderId === order?.clientOrderId;
      const missed = isSame ? before.missed + before.gain * seconds : 0;
      weighed.push({ quote, order, gain, isOverdue, missed });
    }
    this.#before = weighed;
    this.#lastMs = nowMs;
    return weighed;
  }

  /** What waits waits for many decisions, so it mostly has the same place among the changes. */
  #beforeAt(slot: number, place: number): WeighedChange | undefined {
    const usual = this.#before[place];
    if (usual !== undefined && slotOf(usual.quote) === slot) return usual;
    for (const before of this.#before) if (slotOf(before.quote) === slot) return before;
    return undefined;
  }
}

/** Whether a change should be sent, with this share of the venue's requests in use, 0 to 1. An empty slot is always worth one. */
export function isWorthIt({ order, isOverdue, missed }: WeighedChange, shareInUse: number): boolean {
  if (order === undefined || isOverdue) return true;
  return missed >= MOVE_COST_IDLE + shareInUse * (MOVE_COST_BUSY - MOVE_COST_IDLE);
}

/** What a change makes good for each of its requests. */
export function urgencyOf({ order, gain }: WeighedChange): number {
  return order === undefined ? gain : gain / 2;
}
