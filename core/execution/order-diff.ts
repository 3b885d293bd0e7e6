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

/**
 * A quote to place, and the order that has to make room for it; none where its slot is empty. One object for its whole way, since many
 * wait, and used again by the next decision's diff: nobody may keep it.
 */
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
  /** Made once by whoever asks often, and filled anew: what the last answer said of changes is gone then. */
  readonly into?: OrderDiff;
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
  { nowMs, book, into = new OrderDiff() }: DiffOptions,
): OrderDiff {
  into.fill(wanted, open, book, tolerance, nowMs);
  return into;
}

/** What is made for each decision stands in room that is made once. */
export class OrderDiff {
  readonly #places = new Places();
  readonly #slots = new Slots();
  /** A list of its own where anything is to be cancelled, which is seldom. */
  #removals: Removal[] = [];
  #wanted: readonly Quote[] = [];
  #open: readonly Order[] = [];
  #book: BookUpdate | undefined;
  /** The first of them are of orders that stand where nobody wants them, without danger, or that are too old. */
  readonly #made: Made[] = [];
  #standing = 0;
  readonly #changes: Change[] = [];

  /** The most dangerous first. */
  get removals(): readonly Removal[] {
    return this.#removals;
  }

  /**
   * Empty slots to fill, and orders that are out of their place without danger, or too old, to move. A slot whose old order is not proven dead may be among
   * them: the risk gate counts both. Weighed when they are asked for, so that what must go does not wait for it. The same list each time: good until the
   * diff is filled anew.
   */
  get changes(): Change[] {
    const [places, slots, changes] = [this.#places, this.#slots, this.#changes];
    places.look(this.#wanted, this.#open, this.#book);
    let count = 0;
    for (let i = 0; i < this.#standing; i += 1) {
      const change = this.#made[i];
      if (change?.order === undefined) continue;
      const { quote, order, isOverdue } = change;
      // A cancel that failed has left an older order beside one that is on its way: a move would make them three.
      if (slots.isWaiting(slotOf(quote))) continue;
      change.gain = isOverdue ? 0 : places.gainOf(quote, order);
      if (!isOverdue && change.gain <= 0) continue;
      changes[count] = change;
      count += 1;
    }
    let made = this.#standing;
    for (const quote of this.#wanted) {
      if (slots.isTaken(slotOf(quote))) continue;
      const change = this.#make(made, quote, undefined, false);
      made += 1;
      change.gain = places.worthOfQuote(quote);
      changes[count] = change;
      count += 1;
    }
    while (changes.length > count) changes.pop();
    return changes;
  }

  fill(
    wanted: readonly Quote[],
    open: readonly Order[],
    book: BookUpdate | undefined,
    tolerance: RefreshTolerance,
    nowMs: number,
  ): void {
    this.#wanted = wanted;
    this.#open = open;
    this.#book = book;
    this.#standing = 0;
    this.#slots.free();
    if (this.#removals.length > 0) this.#removals = [];
    for (const order of open) {
      if (order.state !== "cancel-sent") this.#look(order, tolerance, nowMs);
    }
    const removals = this.#removals;
    if (removals.length > 1) removals.sort((a, b) => b.dangerBps - a.dangerBps || a.order.level - b.order.level);
  }

  #look(order: Order, tolerance: RefreshTolerance, nowMs: number): void {
    const slot = slotOf(order);
    const quote = quoteAt(this.#wanted, slot);
    if (order.state === "external") {
      this.#removals.push({ order, dangerBps: Number.POSITIVE_INFINITY });
    } else if (!isResting(order)) {
      this.#slots.wait(slot);
    } else if (quote === undefined || this.#slots.isTaken(slot)) {
      this.#removals.push({ order, dangerBps: Number.POSITIVE_INFINITY });
    } else if (isCloseEnough(order, quote, tolerance)) {
      this.#slots.take(slot);
      if (nowMs - order.sentMs > (tolerance.ageMsMax ?? Number.POSITIVE_INFINITY)) this.#stand(quote, order, true);
    } else {
      const dangerBps = dangerOf(order, quote, this.#wanted);
      if (dangerBps > 0) {
        this.#removals.push({ order, dangerBps });
        return;
      }
      this.#slots.take(slot);
      this.#stand(quote, order, false);
    }
  }

  #stand(quote: Quote, order: Order, isOverdue: boolean): void {
    this.#make(this.#standing, quote, order, isOverdue);
    this.#standing += 1;
  }

  /** The object of that number, filled anew. */
  #make(number: number, quote: Quote, order: Order | undefined, isOverdue: boolean): Made {
    const made = this.#made[number];
    if (made === undefined) {
      const first = { quote, order, gain: Number.NaN, missed: Number.NaN, isOverdue };
      this.#made[number] = first;
      return first;
    }
    made.quote = quote;
    made.order = order;
    made.isOverdue = isOverdue;
    return made;
  }
}

type Made = { -readonly [Key in keyof Change]: Change[Key] };

/** The two slots of `STRAY_LEVEL` stand before the others. A configuration has ten levels at most, the bits do for fourteen. */
export const SLOT_MIN = 2 * STRAY_LEVEL;
export const SLOT_BITS = 31;

/** What is known of each slot while a diff is made: free unless told. One that waits is taken as well. A bit for each slot. */
class Slots {
  #taken = 0;
  #waiting = 0;

  free(): void {
    this.#taken = 0;
    this.#waiting = 0;
  }

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
