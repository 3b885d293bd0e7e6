/**
 * What one market of a tape looks like: its tick and lot, and typical spread, price and size. Owns no reading of the
 * tape and no playing of it.
 */
import { type Decimal, formatScaled, MONEY_DECIMALS, parseDecimal } from "../../core/decimal.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import { parseTapeLevels, type TapeLevel } from "./tape-line.ts";

/**
 * One market of a tape. Amounts are decimal strings; the medians are over the books that have both sides, `null` when
 * there is none. `tickSize` and `lotSize` are the finest power of ten any price and any size of the tape needs.
 */
export type TapeMarket = {
  readonly symbol: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly bookUpdates: number;
  readonly trades: number;
  /** Levels on the deeper side of the deepest book. */
  readonly levels: number;
  readonly medianSpreadTicks: string | null;
  /** Quote currency; negative spreads (a crossed book) count as they are. */
  readonly medianMid: string | null;
  /** Base currency, over the best bid and the best ask of each book. */
  readonly medianTopSize: string | null;
};

/** Takes in a market's events one by one; bounded in memory however long the tape is. */
export class MarketTally {
  #bookUpdates = 0;
  #trades = 0;
  #levels = 0;
  #priceDecimals = 0;
  #sizeDecimals = 0;
  readonly #spreads = new Sample();
  readonly #doubledMids = new Sample();
  readonly #topSizes = new Sample();

  add(event: WireEvent): void {
    const { attributes } = event;
    if (event.type === "Trade") {
      this.#trades += 1;
      this.#addStep(parseDecimal(attributes["price"], "price"), parseDecimal(attributes["quantity"], "quantity"));
    }
    if (event.type !== "OrderBookUpdate") return;
    this.#bookUpdates += 1;
    const bids = parseTapeLevels(attributes["bids"], "bids", "bids");
    const asks = parseTapeLevels(attributes["asks"], "asks", "asks");
    this.#levels = Math.max(this.#levels, bids.length, asks.length);
    for (const level of [...bids, ...asks]) this.#addStep(level.price, level.size);
    this.#addTop(bids[0], asks[0]);
  }

  describe(symbol: string): TapeMarket {
    const tick = 10n ** BigInt(MONEY_DECIMALS - this.#priceDecimals);
    const spread = this.#spreads.median();
    const mid = this.#doubledMids.median();
    return {
      symbol,
      tickSize: formatScaled(1n, this.#priceDecimals),
      lotSize: formatScaled(1n, this.#sizeDecimals),
      bookUpdates: this.#bookUpdates,
      trades: this.#trades,
      levels: this.#levels,
      // Medians are doubled sums of money (18 decimals), so a half is exact with one decimal more.
      medianSpreadTicks: spread === null ? null : formatScaled((spread * 5n) / tick, 1),
      medianMid: mid === null ? null : formatScaled(mid * 25n, MONEY_DECIMALS + 2),
      medianTopSize: formatHalf(this.#topSizes.median()),
    };
  }

  #addStep(price: Decimal, size: Decimal): void {
    this.#priceDecimals = Math.max(this.#priceDecimals, significantDecimals(price));
    this.#sizeDecimals = Math.max(this.#sizeDecimals, significantDecimals(size));
  }

  #addTop(bid: TapeLevel | undefined, ask: TapeLevel | undefined): void {
    if (bid === undefined || ask === undefined) return;
    const bidPrice = toMoney(bid.price);
    const askPrice = toMoney(ask.price);
    this.#spreads.add(askPrice - bidPrice);
    this.#doubledMids.add(askPrice + bidPrice);
    this.#topSizes.add(toMoney(bid.size));
    this.#topSizes.add(toMoney(ask.size));
  }
}

/** At most this many values are kept for a median: a day of books each 400 ms, thinned evenly beyond that. */
const SAMPLE_MAX = 200_000;

/** Values for a median, bounded: when full, every second one is let go and only every second new one is taken. */
class Sample {
  #values: bigint[] = [];
  #stride = 1;
  #seen = 0;

  add(value: bigint): void {
    if (this.#seen % this.#stride === 0) this.#values.push(value);
    this.#seen += 1;
    if (this.#values.length < SAMPLE_MAX) return;
    this.#values = this.#values.filter((_, index) => index % 2 === 0);
    this.#stride *= 2;
  }

  /** Twice the median, so that an even count stays exact; null without a value. */
  median(): bigint | null {
    const sorted = this.#values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const upper = sorted[Math.floor(sorted.length / 2)];
    const lower = sorted[Math.floor((sorted.length - 1) / 2)];
    return upper === undefined || lower === undefined ? null : upper + lower;
  }
}

function formatHalf(doubled: bigint | null): string | null {
  return doubled === null ? null : formatScaled(doubled * 5n, MONEY_DECIMALS + 1);
}

function toMoney(value: Decimal): bigint {
  // A price or size finer than 10^-18 cannot be traded here; the median may lose it.
  return value.decimals <= MONEY_DECIMALS
    ? value.units * 10n ** BigInt(MONEY_DECIMALS - value.decimals)
    : value.units / 10n ** BigInt(value.decimals - MONEY_DECIMALS);
}

function significantDecimals(value: Decimal): number {
  let { units, decimals } = value;
  while (decimals > 0 && units % 10n === 0n) {
    units /= 10n;
    decimals -= 1;
  }
  return decimals;
}
