/**
 * The books of one market: a pure fold over its fills in venue order (CONTRACTS 5), average-cost, fees taken off.
 * Owns the arithmetic and the order of fills; who stores the books, and how late fills find their place, is others'.
 */
import { divideHalfEven, MONEY_DECIMALS } from "../decimal.ts";
import type { Side } from "../units.ts";
import { compareUtf8 } from "./venue-order.ts";

/** What the fold needs of a fill. `price`, `size` (both above 0) and `fee` (a rebate is below 0) are integers of 10^-18. */
export type BookedFill = {
  readonly fillId: string;
  /** ISO-8601 UTC with milliseconds: text of a fixed length, so that its order is the order of time. */
  readonly venueTime: string;
  readonly side: Side;
  readonly price: bigint;
  readonly size: bigint;
  readonly fee: bigint;
  readonly feeAsset: string;
};

/** Where a fill stands in the order of its market. */
export type VenueKey = { readonly venueTime: string; readonly fillId: string };

/**
 * Which fills are in some books: all up to `after` in venue order, and those of `fills`. What lies between and is not among them
 * came late, and is new.
 */
export type KnownFills = { readonly after: VenueKey | undefined; readonly fills: readonly VenueKey[] };

/** Amounts are integers of 10^-18: `position` in base, `averageCost` in quote a unit of base, the rest in quote. */
export type Books = {
  /** What was traded, signed; fees never change it. */
  readonly position: bigint;
  /** 0 when flat. */
  readonly averageCost: bigint;
  /** Fees in base or quote taken off. */
  readonly realizedPnl: bigint;
  /** Fees in base (at the fill's price) and quote; a fee in a third asset stands in `feesByAsset` alone. */
  readonly fees: bigint;
  readonly feesByAsset: Readonly<Record<string, bigint>>;
  /** Σ price × size, of all fills and by our side. */
  readonly volume: bigint;
  readonly buyVolume: bigint;
  readonly sellVolume: bigint;
  readonly fillCount: number;
  /** The newest fill in venue order that is in these books. */
  readonly lastFill: VenueKey | undefined;
};

/** The assets of a market; a `Market` is one. */
export type Assets = { readonly base: string; readonly quote: string };

const ONE = 10n ** BigInt(MONEY_DECIMALS);

export function emptyBooks(): Books {
  return {
    position: 0n,
    averageCost: 0n,
    realizedPnl: 0n,
    fees: 0n,
    feesByAsset: {},
    volume: 0n,
    buyVolume: 0n,
    sellVolume: 0n,
    fillCount: 0,
    lastFill: undefined,
  };
}

/** The books after one more fill. The caller brings the fills in venue order, each once. */
export function applyFill(books: Books, fill: BookedFill, assets: Assets): Books {
  const value = multiply(fill.price, fill.size);
  const fee = feeInQuote(fill, assets);
  const traded = trade(books, fill);
  return {
    position: traded.position,
    averageCost: traded.averageCost,
    realizedPnl: books.realizedPnl + traded.gain - fee,
    fees: books.fees + fee,
    feesByAsset: withFee(books.feesByAsset, fill),
    volume: books.volume + value,
    buyVolume: fill.side === "buy" ? books.buyVolume + value : books.buyVolume,
    sellVolume: fill.side === "sell" ? books.sellVolume + value : books.sellVolume,
    fillCount: books.fillCount + 1,
    lastFill:
      books.lastFill !== undefined && compareFills(books.lastFill, fill) > 0
        ? books.lastFill
        : { venueTime: fill.venueTime, fillId: fill.fillId },
  };
}

/** Venue order: the time, then the fill's id by its UTF-8 bytes. Below 0 when `a` comes first. */
export function compareFills(a: VenueKey, b: VenueKey): number {
  if (a.venueTime !== b.venueTime) return a.venueTime < b.venueTime ? -1 : 1;
  return compareUtf8(a.fillId, b.fillId);
}

/** What closing the whole position at `mark` (10^-18 quote a unit of base) would realise, before fees. */
export function unrealizedPnl(books: Pick<Books, "position" | "averageCost">, mark: bigint): bigint {
  return multiply(mark - books.averageCost, books.position);
}

/** Whether the fee is in neither asset of the market: such a fee has no value in quote here, and is alarmed. */
export function isThirdAssetFee(fill: Pick<BookedFill, "fee" | "feeAsset">, assets: Assets): boolean {
  return fill.fee !== 0n && fill.feeAsset !== assets.quote && fill.feeAsset !== assets.base;
}

/** Position, average cost and what this fill realised before fees. */
function trade(books: Books, fill: BookedFill): { position: bigint; averageCost: bigint; gain: bigint } {
  const signed = fill.side === "buy" ? fill.size : -fill.size;
  const position = books.position + signed;
  const held = magnitude(books.position);
  const grows = books.position === 0n || books.position > 0n === signed > 0n;
  if (grows) {
    const cost = held * books.averageCost + fill.size * fill.price;
    return { position, averageCost: divideHalfEven(cost, held + fill.size), gain: 0n };
  }
  const rest = held - fill.size;
  const closed = rest > 0n ? fill.size : held;
  const gain = multiply(fill.price - books.averageCost, books.position > 0n ? closed : -closed);
  if (rest === 0n) return { position, averageCost: 0n, gain };
  return { position, averageCost: rest > 0n ? books.averageCost : fill.price, gain };
}

/** What a fee comes to in quote: as it is, at the fill's price when in base, 0 in a third asset. */
export function feeInQuote(fill: BookedFill, assets: Assets): bigint {
  if (fill.feeAsset === assets.quote) return fill.fee;
  return fill.feeAsset === assets.base ? multiply(fill.fee, fill.price) : 0n;
}

function withFee(fees: Readonly<Record<string, bigint>>, fill: BookedFill): Readonly<Record<string, bigint>> {
  if (fill.fee === 0n) return fees;
  // An asset may be named like a property that every object inherits.
  const before = Object.hasOwn(fees, fill.feeAsset) ? (fees[fill.feeAsset] ?? 0n) : 0n;
  return { ...fees, [fill.feeAsset]: before + fill.fee };
}

/** The product of two amounts of 10^-18, again in 10^-18, rounded half to even. */
export function multiply(a: bigint, b: bigint): bigint {
  return divideHalfEven(a * b, ONE);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
