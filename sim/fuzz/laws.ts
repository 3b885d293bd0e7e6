/** What every value that a parser lets through must keep, by its type. Owns no parser. */
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../../core/errors.ts";
import type { BookSide, Fill, MarketEvent, VenueOrder } from "../../core/events.ts";
import type { LedgerFill } from "../../core/messages.ts";
import { formatIsoTime } from "../../core/sei/iso-time.ts";
import { BOOK_LEVELS_MAX, type Markets } from "../../core/sei/market-events.ts";
import { requireLaw } from "./target.ts";

const ID_CHARACTERS_MAX = 128;
const AMOUNT_LIMIT = 10n ** 30n;

/** Two values are the same, but for the sign of a zero, which no JSON keeps. */
export function requireSame(one: unknown, two: unknown, law: string): void {
  requireLaw(
    isDeepStrictEqual(one, two) || isDeepStrictEqual(withoutSign(one), withoutSign(two)),
    law,
    () => `${shown(one)} and ${shown(two)}`,
  );
}

/** No object in it has had its own prototype changed: behind each stands a real one, or none. */
export function requirePlain(value: unknown): void {
  const waiting: unknown[] = [value];
  for (let i = 0; i < waiting.length; i += 1) {
    const each = waiting[i];
    if (typeof each !== "object" || each === null || each instanceof Error) continue;
    const prototype: unknown = Object.getPrototypeOf(each);
    const isReal = prototype === null || typeof Reflect.get(Object(prototype), "constructor") === "function";
    const isOwn = prototype === null || Object.hasOwn(Object(prototype), "constructor");
    requireLaw(isReal && isOwn, "an object has a prototype of the language or of a class", () => shown(each));
    if (each instanceof Map || each instanceof Set) waiting.push(...each.values());
    else waiting.push(...Object.values(each));
  }
}

export function requireFaults(faults: readonly unknown[]): void {
  for (const fault of faults) {
    requireLaw(fault instanceof InputError, "a fault is an InputError", () => shown(fault));
    requireLaw(fault.message.length < 1_000, "a fault's words are few", () => `${fault.message.length} characters`);
  }
}

export function requireMarketEvent(event: MarketEvent, markets: Markets): void {
  requireLaw(markets.has(event.market), "an event is of a known market", () => event.market);
  requireTime(event.venueTimeMs);
  switch (event.type) {
    case "book-update":
      requireSide(event.bids, -1);
      requireSide(event.asks, 1);
      requireCount(event.sequence, 1, "a sequence is a positive whole number");
      return;
    case "trade":
      requireCount(event.price, 1, "a price is positive ticks");
      requireCount(event.size, 1, "a size is positive lots");
      requireText(event.tradeId, "a trade's id is 1 to 128 characters");
      requireWord(event.aggressor, ["buy", "sell"]);
      return;
    case "market-status":
      requireWord(event.status, ["open", "halted"]);
      return;
  }
}

export function requireOrder(order: VenueOrder, markets: Markets): void {
  requireLaw(markets.has(order.market), "an order is of a known market", () => order.market);
  requireText(order.orderId, "an order's id is 1 to 128 characters");
  requireCount(order.price, 1, "a price is positive ticks");
  requireCount(order.size, 1, "a size is positive lots");
  requireCount(order.filled, 0, "what is filled is lots");
  requireLaw(order.filled <= order.size, "at most the size is filled", () => `${order.filled} of ${order.size}`);
  requireWord(order.side, ["buy", "sell"]);
  requireWord(order.status, ["open", "partially_filled", "filled", "cancelled", "rejected"]);
}

export function requireFill(fill: Fill, markets: Markets): void {
  requireLaw(markets.has(fill.market), "a fill is of a known market", () => fill.market);
  requireText(fill.fillId, "a fill's id is 1 to 128 characters");
  requireText(fill.orderId, "an order's id is 1 to 128 characters");
  requireCount(fill.price, 1, "a price is positive ticks");
  requireCount(fill.size, 1, "a size is positive lots");
  requireAmount(fill.fee);
  requireWord(fill.side, ["buy", "sell"]);
  requireWord(fill.liquidity, ["maker", "taker"]);
}

export function requireLedgerFill(fill: LedgerFill): void {
  requireText(fill.fillId, "a fill's id is 1 to 128 characters");
  requireLaw(
    fill.price > 0n && fill.size > 0n,
    "a fill's price and size are positive",
    () => `${fill.price}, ${fill.size}`,
  );
  for (const amount of [fill.price, fill.size, fill.fee, fill.midAtFill ?? 1n]) requireAmount(amount);
  const timeMs = Date.parse(fill.venueTime);
  requireLaw(
    new Date(timeMs).toISOString() === fill.venueTime,
    "a fill's time is of the calendar",
    () => fill.venueTime,
  );
  requireWord(fill.side, ["buy", "sell"]);
  requireWord(fill.liquidity, ["maker", "taker"]);
}

export function requireTime(epochMs: number): void {
  requireCount(epochMs, 0, "a time is whole milliseconds");
  requireLaw(
    formatIsoTime(epochMs) === new Date(epochMs).toISOString(),
    "a time is of the calendar",
    () => `${epochMs}`,
  );
}

export function requireCount(value: number, least: number, law: string): void {
  requireLaw(Number.isSafeInteger(value) && value >= least, law, () => `${value}`);
}

/** Below what DynamoDB's 38 digits hold, at 18 decimals. */
function requireAmount(amount: bigint): void {
  requireLaw(amount < AMOUNT_LIMIT && amount > -AMOUNT_LIMIT, "an amount is below 10^12", () => `${amount}`);
}

export function requireWord(word: string, words: readonly string[]): void {
  requireLaw(words.includes(word), `a word is ${words.join(" or ")}`, () => word);
}

function requireText(text: string, law: string): void {
  requireLaw(text.length > 0 && text.length <= ID_CHARACTERS_MAX, law, () => `${text.length} characters`);
}

/** Best first, each price once; `sign` is the way that the prices go. */
function requireSide({ prices, sizes }: BookSide, sign: 1 | -1): void {
  requireLaw(prices.length === sizes.length, "a side has a size a price", () => `${prices.length}, ${sizes.length}`);
  requireLaw(prices.length <= BOOK_LEVELS_MAX, "a side has at most a thousand levels", () => `${prices.length}`);
  for (const [i, price] of prices.entries()) {
    requireCount(price, 1, "a price is positive ticks");
    requireCount(sizes[i] ?? 0, 1, "a size is positive lots");
    const before = prices[i - 1];
    requireLaw(
      before === undefined || (price - before) * sign > 0,
      "a side is best first",
      () => `${before}, ${price}`,
    );
  }
}

function withoutSign(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(withoutSign);
  if (typeof value !== "object" || value === null || value instanceof Map || value instanceof Set) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSign(each)]));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? `${each}n` : each)) ?? "nothing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
