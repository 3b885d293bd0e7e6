/**
 * A simulated exchange as others see it: market data, and one account that places orders.
 * Owns the type `Exchange` and the exchange with simulated traders; the one that plays a tape is `tape-exchange.ts`.
 */

import { formatScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import { type Market, makeMarket, parsePrice } from "../../core/market.ts";
import type { Clock } from "../../fargate/seams.ts";
import { Account, toExchangeOrder } from "./account.ts";
import type { AccountEvent, Balance, ExchangeFill, ExchangeOrder, MarketStanding } from "./account-records.ts";
import { Journal, type JournalReport } from "./journal.ts";
import type { MarketDataSource } from "./market-data-source.ts";
import { MarketEventHub, toBookEvent, toStatusEvent } from "./market-events.ts";
import type { BookLevels, MarketPlace, MarketStatus, OwnMatch } from "./market-place.ts";
import {
  type CancelOutcome,
  cancelOrder,
  type PlaceOutcome,
  type PlaceRequest,
  placeOrder,
  restoreOrders,
  type ServedMarket,
  servedMarket,
} from "./order-entry.ts";
import { SimulatedMarket } from "./simulated-market.ts";

type FillsPage = { readonly fills: readonly ExchangeFill[]; readonly nextCursor: string };

/** Every call that names a market throws `InputError` with `what` `market_id` when it is none of `markets`. */
export type Exchange = MarketDataSource & {
  readonly accountId: string;
  /** What the journal held when it was opened; `undefined` without one. */
  readonly journal: JournalReport | undefined;
  /** Throws `InputError` naming the wire's field; see `order-entry.ts`. */
  place(request: PlaceRequest): PlaceOutcome;
  cancel(orderId: string): CancelOutcome;
  /** Cancels all open orders of a market; their ids. */
  cancelAll(market: string): readonly string[];
  order(orderId: string): ExchangeOrder | undefined;
  orderByClientId(clientOrderId: string): ExchangeOrder | undefined;
  /** Open and partly filled orders, oldest first; of all markets when none is named. */
  openOrders(market?: string): readonly ExchangeOrder[];
  /**
   * Fills of a market in venue order after a cursor, from the first without one; `limit` from 1. The next cursor is
   * always usable. Throws `InputError` with `what` `after` on a cursor this account never gave.
   */
  fillsAfter(query: {
    readonly market: string;
    readonly cursor: string | undefined;
    readonly limit: number;
  }): FillsPage;
  balances(): readonly Balance[];
  standing(market: string): MarketStanding;
  /** Middle of the visible book, a decimal; `undefined` while a side is empty. */
  mid(market: string): string | undefined;
  /** Fills and order states of the account as they happen. Returns what ends it. */
  onAccountEvent(listener: (event: AccountEvent) => void): () => void;
  setMarketStatus(market: string, status: MarketStatus): void;
  /** Lets the market move. Orders are matched before that too. */
  start(): void;
  /** Ends all movement and closes the journal; what happened can still be asked for, no more orders can be placed. */
  stop(): void;
};

/** A market of the exchange: `startPrice` is where its fair price begins. Decimals. */
export type MarketSetting = {
  readonly symbol: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly startPrice: string;
};

export type ExchangeSettings = {
  readonly clock: Clock;
  /** Market time over real time; 1 unless told. */
  readonly speed?: number;
  /** File of the account's journal; without one nothing outlives the process. */
  readonly journal?: string;
  readonly accountId?: string;
  /** Opening balances by asset, decimals; a million of each asset unless told. */
  readonly balances?: Readonly<Record<string, string>>;
};

const ACCOUNT_ID = "flashmm-simulated";
const OPENING_BALANCE = "1000000";
const SPEED_MAX = 100;

/** What can be made to happen in a market with simulated traders. */
type TradersHand = Pick<SimulatedMarket, "jump" | "pauseTraders" | "emptySide">;

export type TradedExchange = Exchange & {
  /** Throws `InputError` on an unknown market. */
  traders(market: string): TradersHand;
};

/** An exchange with simulated traders in every market. Throws `InputError` on bad settings or a bad journal. */
export function makeSimulatedExchange(
  settings: ExchangeSettings & { readonly markets: readonly MarketSetting[]; readonly seed: number },
): TradedExchange {
  const speed = checkedSpeed(settings.speed);
  const hub = new MarketEventHub();
  const movers = new Map<string, SimulatedMarket>();
  const opened = openExchange(settings, hub, settings.markets, (market, setting, onOwnMatch) => {
    const startPrice = parsePrice(market, setting.startPrice, `startPrice of ${market.symbol}`);
    const { seed } = settings;
    const place = new SimulatedMarket({ market, startPrice, seed, speed, clock: settings.clock, hub, onOwnMatch });
    movers.set(market.symbol, place);
    return place;
  });
  return {
    ...opened.exchange,
    traders: (symbol) => {
      const mover = movers.get(symbol);
      if (mover !== undefined) return mover;
      throw new InputError({ what: "market_id", expected: `one of ${[...movers.keys()].join(", ")}`, was: symbol });
    },
    start: () => {
      for (const mover of movers.values()) mover.start();
    },
    stop: () => {
      for (const mover of movers.values()) mover.stop();
      opened.close();
    },
  };
}

/** What every exchange is, whatever moves its markets: one account over one `MarketPlace` a market. */
export function openExchange<Setting extends Omit<MarketSetting, "startPrice">>(
  settings: ExchangeSettings,
  hub: MarketEventHub,
  marketSettings: readonly Setting[],
  makePlace: (market: Market, setting: Setting, onOwnMatch: (match: OwnMatch) => void) => MarketPlace,
): { readonly exchange: Omit<Exchange, "start" | "stop">; readonly close: () => void } {
  const { clock } = settings;
  const markets = new Map(marketSettings.map((setting) => [setting.symbol, makeMarket(setting)]));
  if (markets.size === 0 || markets.size !== marketSettings.length) {
    const was = marketSettings.map((setting) => setting.symbol);
    throw new InputError({ what: "markets", expected: "at least one, each once", was });
  }
  const { account, report } = openAccount(settings, markets);
  const served = new Map<string, ServedMarket>();
  for (const setting of marketSettings) {
    const market = makeMarket(setting);
    served.set(market.symbol, { market, place: makePlace(market, setting, (match) => account.fill(match)) });
  }
  restoreOrders(account, served);
  const find = (symbol: string): ServedMarket => servedMarket(served, symbol);
  const exchange: Omit<Exchange, "start" | "stop"> = {
    accountId: account.accountId,
    journal: report,
    markets: [...markets.keys()],
    snapshot: (symbol) => {
      const { market, place } = find(symbol);
      const { epochMs } = clock.now();
      const book = place.book();
      const status = toStatusEvent(market, place.status(), epochMs);
      return book === undefined ? [status] : [status, toBookEvent(market, book, epochMs)];
    },
    subscribe: (listener) => hub.subscribe(listener),
    place: (request) => placeOrder(account, served, request),
    cancel: (orderId) => cancelOrder(account, served, orderId),
    cancelAll: (symbol) => {
      const ids = account.openOrders(find(symbol).market.symbol).map((order) => order.orderId);
      for (const orderId of ids) cancelOrder(account, served, orderId);
      return ids;
    },
    order: (orderId) => optional(account.find(orderId), toExchangeOrder),
    orderByClientId: (id) => optional(account.findByClientId(id), toExchangeOrder),
    openOrders: (symbol) => account.openOrders(symbol).map(toExchangeOrder),
    fillsAfter: ({ market, cursor, limit }) => account.fillsAfter(find(market).market.symbol, cursor, limit),
    balances: () => account.balances(),
    standing: (symbol) => account.standing(find(symbol).market.symbol),
    mid: (symbol) => midOf(find(symbol).market, find(symbol).place.book()),
    onAccountEvent: (listener) => account.onEvent(listener),
    setMarketStatus: (symbol, status) => find(symbol).place.setStatus(status),
  };
  return { exchange, close: () => account.close() };
}

/** Throws `InputError` unless `speed` is absent or in (0, 100]. */
export function checkedSpeed(speed: number | undefined): number {
  const value = speed ?? 1;
  if (value > 0 && value <= SPEED_MAX) return value;
  throw new InputError({ what: "speed", expected: `a number above 0 and at most ${SPEED_MAX}`, was: speed });
}

function openAccount(
  settings: ExchangeSettings,
  markets: ReadonlyMap<string, Market>,
): { readonly account: Account; readonly report: JournalReport | undefined } {
  const assets = [...markets.values()].flatMap((market) => [market.base, market.quote]);
  const balances = { ...Object.fromEntries(assets.map((asset) => [asset, OPENING_BALANCE])), ...settings.balances };
  const accountId = settings.accountId ?? ACCOUNT_ID;
  const opened = settings.journal === undefined ? undefined : Journal.open(settings.journal);
  try {
    const { clock } = settings;
    const [journal, records] = [opened?.journal, opened?.records ?? []];
    const account = new Account({ accountId, markets, balances, clock, journal, records });
    return { account, report: opened?.report };
  } catch (error) {
    opened?.journal.close();
    throw error;
  }
}

/** Half of best bid plus best ask, exactly: half a tick is five tenths of one. */
export function midOf(market: Market, book: BookLevels | undefined): string | undefined {
  const [bid, ask] = [book?.bids[0], book?.asks[0]];
  if (bid === undefined || ask === undefined) return undefined;
  return formatScaled(BigInt(bid.price + ask.price) * BigInt(market.tick.step) * 5n, market.tick.decimals + 1);
}

function optional<From, To>(value: From | undefined, convert: (value: From) => To): To | undefined {
  return value === undefined ? undefined : convert(value);
}
