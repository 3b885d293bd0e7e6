/**
 * What a market is: its symbol, tick and lot, and the exact conversions between wire decimals and ticks or lots.
 * Owns no state of a market; that is the engine's.
 */
import { formatDigits, formatScaled, MONEY_DECIMALS, parseDecimal } from "./decimal.ts";
import { InputError } from "./errors.ts";
import type { Lots, Ticks } from "./units.ts";

/** A tick or lot size: the value is `step / 10^decimals`, e.g. tick 0.25 is `{ step: 25, decimals: 2 }`. */
export type Increment = { readonly text: string; readonly step: number; readonly decimals: number };

export type Market = {
  /** `BASE/QUOTE`, e.g. `SEI/USDC`. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: Increment;
  readonly lot: Increment;
};

const SYMBOL = /^([A-Z0-9]{1,12})\/([A-Z0-9]{1,12})$/;

/** Builds a market from its configuration. Throws `InputError` on a symbol or increment that does not fit. */
export function makeMarket(input: {
  readonly symbol: string;
  readonly tickSize: string;
  readonly lotSize: string;
}): Market {
  const match = SYMBOL.exec(input.symbol);
  const [, base, quote] = match ?? [];
  if (base === undefined || quote === undefined) {
    throw new InputError({ what: "symbol", expected: "BASE/QUOTE in capitals and digits", was: input.symbol });
  }
  const tick = makeIncrement(input.tickSize, "tickSize");
  const lot = makeIncrement(input.lotSize, "lotSize");
  if (tick.decimals + lot.decimals > MONEY_DECIMALS) {
    throw new InputError({
      what: "tickSize and lotSize",
      expected: `of at most ${MONEY_DECIMALS} decimals together, so that price × size is exact`,
      was: `${input.tickSize}, ${input.lotSize}`,
    });
  }
  return { symbol: input.symbol, base, quote, tick, lot };
}

/** Whether a text is a symbol by its form, whatever market it names. */
export function isSymbol(text: unknown): text is string {
  return typeof text === "string" && SYMBOL.test(text);
}

/** Reads a price: a positive multiple of the tick. Throws `InputError` naming `what`. */
export function parsePrice(market: Market, text: unknown, what: string): Ticks {
  return parsePositiveMultiple(text, market.tick, what) as Ticks;
}

/** Reads a size: a positive multiple of the lot. Throws `InputError` naming `what`. */
export function parseSize(market: Market, text: unknown, what: string): Lots {
  return parsePositiveMultiple(text, market.lot, what) as Lots;
}

export function formatPrice(market: Market, price: Ticks): string {
  return formatMultiple(price, market.tick);
}

export function formatSize(market: Market, size: Lots): string {
  return formatMultiple(size, market.lot);
}

/** A price in quote currency as a floating-point number: for models and pictures, never for money. */
export function priceToNumber(market: Market, price: number): number {
  return (price * market.tick.step) / 10 ** market.tick.decimals;
}

/** A size in base currency as a floating-point number: for models and pictures, never for money. */
export function sizeToNumber(market: Market, size: number): number {
  return (size * market.lot.step) / 10 ** market.lot.decimals;
}

/** A price as money: an integer of 10^-18 quote currency. */
export function priceToMoney(market: Market, price: Ticks): bigint {
  return toUnits(price, market.tick) * powerOfTen(MONEY_DECIMALS - market.tick.decimals);
}

/** A size as money: an integer of 10^-18 base currency. */
export function sizeToMoney(market: Market, size: Lots): bigint {
  return toUnits(size, market.lot) * powerOfTen(MONEY_DECIMALS - market.lot.decimals);
}

/** What one lot at a price of one tick is worth, an integer of 10^-18 quote currency: price × size is a whole multiple of it. */
export function tickLotMoney(market: Market): bigint {
  const known = TICK_LOT_MONEY.get(market);
  if (known !== undefined) return known;
  const { tick, lot } = market;
  const money = toUnits(tick.step, lot) * powerOfTen(MONEY_DECIMALS - tick.decimals - lot.decimals);
  TICK_LOT_MONEY.set(market, money);
  return money;
}

/** Asked for with every order: a market's never changes. */
const TICK_LOT_MONEY = new WeakMap<Market, bigint>();

/** Mostly the product is a safe integer, as every price and size that came from text is: then one conversion does. */
function toUnits(multiple: number, { step }: Increment): bigint {
  const units = multiple * step;
  return Number.isSafeInteger(units) ? BigInt(units) : BigInt(multiple) * BigInt(step);
}

/** All that are asked for: a power of a bigint is worked out digit by digit, and this is the way of every order's value. */
const POWERS_OF_TEN = Array.from({ length: MONEY_DECIMALS + 1 }, (_, exponent) => 10n ** BigInt(exponent));

function powerOfTen(exponent: number): bigint {
  return POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);
}

function makeIncrement(text: string, what: string): Increment {
  const { units, decimals } = parseDecimal(text, what);
  if (units <= 0n || units > 1_000_000_000n) {
    throw new InputError({ what, expected: "a positive decimal of at most nine significant digits", was: text });
  }
  return { text, step: Number(units), decimals };
}

const ZERO = 48;
const NINE = 57;
const POINT = 46;

/**
 * The hot path's decimal reader: one pass over the characters, no allocation. Exact or an error: a value that is not a
 * multiple of the increment, or whose multiple is not a safe integer, is refused rather than rounded.
 */
function parsePositiveMultiple(text: unknown, increment: Increment, what: string): number {
  if (typeof text !== "string") throw notAMultiple(text, increment, what);
  let value = 0;
  let point = -1;
  const length = text.length;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= ZERO && code <= NINE) {
      const fractionDigits = point < 0 ? 0 : i - point;
      if (fractionDigits > increment.decimals) {
        if (code !== ZERO) throw notAMultiple(text, increment, what);
      } else {
        value = value * 10 + (code - ZERO);
        if (value > Number.MAX_SAFE_INTEGER) throw notAMultiple(text, increment, what);
      }
    } else if (code === POINT && point < 0 && i > 0 && i < length - 1) {
      point = i;
    } else {
      throw notAMultiple(text, increment, what);
    }
  }
  const leadingZero = length > 1 && text.charCodeAt(0) === ZERO && text.charCodeAt(1) !== POINT;
  if (length === 0 || leadingZero) throw notAMultiple(text, increment, what);
  const missing = increment.decimals - Math.min(point < 0 ? 0 : length - 1 - point, increment.decimals);
  for (let i = 0; i < missing; i += 1) value *= 10;
  const multiple = value / increment.step;
  if (value <= 0 || value > Number.MAX_SAFE_INTEGER || !Number.isSafeInteger(multiple)) {
    throw notAMultiple(text, increment, what);
  }
  return multiple;
}

function notAMultiple(was: unknown, increment: Increment, what: string): InputError {
  return new InputError({ what, expected: `a positive multiple of ${increment.text}`, was });
}

function formatMultiple(multiple: number, increment: Increment): string {
  const units = multiple * increment.step;
  // The way of every price and size that is written: mostly a safe integer, and positive.
  if (units >= 0 && Number.isSafeInteger(units)) return formatDigits(String(units), increment.decimals);
  return formatScaled(BigInt(multiple) * BigInt(increment.step), increment.decimals);
}
