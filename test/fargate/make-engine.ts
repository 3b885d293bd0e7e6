/** A real engine of one market for the tests of what stands around it, and the facts that bring it to quote. */
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { assert } from "../../core/assert.ts";
import type { Command } from "../../core/commands.ts";
import { Engine } from "../../core/engine.ts";
import type { EngineEvent } from "../../core/events.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import type { MarketEngine } from "../../core/market-engine.ts";
import type { LossSnapshot } from "../../core/risk/loss-watch.ts";
import type { Instant } from "../../core/units.ts";
import { toLots } from "../../core/units.ts";
import type { Config, MarketConfig } from "../../fargate/config.ts";
import { toMarketSettings, toShardLimits } from "../../fargate/market-settings.ts";
import { instant, makeBook, orderSeen } from "../core/make-events.ts";

export const MARKET_CONFIG: MarketConfig = {
  symbol: "SEI/USDC",
  tickSize: "0.0001",
  lotSize: "1",
  venue: "cambrian",
  strategy: {
    type: "pure-market-making",
    halfSpreadBps: 10,
    levels: 2,
    levelSpacingBps: 5,
    orderSize: "100",
    inventorySkewBps: 0,
    refreshToleranceTicks: 0,
    refreshTolerancePercent: 0,
  },
  limits: {
    orderSize: "100",
    orderValue: "1000",
    position: "500",
    priceCollarPercent: 10,
    duplicateMs: 0,
    executionsPerMinute: 1_000,
    executionsInARow: 1_000,
    bookAgeMs: 2_000,
    placeBookAgeMs: 2_000,
    midJumpPercent: 50,
    midJumpPauseMs: 0,
    spreadPercent: 100,
    startSizePercent: 100,
    startPeriodMs: 0,
  },
};

export const SHARD_LIMITS: Config["shardLimits"] = {
  exposureValue: "100000",
  capital: "1000",
  drawdownAlertPercent: 3,
  drawdownReducePercent: 4,
  drawdownHaltPercent: 6,
  dailyLossPercent: 50,
};

export function makeEngine(
  options: {
    config?: MarketConfig;
    epoch?: number;
    books?: ReturnType<typeof emptyBooks>;
    loss?: LossSnapshot;
    baseline?: bigint;
  } = {},
) {
  const { config = MARKET_CONFIG, epoch = 3, books = emptyBooks(), loss, baseline } = options;
  const budget = new RequestBudget();
  const engine = new Engine({
    markets: [toMarketSettings(config)],
    limits: toShardLimits({ shardLimits: SHARD_LIMITS }),
    inFlightMax: 5,
    epoch,
    budget,
    books: new Map([[config.symbol, books]]),
    loss,
    baselines: new Map(baseline === undefined ? [] : [[config.symbol, baseline]]),
    fillsUnreadMsMax: 20_000,
  });
  const market = engine.market(config.symbol);
  assert(market !== undefined, "the engine has its market");
  return { engine, market, budget };
}

/** A book of 10 ticks' spread around `mid` (in ticks). */
export function bookAround(mid: number, ms: number, market = MARKET_CONFIG.symbol) {
  return makeBook({
    market,
    ms,
    sequence: Math.round(ms) + 1,
    bids: [
      [mid - 5, 1_000],
      [mid - 6, 1_000],
    ],
    asks: [
      [mid + 5, 1_000],
      [mid + 6, 1_000],
    ],
  });
}

/** Feed and start-up say yes, the fills are known and a book is there: the next decision quotes. */
export function readyToQuote(mid = 5_000, ms = 0, market = MARKET_CONFIG.symbol): readonly EngineEvent[] {
  const at = instant(ms);
  return [
    { type: "feed-connected", endpoint: "ws://node.test", at },
    { type: "fills-read", market, askedMs: ms, at },
    { type: "quoting-allowed", market, by: "start-up", at },
    bookAround(mid, ms, market),
  ];
}

/** What a venue without faults answers to a command. */
export function answerOf(command: Command, at: Instant): EngineEvent | undefined {
  switch (command.type) {
    case "place-order": {
      const { clientOrderId, market, side, price, size } = command;
      const orderId = `O-${clientOrderId}`;
      return orderSeen({ orderId, clientOrderId, market, side, price, size, status: "open" }, at.monotonicMs);
    }
    case "cancel-order":
      return { type: "order-cancelled", market: command.market, clientOrderId: command.clientOrderId, at };
    case "query-order":
      return undefined;
  }
}

/** Decides once and lets the venue answer at once. Answers what was sent. */
export function decideAndAnswer(engine: Engine, budget: RequestBudget, at: Instant): readonly Command[] {
  const commands = engine.decide(at);
  for (const command of commands) {
    budget.settle(command.requestId, at);
    const answer = answerOf(command, at);
    if (answer !== undefined) engine.apply(answer);
  }
  return commands;
}

/** An engine whose four quotes rest at the venue. */
export function makeQuotingEngine(options: Parameters<typeof makeEngine>[0] = {}) {
  const made = makeEngine(options);
  for (const event of readyToQuote()) made.engine.apply(event);
  decideAndAnswer(made.engine, made.budget, instant(0));
  return made;
}

/** The first order of a side, for fills of it. */
export function orderOf(market: MarketEngine, side: "buy" | "sell") {
  const order = market.orders.open().find((each) => each.side === side);
  assert(order !== undefined, `there is an order to ${side}`);
  return { ...order, orderId: order.orderId ?? "", size: toLots(order.size) };
}
