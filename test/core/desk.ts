/** An engine with leave to quote, and hands to tell it facts. */
import { emptyBooks } from "../../core/accounting/pnl.ts";
import type { Command } from "../../core/commands.ts";
import { Engine } from "../../core/engine.ts";
import type { EngineEvent } from "../../core/events.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketEngine, MarketSettings } from "../../core/market-engine.ts";
import { toLots } from "../../core/units.ts";
import { instant, orderSeen } from "./make-events.ts";

export const SYMBOL = "SEI/USDC";

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
  limits: { orderSize: toLots(1_000), position: toLots(2_000), bookAgeMs: 1_000 },
};

export const wide = { bids: [[4_200, 100]], asks: [[4_230, 100]] } as const;

/** An engine with a connected feed and leave to quote, and the hands to tell it facts. */
export class Desk {
  readonly engine: Engine;
  readonly budget = new RequestBudget();

  constructor(markets: readonly MarketSettings[] = [settings]) {
    const books = new Map(markets.map((each) => [each.market.symbol, emptyBooks()]));
    this.engine = new Engine({ markets, epoch: 7, budget: this.budget, books, fillsUnreadMsMax: 20_000 });
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
