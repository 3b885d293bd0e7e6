import { expect, test } from "vitest";
import { emptyBooks } from "../../core/accounting/pnl.ts";
import { Engine } from "../../core/engine.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { toMarketSettings, toShardLimits } from "../../fargate/market-settings.ts";
import { endOwnOrders, START_ORDERS_WITHIN_MS } from "../../fargate/wind-down.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { MARKET_CONFIG, SHARD_LIMITS } from "./make-engine.ts";

/** The start's proof that a venue has no order of ours, asked by what the request budget lets past; it is told to stop at `stopMs`. */
function makeStart(markets: number, { isSilent = false, stopMs = Number.POSITIVE_INFINITY } = {}) {
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
    let requestId = budget.take("query", clock.now());
    while (requestId === undefined) {
      await new Promise<void>((resolve) => clock.after(Math.max(1, budget.nextFreeMs("query", clock.now())), resolve));
      requestId = budget.take("query", clock.now());
    }
    if (isSilent) return await new Promise<never>(() => undefined);
    budget.settle(requestId, clock.now());
    return { value: [], askedMs: clock.now().monotonicMs };
  };
  const venue = { openOrders, execute: () => undefined };
  const isGivenUp = () => time.nowMs >= stopMs;
  return { time, ended: endOwnOrders({ epoch: 1, engine, venue, budget, clock, isGivenUp }, START_ORDERS_WITHIN_MS) };
}

test.each([1, 3, 10])(
  "%d markets are proven to have no order of ours open at the first try of a start",
  async (markets) => {
    const { time, ended } = makeStart(markets);
    expect(await time.settled(ended, "the proof")).toMatch(/^ended: M0\/USDC 0/);
    expect(time.nowMs).toBeLessThan(Math.max(START_ORDERS_WITHIN_MS, 700 * markets));
  },
);

test.each([1, 7, 10])("%d markets of a venue that says nothing hold a stop up by one list at most", async (markets) => {
  const stopMs = 200;
  const { time, ended } = makeStart(markets, { isSilent: true, stopMs });
  await expect(time.settled(ended, "the proof")).rejects.toThrow("none shown, but that is not proven");
  // The stop itself may take 10 s for orders at least, 6 s for fills and 5 s for the rest, of 29.
  expect(time.nowMs - stopMs).toBeLessThanOrEqual(5_500);
});
