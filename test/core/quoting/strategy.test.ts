import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PureMarketMakingParameters } from "../../../core/quoting/parameters.ts";
import { pureMarketMaking } from "../../../core/quoting/strategy.ts";
import { toLots, toTicks } from "../../../core/units.ts";

const parameters: PureMarketMakingParameters = {
  type: "pure-market-making",
  halfSpreadBps: 10,
  levels: 2,
  levelSpacingBps: 5,
  orderSize: toLots(500),
  inventorySkewBps: 20,
};

function others(bid: number, ask: number) {
  return { bid: { price: toTicks(bid), size: toLots(1) }, ask: { price: toTicks(ask), size: toLots(1) } };
}

const wide = { fairValue: 10_000, others: others(9_900, 10_100), inventory: 0 };

function prices(change: Partial<PureMarketMakingParameters>, input: Partial<typeof wide> = {}) {
  const quotes = pureMarketMaking({ ...parameters, ...change }, { ...wide, ...input });
  return {
    bids: quotes.filter((quote) => quote.side === "buy").map((quote) => quote.price),
    asks: quotes.filter((quote) => quote.side === "sell").map((quote) => quote.price),
  };
}

describe("pure market making", () => {
  it.each([
    ["as it is", {}, {}, [9_990, 9_985], [10_010, 10_015]],
    ["halfSpreadBps widens both sides", { halfSpreadBps: 20 }, {}, [9_980, 9_975], [10_020, 10_025]],
    ["levels adds quotes", { levels: 1 }, {}, [9_990], [10_010]],
    ["levelSpacingBps spreads the levels", { levelSpacingBps: 10 }, {}, [9_990, 9_980], [10_010, 10_020]],
    ["levels stand a tick apart at least", { levelSpacingBps: 0 }, {}, [9_990, 9_989], [10_010, 10_011]],
    ["a long position moves all quotes down", {}, { inventory: 0.5 }, [9_980, 9_975], [10_000, 10_005]],
    ["a short position moves all quotes up", {}, { inventory: -0.5 }, [10_000, 9_995], [10_020, 10_025]],
    ["no skew, no move", { inventorySkewBps: 0 }, { inventory: 1 }, [9_990, 9_985], [10_010, 10_015]],
    ["a position over its limit leans as at the limit", {}, { inventory: 3 }, [9_970, 9_965], [9_990, 9_995]],
    ["between ticks bids go down and asks up", {}, { fairValue: 10_000.5 }, [9_990, 9_984], [10_011, 10_017]],
    ["the others' best is never taken", {}, { others: others(10_012, 10_014) }, [9_990, 9_985], [10_013, 10_018]],
  ])("%s", (_name, change, input, bids, asks) => {
    expect(prices(change, input)).toEqual({ bids, asks });
  });

  it("orderSize is the size of every quote", () => {
    const quotes = pureMarketMaking({ ...parameters, orderSize: toLots(7) }, wide);
    expect(quotes.map((quote) => quote.size)).toEqual([7, 7, 7, 7]);
  });

  it("never crosses itself or the others, and stays positive, whatever the input", () => {
    fc.assert(
      fc.property(
        fc.record({
          halfSpreadBps: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
          levels: fc.integer({ min: 1, max: 10 }),
          levelSpacingBps: fc.double({ min: 0, max: 1_000, noNaN: true }),
          inventorySkewBps: fc.double({ min: 0, max: 1_000, noNaN: true }),
        }),
        fc.record({ bid: fc.integer({ min: 1, max: 1_000_000 }), width: fc.integer({ min: 1, max: 1_000 }) }),
        fc.double({ min: -2, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (change, market, inventory, share) => {
          const ask = market.bid + market.width;
          const fairValue = market.bid + share * market.width;
          const { bids, asks } = prices(change, { fairValue, others: others(market.bid, ask), inventory });
          expect(Math.max(...bids, 0)).toBeLessThan(Math.min(...asks));
          expect(Math.max(...bids, 0)).toBeLessThan(ask);
          expect(Math.min(...asks)).toBeGreaterThan(market.bid);
          expect(new Set(bids).size).toBe(bids.length);
          expect(bids.every((bid) => bid > 0)).toBe(true);
          expect([...bids].sort((a, b) => b - a)).toEqual(bids);
          expect([...asks].sort((a, b) => a - b)).toEqual(asks);
        },
      ),
    );
  });
});
