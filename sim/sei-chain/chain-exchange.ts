/**
 * The simulated chain as an exchange: its market data after each block, and the books of the one account we watch. Orders come by
 * transaction alone, so what would place or cancel is refused here. Owns neither the chain nor the books.
 */
import { MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import { type Market, makeMarket, parsePrice } from "../../core/market.ts";
import { toTicks } from "../../core/units.ts";
import type { Clock } from "../../fargate/seams.ts";
import { Account, toExchangeOrder } from "../exchange/account.ts";
import { checkedSpeed, type MarketSetting, midOf, type TradedExchange } from "../exchange/exchange.ts";
import { MarketEventHub, toBookEvent, toStatusEvent, toTradeEvent } from "../exchange/market-events.ts";
import { type MarketStatus, VISIBLE_LEVELS } from "../exchange/market-place.ts";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { AccountRecord } from "./account-record.ts";
import { toDenom } from "./bank.ts";
import type { BatchMatch } from "./batch-auction.ts";
import { BLOCK_MS, type BlockOutcome, SeiChain } from "./chain.ts";
import type { Pair } from "./contract.ts";
import { ChainTraders } from "./traders.ts";

export type ChainExchange = TradedExchange & { readonly chain: SeiChain };

export type ChainExchangeSettings = {
  readonly clock: Clock;
  readonly seed: number;
  readonly markets: readonly MarketSetting[];
  readonly chainId: string;
  readonly contract: string;
  /** The account whose books are kept. */
  readonly address: string;
  /** What it begins with, by asset; a million of each unless told. Decimals. */
  readonly balances?: Readonly<Record<string, string>>;
  /** Market time over real time; 1 unless told. Blocks come the faster, down to one each 20 ms. */
  readonly speed?: number;
  /** Simulated traders around us; true unless told. */
  readonly traders?: boolean;
};

const OPENING_BALANCE = "1000000";
const BLOCK_MS_MIN = 20;

/** Throws `InputError` on bad settings. */
export function makeChainExchange(settings: ChainExchangeSettings): ChainExchange {
  const { clock, seed, chainId, contract, address } = settings;
  const speed = checkedSpeed(settings.speed);
  const markets = settings.markets.map((setting) => makeMarket(setting));
  const assets = [...new Set(markets.flatMap(({ base, quote }) => [base, quote]))];
  // Gas is paid in SEI, whatever is traded.
  const opening = Object.fromEntries([...assets, "SEI"].map((asset) => [asset, OPENING_BALANCE]));
  const balances: Readonly<Record<string, string>> = { ...opening, ...settings.balances };
  const coins = Object.entries(balances).map(([asset, amount]) => [
    toDenom(asset),
    parseScaled(amount, MONEY_DECIMALS, `balance of ${asset}`),
  ]);
  const blockMs = Math.max(BLOCK_MS_MIN, BLOCK_MS / speed);
  const rng = makeSeededRng(seed, "chain");
  const genesis = [{ address, coins: Object.fromEntries(coins) }];
  const chain = new SeiChain({ chainId, clock, rng, markets, contract, genesis, blockMs });
  const traders = new Map<string, ChainTraders>();
  if (settings.traders ?? true) {
    for (const [index, setting] of settings.markets.entries()) {
      const pair = chain.contract.pairs[index];
      if (pair === undefined) continue;
      const startPrice = parsePrice(pair.market, setting.startPrice, `startPrice of ${setting.symbol}`);
      const each = new ChainTraders({ pair, startPrice, seed, blockMarketMs: blockMs * speed });
      chain.join(each);
      traders.set(setting.symbol, each);
    }
  }
  return openChainExchange({ chain, clock, address, markets, balances, traders });
}

function openChainExchange(input: {
  readonly chain: SeiChain;
  readonly clock: Clock;
  readonly address: string;
  readonly markets: readonly Market[];
  readonly balances: Readonly<Record<string, string>>;
  readonly traders: ReadonlyMap<string, ChainTraders>;
}): ChainExchange {
  const { chain, clock, address, markets, balances, traders } = input;
  const bySymbol = new Map(markets.map((market) => [market.symbol, market]));
  // A fill's time is its block's.
  const now = () => ({ ...clock.now(), epochMs: chain.blocks.last.timeMs });
  const blockClock: Clock = { now, after: (delayMs, callback) => clock.after(delayMs, callback) };
  const of = { accountId: address, markets: bySymbol, balances, clock: blockClock };
  const account = new Account({ ...of, journal: undefined, records: [] });
  const record = new AccountRecord({ account, address, chainId: chain.chainId, contract: chain.contract.address });
  const hub = new MarketEventHub();
  const publisher = new MarketPublisher(hub);
  chain.onBlock((outcome) => record.take(outcome));
  // As a node does it: transactions and the block first, then what the market has come to.
  chain.afterBlock((outcome) => publisher.publish(outcome, chain.contract.pairs));
  // The traders' first quotes, so that nobody finds an empty book.
  chain.makeBlock();
  const pairOf = (symbol: string): Pair => {
    const pair = chain.contract.pairs.find(({ market }) => market.symbol === symbol);
    if (pair !== undefined) return pair;
    throw new InputError({ what: "market_id", expected: `one of ${[...bySymbol.keys()].join(", ")}`, was: symbol });
  };
  const optional = (order: Parameters<typeof toExchangeOrder>[0] | undefined) =>
    order === undefined ? undefined : toExchangeOrder(order);
  return {
    chain,
    accountId: address,
    journal: undefined,
    markets: [...bySymbol.keys()],
    snapshot: (symbol) => {
      const { market, book, isOpen } = pairOf(symbol);
      const { epochMs } = now();
      const status = toStatusEvent(market, isOpen ? "open" : "halted", epochMs);
      return [status, toBookEvent(market, book.levels(VISIBLE_LEVELS), epochMs)];
    },
    subscribe: (listener) => hub.subscribe(listener),
    place: ({ market }) => {
      throw readOnly(market);
    },
    cancel: (orderId) => {
      throw readOnly(orderId);
    },
    cancelAll: (market) => {
      throw readOnly(market);
    },
    order: (orderId) => optional(account.find(orderId)),
    orderByClientId: (id) => optional(account.findByClientId(id)),
    openOrders: (symbol) => account.openOrders(symbol).map(toExchangeOrder),
    fillsAfter: ({ market, cursor, limit }) => account.fillsAfter(pairOf(market).market.symbol, cursor, limit),
    balances: () => account.balances(),
    standing: (symbol) => account.standing(pairOf(symbol).market.symbol),
    mid: (symbol) => {
      const { market, book } = pairOf(symbol);
      return midOf(market, book.levels(1));
    },
    onAccountEvent: (listener) => account.onEvent(listener),
    setMarketStatus: (symbol, status) => setStatus(pairOf(symbol), status, { hub, epochMs: now().epochMs }),
    traders: (symbol) => {
      const found = traders.get(symbol);
      if (found !== undefined) return found;
      throw new InputError({ what: "market_id", expected: "one with simulated traders", was: symbol });
    },
    start: () => chain.start(),
    stop: () => chain.stop(),
  };
}

function readOnly(was: string): InputError {
  return new InputError({ what: "order", expected: "placed and cancelled by a transaction on the chain", was });
}

function setStatus(
  pair: Pair,
  status: MarketStatus,
  { hub, epochMs }: { readonly hub: MarketEventHub; readonly epochMs: number },
): void {
  if (pair.isOpen === (status === "open")) return;
  pair.isOpen = status === "open";
  hub.publish(toStatusEvent(pair.market, status, epochMs));
}

/** Market data of CONTRACTS 1, after each block: its trades, then the book as it stands. */
class MarketPublisher {
  readonly #hub: MarketEventHub;
  #trades = 0;

  constructor(hub: MarketEventHub) {
    this.#hub = hub;
  }

  publish({ block, pairs }: BlockOutcome, books: readonly Pair[]): void {
    const epochMs = block.timeMs;
    for (const { market, matches } of pairs) {
      for (const match of matches) {
        this.#trades += 1;
        const { size, aggressor } = match;
        const trade = { tradeId: `T-${this.#trades}`, price: printedPrice(match), size, aggressor, epochMs };
        this.#hub.publish(toTradeEvent(market, trade));
      }
    }
    for (const { market, book } of books) {
      this.#hub.publish(toBookEvent(market, book.levels(VISIBLE_LEVELS), epochMs));
    }
  }
}

/** The maker's price; the tick below the midpoint where that lies between two, since the tape knows whole ticks. */
function printedPrice({ buy, sell, aggressor }: BatchMatch) {
  const { numerator, denominator } = aggressor === "buy" ? sell.price : buy.price;
  return toTicks(Math.floor(numerator / denominator));
}
