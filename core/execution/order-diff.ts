/**
 * From the quotes wanted and the orders there are to what might change, slot by slot (side and level), on price and size, and how
 * much each change would gain. Owns no budget and no limits; whether a move is worth its requests yet is `change-worth.ts`'s.
 */
import { assert } from "../assert.ts";
import type { BookUpdate } from "../events.ts";
import type { Order } from "../order.ts";
import { isResting, remainingOf, STRAY_LEVEL } from "../order.ts";
import type { RefreshTolerance } from "../quoting/parameters.ts";
import type { Quote } from "../quoting/strategy.ts";
import type { Side } from "../units.ts";
import { signOf } from "../units.ts";
import { Places } from "./place-worth.ts";

/** To cancel whatever it costs: a quote no longer wanted, or too generous by `dangerBps`. */
export type Removal = { readonly order: Order; readonly dangerBps: number };

/** A quote to place, and the order that has to make room for it; none where its slot is empty. One object for its whole way, since many wait. */
export type Change = {
  readonly quote: Quote;
  readonly order: Order | undefined;
  /** Of the share of takers that would reach the quote, what is missed as it is now: 0 to 1. Known once `changes` was asked. */
  gain: number;
  /** The sum of that over time, in seconds: 1 is a quote with nothing before it, absent for a second. Told by `MissedWorth`. */
  missed: number;
  /** The order is past its age: it is placed anew whatever there is to gain. */
  readonly isOverdue: boolean;
};

type DiffOptions = {
  readonly nowMs: number;
  readonly book?: BookUpdate | undefined;
  /** Made once by whoever asks often; it is shown what this diff is of when the changes are asked for. */
  readonly places?: Places;
};

/**
 * `open` are this market's open orders, at `nowMs` (monotonic), and `book` its newest one. A slot holds at most one order that is not
 * being cancelled; while its fate is unknown or its placing unanswered the slot waits, and while a cancel is under way at most one
 * replacement joins it. A move that gains nothing, since the place in the queue is worth more, is none.
 */
export function diffOrders(
  wanted: readonly Quote[],
  open: readonly Order[],
  tolerance: RefreshTolerance,
  { nowMs, book, places = new Places() }: DiffOptions,
): OrderDiff {
  const removals: Removal[] = [];
  const standing: Change[] = [];
  const slots = new Slots();
  for (const order of open) {
    if (order.state === "cancel-sent") continue;
    const slot = slotOf(order);
    const quote = quoteAt(wanted, slot);
    if (order.state === "external") {
      removals.push({ order, dangerBps: Number.POSITIVE_INFINITY });
    } else if (!isResting(order)) {
      slots.wait(slot);
    } else if (quote === undefined || slots.isTaken(slot)) {
      removals.push({ order, dangerBps: Number.POSITIVE_INFINITY });
    } else if (isCloseEnough(order, quote, tolerance)) {
      slots.take(slot);
      if (nowMs - order.sentMs <= (tolerance.ageMsMax ?? Number.POSITIVE_INFINITY)) continue;
      standing.push(changeOf(quote, order, true));
    } else {
      const dangerBps = dangerOf(order, quote, wanted);
      if (dangerBps > 0) {
        removals.push({ order, dangerBps });
        continue;
      }
      slots.take(slot);
      standing.push(changeOf(quote, order, false));
    }
  }
  if (removals.length > 1) removals.sort((a, b) => b.dangerBps - a.dangerBps || a.order.level - b.order.level);
  return new OrderDiff(removals, { wanted, open, book, places, standing, slots });
}

function changeOf(quote: Quote, order: Order | undefined, isOverdue: boolean): Change {
  return { quote, order, gain: 0, missed: 0, isOverdue };
}

type Rest = {
  readonly wanted: readonly Quote[];
  readonly open: readonly Order[];
  readonly book: BookUpdate | undefined;
  readonly places: Places;
  /** Orders that stand where nobody wants them, without danger, or that are too old. */
  readonly standing: Change[];
  readonly slots: Slots;
};

export class OrderDiff {
  /** The most dangerous first. */
  readonly removals: readonly Removal[];
  readonly #rest: Rest;

  constructor(removals: readonly Removal[], rest: Rest) {
    this.removals = removals;
    this.#rest = rest;
  }

  /**
   * Empty slots to fill, and orders that are out of their place without danger, or too old, to move. A slot whose old order is not proven dead may be among
   * them: the risk gate counts both. Weighed when they are asked for, so that what must go does not wait for it.
   */
  get changes(): Change[] {
    const { wanted, open, book, places, standing, slots } = this.#rest;
    const changes: Change[] = [];
    places.look(wanted, open, book);
    for (const change of standing) {
      const { quote, order, isOverdue } = change;
      // A cancel that failed has left an older order beside one that is on its way: a move would make them three.
      if (order === undefined || slots.isWaiting(slotOf(quote))) continue;
      change.gain = isOverdue ? 0 : places.gainOf(quote, order);
      if (isOverdue || change.gain > 0) changes.push(change);
    }
    for (const quote of wanted) {
      if (slots.isTaken(slotOf(quote))) continue;
      const change = changeOf(quote, undefined, false);
      change.gain = places.worthOfQuote(quote);
      changes.push(change);
    }
    return changes;
  }
}

/** The two slots of `STRAY_LEVEL` stand before the others. A configuration has ten levels at most, the bits do for fourteen. */
export const SLOT_MIN = 2 * STRAY_LEVEL;
export const SLOT_BITS = 31;

/** What is known of each slot while a diff is made: free unless told. One that waits is taken as well. A bit for each slot. */
class Slots {
  #taken = 0;
  #waiting = 0;

  isTaken(slot: number): boolean {
    return (this.#taken & bitOf(slot)) !== 0;
  }

  isWaiting(slot: number): boolean {
    return (this.#waiting & bitOf(slot)) !== 0;
  }

  take(slot: number): void {
    this.#taken |= bitOf(slot);
  }

  wait(slot: number): void {
    this.#taken |= bitOf(slot);
    this.#waiting |= bitOf(slot);
  }
}

function bitOf(slot: number): number {
  const place = slot - SLOT_MIN;
  assert(place >= 0 && place < SLOT_BITS, "a level must be from -1 to 13");
  return 1 << place;
}

/** Where no level is missing the quotes stand by slot already. */
function quoteAt(wanted: readonly Quote[], slot: number): Quote | undefined {
  // The slots before the first level's hold no quote, and a look at a place below 0 takes as long as all the rest.
  if (slot < 0) return undefined;
  const usual = wanted[slot];
  if (usual !== undefined && slotOf(usual) === slot) return usual;
  for (const quote of wanted) if (slotOf(quote) === slot) return quote;
  return undefined;
}

/** One number for a side and a level: a key that is made for each order of each decision. */
export function slotOf({ side, level }: { readonly side: Side; readonly level: number }): number {
  return 2 * level + (side === "buy" ? 0 : 1);
}

function isCloseEnough(order: Order, quote: Quote, tolerance: RefreshTolerance): boolean {
  const priceOff = Math.abs(order.price - quote.price);
  const sizeOff = Math.abs(remainingOf(order) - quote.size) * 100;
  return priceOff <= tolerance.priceTicks && sizeOff <= tolerance.sizePercent * quote.size;
}

/**
 * How many basis points too generous the order is: positive when whoever takes it gets a better price than we want to give to
 * anybody. For an outer level that is the price of the level before it: up to there it stands out of its place, but no taker gains
 * by it. An order that is larger than wanted is dangerous too, if less so than any price.
 */
function dangerOf(order: Order, quote: Quote, wanted: readonly Quote[]): number {
  const { side } = quote;
  const best = quoteAt(wanted, slotOf(quote) - 2) ?? quote;
  const ticks = signOf(side) * (order.price - best.price);
  if (ticks > 0) return (10_000 * ticks) / quote.price;
  return remainingOf(order) > quote.size ? (10_000 * OVERSIZE_TICKS) / quote.price : 0;
}

const OVERSIZE_TICKS = 0.5;
