/**
 * An exchange whose markets do what a test says: the book, the trades that hit us, shocks, empty sides, halts. Owns the words
 * for these in decimals and basis points; orders, fills and money are every exchange's.
 */

import { formatScaled, MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import { formatSize, parsePrice, parseSize } from "../../core/market.ts";
import { type Side, toLots, toTicks } from "../../core/units.ts";
import type { Balance } from "./account-records.ts";
import { type Exchange, type ExchangeSettings, type MarketSetting, openExchange } from "./exchange.ts";
import { HandMadeMarket, type Quote, type Rhythm } from "./hand-made-market.ts";
import { MarketEventHub } from "./market-events.ts";

/** The others' book: `levels` a side, evenly spaced around the mid. */
export type BookShape = {
  /** Best ask less best bid over the mid, in basis points. */
  readonly spreadBps: number;
  readonly levels: number;
  readonly levelSpacingBps: number;
  /** Lots on each level. */
  readonly size: number;
};

const SHAPE: BookShape = { spreadBps: 44, levels: 12, levelSpacingBps: 5, size: 4_000 };

/** One market in the hand of a test. */
type MarketHand = {
  /** The mid that the others' book stands around, in ticks. */
  readonly mid: number;
  /** Moves the mid, by so many percent, and the others' book with it. */
  jump(percent: number): void;
  /** Reshapes the others' book; what is left out stays. */
  shape(to: Partial<BookShape>): void;
  /** The others have nothing on that side, until it is refilled. */
  empty(side: "bids" | "asks" | "both"): void;
  refill(): void;
  /** Others' quotes as `[price, size]`, decimals, in place of every shape. */
  setBook(book: {
    readonly bids: readonly (readonly [string, string])[];
    readonly asks: readonly (readonly [string, string])[];
  }): void;
  /** A taker buys or sells so much (a decimal), up to a limit price if one is given. Answers how much it got. */
  hit(side: Side, size: string, limit?: string): string;
};

export type HandMadeExchange = Exchange & {
  /** Throws `InputError` on an unknown market. */
  hand(market: string): MarketHand;
  /** Money comes to the account, or leaves it where the amount (a decimal) is negative, without any trade. */
  transfer(asset: string, amount: string): void;
};

/** Throws `InputError` on bad settings. */
export function makeHandMadeExchange(
  settings: ExchangeSettings & {
    readonly markets: readonly MarketSetting[];
    readonly shape?: Partial<BookShape>;
    readonly rhythm?: Rhythm | undefined;
  },
): HandMadeExchange {
  const hub = new MarketEventHub();
  const hands = new Map<string, MarketHand>();
  const places: HandMadeMarket[] = [];
  const opened = openExchange(settings, hub, settings.markets, (market, setting, onOwnMatch) => {
    const place = new HandMadeMarket({ market, clock: settings.clock, hub, onOwnMatch, rhythm: settings.rhythm });
    places.push(place);
    const mid = parsePrice(market, setting.startPrice, `startPrice of ${market.symbol}`);
    hands.set(market.symbol, makeHand(place, mid, { ...SHAPE, ...settings.shape }));
    return place;
  });
  const transfers: { readonly asset: string; readonly amount: bigint }[] = [];
  return {
    ...opened.exchange,
    balances: () => opened.exchange.balances().map((balance) => transfers.reduce(moved, balance)),
    transfer: (asset, amount) => {
      transfers.push({ asset, amount: parseScaled(amount, MONEY_DECIMALS, `transfer of ${asset}`) });
    },
    hand: (market) => {
      const hand = hands.get(market);
      if (hand !== undefined) return hand;
      throw new InputError({ what: "market_id", expected: `one of ${[...hands.keys()].join(", ")}`, was: market });
    },
    start: () => {
      for (const place of places) place.start();
    },
    stop: () => {
      for (const place of places) place.stop();
      opened.close();
    },
  };
}

/** A balance after a transfer, if it is of its asset. */
function moved(balance: Balance, { asset, amount }: { readonly asset: string; readonly amount: bigint }): Balance {
  if (asset !== balance.asset) return balance;
  const plus = (text: string) => formatScaled(parseScaled(text, MONEY_DECIMALS, asset) + amount, MONEY_DECIMALS);
  return { asset, total: plus(balance.total), available: plus(balance.available) };
}

function makeHand(place: HandMadeMarket, startMid: number, startShape: BookShape): MarketHand {
  const { market } = place;
  let mid = startMid;
  let shape = startShape;
  let absent: "bids" | "asks" | "both" | undefined;
  const apply = () => {
    const quotes = (sign: 1 | -1, side: "bids" | "asks"): readonly Quote[] =>
      absent === side || absent === "both" ? [] : quotesOf(mid, shape, sign);
    place.setBook(quotes(-1, "bids"), quotes(1, "asks"));
  };
  apply();
  return {
    get mid() {
      return mid;
    },
    jump: (percent) => {
      mid *= 1 + percent / 100;
      apply();
    },
    shape: (to) => {
      shape = { ...shape, ...to };
      apply();
    },
    empty: (side) => {
      absent = side;
      apply();
    },
    refill: () => {
      absent = undefined;
      apply();
    },
    setBook: ({ bids, asks }) => {
      const read = (rows: readonly (readonly [string, string])[]): readonly Quote[] =>
        rows.map(([price, size]) => ({
          price: parsePrice(market, price, "price"),
          size: parseSize(market, size, "size"),
        }));
      place.setBook(read(bids), read(asks));
    },
    hit: (side, size, limit) => {
      const ticks = limit === undefined ? undefined : parsePrice(market, limit, "limit");
      return formatSize(market, toLots(place.hit(side, parseSize(market, size, "size"), ticks)));
    },
  };
}

function quotesOf(mid: number, shape: BookShape, sign: 1 | -1): readonly Quote[] {
  const quotes: Quote[] = [];
  for (let level = 0; level < shape.levels; level += 1) {
    const distance = mid * (shape.spreadBps / 2 + level * shape.levelSpacingBps) * 1e-4;
    const price = sign < 0 ? Math.floor(mid - distance) : Math.ceil(mid + distance);
    if (price > 0 && quotes.at(-1)?.price !== price) quotes.push({ price: toTicks(price), size: shape.size });
  }
  return quotes;
}
