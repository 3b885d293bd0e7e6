/**
 * Each placing against the limits that its task is configured with and the books that its process had read: its value, its distance from
 * the prices of the last minute, and that no crossed book or leap of the price stood behind it. Owns these rules; `docs/invariants.md`
 * lists them.
 */
import { parseScaled } from "../../../core/decimal.ts";
import type { MarketConfig } from "../../../fargate/config.ts";
import type { ExchangeOrder } from "../../exchange/account-records.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { ArrivalEntry, Placing } from "../venue-record.ts";
import { BookReadings, isWhole, type ReadBook } from "./book-readings.ts";
import type { Checks } from "./checks.ts";
import type { FrameBooks } from "./frame-books.ts";
import { agesOf, type Shape } from "./shape.ts";

const DECIMALS = 18;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** A book of some seconds ago shows orders of ours that are gone, and the product leaves them out by what it believes of them. */
const OWN_ORDERS_PERCENT = 0.8;
const OWN_ORDERS_MS = 2_500;
/** The product takes one book a second and leaves out those of a feed in doubt, so the middle of its minute need not be ours. */
const BEYOND_SHARE_MIN = 0.3;
const BOOKS_MIN = 10;
const SLACK_MS = 60;

type Limits = MarketConfig["limits"];

/** `left` is what of it stands. */
type OwnOrder = { readonly price: number; readonly left: number; readonly endedMs: number };

/** What was read before a placing: `books` of each connection, `monotonicMs` of the process when it wrote. */
type Behind = { readonly connections: readonly (readonly ReadBook[])[]; readonly monotonicMs: number };

export class OrderChecks {
  readonly #world: ScenarioWorld<HandMadeExchange>;
  readonly #checks: Checks;
  readonly #shape: Shape;
  readonly #readings: BookReadings;
  /** Our orders and when they ended (world time), by market and the venue's id. */
  readonly #own = new Map<string, Map<string, OwnOrder>>();
  #entry = 0;

  constructor(input: {
    readonly world: ScenarioWorld<HandMadeExchange>;
    readonly checks: Checks;
    readonly shape: Shape;
    readonly books: FrameBooks;
  }) {
    const { world, checks, shape, books } = input;
    this.#world = world;
    this.#checks = checks;
    this.#shape = shape;
    this.#readings = new BookReadings(books, {
      nowMs: () => world.time.nowMs,
      ownSizes: (market) => this.#ownSizes(market),
    });
  }

  /** After every event. Throws `InvariantError`. */
  look(): void {
    const { entries } = this.#world.record;
    for (; this.#entry < entries.length; this.#entry += 1) {
      const entry = entries[this.#entry];
      if (entry?.type === "arrival" && entry.placing !== undefined) this.#check(entry, entry.placing);
      if (entry?.type === "order") this.#ordered(entry.order, entry.atMs);
    }
  }

  #ordered(order: ExchangeOrder, atMs: number): void {
    const { orderId, clientOrderId, market, price, status } = order;
    if (price === null || !clientOrderId.startsWith("fm-")) return;
    const own = this.#own.get(market) ?? new Map();
    this.#own.set(market, own);
    const isLive = status === "open" || status === "partially_filled";
    const left = isLive ? Number(order.quantity) - Number(order.filledQuantity) : 0;
    own.set(orderId, { price: Number(price), left, endedMs: isLive ? Number.POSITIVE_INFINITY : atMs });
  }

  #ownSizes(market: string): ReadonlyMap<number, number> {
    const sizes = new Map<number, number>();
    const own = this.#own.get(market);
    if (own === undefined) return sizes;
    const { time, invariants } = this.#world;
    const { nowMs } = time;
    for (const [orderId, { price, left, endedMs }] of own) {
      if (nowMs - endedMs > OWN_ORDERS_MS) own.delete(orderId);
      // What stands though it was said to be gone is a stranger's to the task.
      else sizes.set(price, (sizes.get(price) ?? 0) + (invariants.word?.wasSaidGone(orderId) === true ? 0 : left));
    }
    return sizes;
  }

  #check({ process, sentMs }: ArrivalEntry, placing: Placing): void {
    const limits = this.#world.config.markets.find(({ symbol }) => symbol === placing.market)?.limits;
    if (limits === undefined) return;
    const value = parse(placing.price) * parse(placing.quantity);
    if (value > parse(limits.orderValue) * 10n ** BigInt(DECIMALS))
      this.#fail("order-limits", placing, `is worth more than ${limits.orderValue}`);
    const behind = this.#behind(process, placing.market, sentMs);
    if (behind === undefined) return;
    this.#checkCollar(placing, limits, behind);
    this.#checkBooks(placing, limits, behind, sentMs);
  }

  /** Undefined for a process that has read nothing: that is `Checks`' to say. */
  #behind(process: string, market: string, sentMs: number): Behind | undefined {
    const connections = this.#readings.read(process, market, sentMs);
    const newest = connections.flatMap((books) => books.slice(-1)).toSorted((a, b) => b.atMs - a.atMs)[0];
    return newest && { connections, monotonicMs: newest.monotonicMs + (sentMs - newest.atMs) };
  }

  /** The median of the last minute's mids is within the collar only where as many of them are on either side of its far end. */
  #checkCollar(placing: Placing, limits: Limits, { connections, monotonicMs }: Behind): void {
    const mids = connections
      .flatMap(newestOfEachSecond)
      .filter((book) => monotonicMs - book.monotonicMs <= MINUTE_MS)
      .flatMap((book) => book.mids ?? []);
    const price = Number(placing.price);
    const collar = (limits.priceCollarPercent + OWN_ORDERS_PERCENT) / 100;
    const least = mids.length < BOOKS_MIN ? 1 : BEYOND_SHARE_MIN * mids.length;
    const notBelow = mids.filter(({ high }) => high * (1 + collar) >= price).length;
    const notAbove = mids.filter(({ low }) => low * (1 - collar) <= price).length;
    if (mids.length > 0 && notBelow >= least && notAbove >= least) return;
    const range = `${Math.min(...mids.map(({ low }) => low))} to ${Math.max(...mids.map(({ high }) => high))}`;
    this.#fail("order-limits", placing, `is outside the collar of the last minute's mids, ${range}`);
  }

  #checkBooks(placing: Placing, limits: Limits, { connections, monotonicMs }: Behind, sentMs: number): void {
    const { bookAgeMs } = agesOf(this.#shape);
    // Of two connections nobody here knows which one the task follows: either may be the excuse.
    const alive = connections.filter((books) => sentMs - (books.at(-1)?.atMs ?? 0) <= bookAgeMs);
    if (alive.length > 0 && alive.every((books) => newestOf(books, sentMs).every((book) => !isWhole(book))))
      this.#fail("sane-book", placing, `was written on a crossed or empty book, at ${sentMs}`);
    const { midJumpPercent, midJumpPauseMs } = limits;
    const pausedFromMs = monotonicMs - midJumpPauseMs + SLACK_MS;
    const percent = midJumpPercent + OWN_ORDERS_PERCENT;
    const leap = { connections, percent, sinceMs: pausedFromMs, silentMs: bookAgeMs };
    if (alive.length > 0 && alive.every((books) => hasLeapt(books, leap)))
      this.#fail("sane-book", placing, `was written within ${midJumpPauseMs} ms of a leap of the mid, at ${sentMs}`);
  }

  #fail(rule: "order-limits" | "sane-book", { clientOrderId, price, quantity }: Placing, what: string): never {
    this.#checks.fail(rule, `${clientOrderId}, ${quantity} at ${price}, ${what}`);
  }
}

/** By the process' own time: what had waited while it stood still is read in one moment, and is no more than one book there. */
export function newestOfEachSecond(books: readonly ReadBook[]): readonly ReadBook[] {
  const bySecond = new Map(books.map((book) => [Math.floor(book.monotonicMs / SECOND_MS), book]));
  return [...bySecond.values()];
}

/** The newest book before a moment and all of that very moment: what is read and what is written in it has no order here. */
function newestOf(books: readonly ReadBook[], sentMs: number): readonly ReadBook[] {
  const before = books.findLast(({ atMs }) => atMs < sentMs);
  const then = books.filter(({ atMs }) => atMs === sentMs);
  return before === undefined ? then : [before, ...then];
}

/** `sinceMs` is the process' time; one that follows a connection would have left it when it brought nothing for `silentMs`. */
type Leap = {
  readonly connections: readonly (readonly ReadBook[])[];
  readonly percent: number;
  readonly sinceMs: number;
  readonly silentMs: number;
};

/**
 * Whether from one book of a connection to its next the mid moved too far. One that was silent in between, for minutes maybe, does not tell
 * how the mid came there: it has not leapt where another one had brought it close to there meanwhile, without a leap.
 */
export function hasLeapt(books: readonly ReadBook[], leap: Leap): boolean {
  let last: ReadBook | undefined;
  let doubted: ReadBook | undefined;
  for (const book of books) {
    if (book.isDoubted) doubted ??= book;
    if (book.mids === undefined || book.isDoubted) continue;
    // A task that took a book in between may have seen the move there already.
    const { monotonicMs } = doubted ?? book;
    const isMove = last !== undefined && monotonicMs > leap.sinceMs && isFar(last, book, leap);
    if (isMove && !wasBroughtBefore(book, last?.atMs ?? book.atMs, leap)) return true;
    last = book;
    doubted = undefined;
  }
  return false;
}

/** Whether another connection had brought about this mid since that moment, from which on its own was silent. */
function wasBroughtBefore(book: ReadBook, lastMs: number, leap: Leap): boolean {
  if (book.atMs - lastMs <= leap.silentMs) return false;
  return leap.connections
    .map((books) => books.filter(({ atMs }) => atMs < book.atMs))
    .some((before) => {
      const newest = before.findLast(({ mids, isDoubted }) => mids !== undefined && !isDoubted);
      if (newest === undefined || newest.atMs <= lastMs) return false;
      return !isFar(newest, book, leap) && !hasLeapt(before, leap);
    });
}

/** Far whichever of its possible mids each has. */
function isFar(from: ReadBook, to: ReadBook, { percent }: Leap): boolean {
  if (from.mids === undefined || to.mids === undefined) return false;
  const [up, down] = [to.mids.low / from.mids.high - 1, 1 - to.mids.high / from.mids.low];
  return Math.max(up, down) * 100 > percent;
}

function parse(decimal: string): bigint {
  return parseScaled(decimal, DECIMALS, "amount");
}
