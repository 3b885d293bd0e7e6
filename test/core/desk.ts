/** An engine with leave to quote, and hands to tell it facts. */
import { emptyBooks } from "../../core/accounting/pnl.ts";
import type { Command } from "../../core/commands.ts";
import { Engine, type EngineOptions } from "../../core/engine.ts";
import type { EngineEvent } from "../../core/events.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketEngine, MarketSettings } from "../../core/market-engine.ts";
import type { Exposure } from "../../core/risk/gate.ts";
import type { Limits, ShardLimits } from "../../core/risk/limits.ts";
import { orderRisk } from "../../core/risk/shard-risk.ts";
import { toLots } from "../../core/units.ts";
import { instant, orderSeen } from "./make-events.ts";

export const SYMBOL = "SEI/USDC";

export const ONE = 10n ** 18n;

/** Nothing here is reached unless a test tightens it. */
export const limits: Limits = {
  orderSize: toLots(1_000),
  orderValue: 1_000_000n * ONE,
  position: toLots(2_000),
  priceCollarPercent: 10,
  duplicateMs: 0,
  executionsPerMinute: 1_000,
  executionsInARow: 1_000,
  bookAgeMs: 1_000,
  placeBookAgeMs: 1_000,
  midJumpPercent: 50,
  midJumpPauseMs: 5_000,
  spreadPercent: 10,
  startSizePercent: 100,
  startPeriodMs: 0,
};

export const shardLimits: ShardLimits = {
  exposureValue: 1_000_000n * ONE,
  capital: 10_000n * ONE,
  drawdownAlertPercent: 3,
  drawdownReducePercent: 4,
  drawdownHaltPercent: 6,
  dailyLossPercent: 5,
};

export const settings: MarketSettings = {
  market: makeMarket({ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1" }),
  strategy: {
    type: "pure-market-making",
    halfSpreadBps: 5,
    levels: 1,
    levelSpacingBps: 5,
    orderSize: toLots(500),
    inventorySkewBps: 10,
  },
  tolerance: { priceTicks: 0, sizePercent: 20 },
  limits,
};

export const wide = { bids: [[4_200, 100]], asks: [[4_230, 100]] } as const;

/** Settings of the usual market with some limits changed. */
export function withLimits(changed: Partial<Limits>): MarketSettings {
  return { ...settings, limits: { ...limits, ...changed } };
}

/** An engine that was told nothing yet, at epoch 7 unless said otherwise. */
export function makeEngine(markets: readonly MarketSettings[], options: Partial<EngineOptions> = {}): Engine {
  return new Engine({
    markets,
    limits: shardLimits,
    inFlightMax: 5,
    epoch: 7,
    budget: new RequestBudget(),
    books: new Map(markets.map((each) => [each.market.symbol, emptyBooks()])),
    loss: undefined,
    baselines: new Map(),
    fillsUnreadMsMax: 20_000,
    ...options,
  });
}

/** An engine with a connected feed and leave to quote, and the hands to tell it facts. */
export class Desk {
  readonly engine: Engine;
  readonly budget: RequestBudget;

  constructor(markets: readonly MarketSettings[] = [settings], options: Partial<EngineOptions> = {}) {
    this.budget = options.budget ?? new RequestBudget();
    this.engine = makeEngine(markets, { ...options, budget: this.budget });
    this.tell({ type: "feed-connected", endpoint: "wss://one", at: instant(0) });
    for (const { market } of markets) {
      this.tell({ type: "fills-read", market: market.symbol, askedMs: 0, at: instant(0) });
      this.tell({ type: "quoting-allowed", market: market.symbol, by: "start-up", at: instant(0) });
    }
  }

  get market(): MarketEngine {
    const market = this.engine.market(SYMBOL);
    if (market === undefined) throw new Error("no market");
    return market;
  }

  get exposure(): Exposure {
    return orderRisk(this.market.settings.market, this.market.position, this.market.orders.known()).exposure;
  }

  tell(event: EngineEvent): boolean {
    return this.engine.apply(event);
  }

  decide(ms: number): readonly Command[] {
    return this.engine.decide(instant(ms));
  }

  /** Decides and lets the venue take every placing and prove every cancel at once. */
  decideAndAnswer(ms: number): readonly Command[] {
    const commands = this.decide(ms);
    for (const command of commands) this.answer(command, ms + 1);
    return commands;
  }

  /** The stream shows cancelled what the venue has answered to be: the second word, with which an end is proven. */
  showCancelled(commands: readonly Command[], ms: number): void {
    for (const { type, clientOrderId } of commands) {
      const order = this.market.orders.find(clientOrderId);
      if (type !== "cancel-order" || order?.orderId === undefined) continue;
      this.tell(orderSeen({ ...order, orderId: order.orderId, status: "cancelled" }, ms));
    }
  }

  answer(command: Command, ms: number): void {
    this.budget.settle(command.requestId, instant(ms));
    if (command.type === "place-order") this.tell(seenOpen(command, ms));
    if (command.type === "cancel-order") {
      this.tell({
        type: "order-cancelled",
        market: command.market,
        clientOrderId: command.clientOrderId,
        at: instant(ms),
      });
    }
  }
}

function seenOpen(command: Extract<Command, { type: "place-order" }>, ms: number): EngineEvent {
  const { clientOrderId, market, side, price, size } = command;
  return orderSeen({ orderId: `O-${clientOrderId}`, clientOrderId, market, side, price, size, status: "open" }, ms);
}

export function shown(commands: readonly Command[]): string[] {
  return commands.map((command) =>
    command.type === "place-order"
      ? `place ${command.side} ${command.size}@${command.price}`
      : `${command.type} ${command.clientOrderId}`,
  );
}
