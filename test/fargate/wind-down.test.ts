import { expect, test } from "vitest";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { Engine } from "../../core/engine.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { toMarketSettings, toShardLimits } from "../../fargate/market-settings.ts";
import { endOwnOrders, START_ORDERS_WITHIN_MS } from "../../fargate/wind-down.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { MARKET_CONFIG, SHARD_LIMITS } from "./make-engine.ts";

/** The start's proof that a venue has no order of ours, asked by what the request budget lets past. */
function makeStart(markets: number) {
  const time = new VirtualTime();
  const { clock } = time;
  const symbols = Array.from({ length: markets }, (_, index) => `M${index}/USDC`);
  const budget = new RequestBudget({ requestsPerSecond: 9, placementsInFlight: 5 });
  const engine = new Engine({
    markets: symbols.map((symbol) => toMarketSettings({ ...MARKET_CONFIG, symbol })),
    limits: toShardLimits({ shardLimits: SHARD_LIMITS }),
    ...{ inFlightMax: 5, fillsUnreadMsMax: 20_000, epoch: 1, budget, loss: undefined, baselines: new Map() },
    books: new Map(symbols.map((symbol) => [symbol, emptyBooks()])),
  });
  const openOrders = async () => {
    let requestId = budget.take("poll", clock.now());
    while (requestId === undefined) {
      await new Promise<void>((resolve) => clock.after(Math.max(1, budget.nextFreeMs("poll", clock.now())), resolve));
      requestId = budget.take("poll", clock.now());
    }
    budget.settle(requestId, clock.now());
    return [];
  };
  const venue = { openOrders, execute: () => undefined };
  return { time, ended: endOwnOrders({ epoch: 1, engine, venue, budget, clock }, START_ORDERS_WITHIN_MS) };
}

test.each([1, 3, 10])(
  "%d markets are proven to have no order of ours open at the first try of a start",
  async (markets) => {
    const { time, ended } = makeStart(markets);
    expect(await time.settled(ended, "the proof")).toMatch(/^ended: M0\/USDC 0/);
    expect(time.nowMs).toBeLessThan(Math.max(START_ORDERS_WITHIN_MS, 1_250 * markets));
  },
);
