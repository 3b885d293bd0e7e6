import { describe, expect, it } from "vitest";
import type { PureMarketMakingParameters } from "../../../core/quoting/parameters.ts";
import { pureMarketMaking } from "../../../core/quoting/pure-market-making.ts";
import type { StrategyInput } from "../../../core/quoting/strategy.ts";
import { toLots } from "../../../core/units.ts";
import { makeInput, notesOf, PURE, pricesOf, sizesOf, top } from "./make-input.ts";

function quote(change: Partial<PureMarketMakingParameters>, input: Partial<StrategyInput> = {}) {
  return pureMarketMaking({ ...PURE, ...change }, makeInput(input));
}

describe("prices of pure market making", () => {
  it.each<[string, Partial<PureMarketMakingParameters>, Partial<StrategyInput>, number[], number[]]>([
    ["as it is", {}, {}, [9_990, 9_985], [10_010, 10_015]],
    ["halfSpreadBps widens both sides", { halfSpreadBps: 20 }, {}, [9_980, 9_975], [10_020, 10_025]],
    ["a half-spread of its own widens one side", { bidHalfSpreadBps: 30 }, {}, [9_970, 9_965], [10_010, 10_015]],
    ["either side may have one", { askHalfSpreadBps: 4 }, {}, [9_990, 9_985], [10_004, 10_009]],
    ["levels adds quotes", { levels: 1 }, {}, [9_990], [10_010]],
    ["levelSpacingBps spreads the levels", { levelSpacingBps: 10 }, {}, [9_990, 9_980], [10_010, 10_020]],
    ["levels stand a tick apart at least", { levelSpacingBps: 0 }, {}, [9_990, 9_989], [10_010, 10_011]],
    ["a long position moves all quotes down", {}, { inventory: 0.5 }, [9_980, 9_975], [10_000, 10_005]],
    ["a short position moves all quotes up", {}, { inventory: -0.5 }, [10_000, 9_995], [10_020, 10_025]],
    ["no skew, no move", { inventorySkewBps: 0 }, { inventory: 1 }, [9_990, 9_985], [10_010, 10_015]],
    ["a position over its limit leans as at the limit", {}, { inventory: 3 }, [9_970, 9_965], [9_990, 9_995]],
    ["at its target nothing leans", { inventoryTarget: 0.5 }, { inventory: 0.5 }, [9_990, 9_985], [10_010, 10_015]],
    ["below its target it leans up", { inventoryTarget: 0.5 }, {}, [10_000, 9_995], [10_020, 10_025]],
    ["volatility widens by its factor", { volatilityWidening: 3 }, { volatility: 2 }, [9_984, 9_979], [10_016, 10_021]],
    ["and only where it is asked to", {}, { volatility: 2 }, [9_990, 9_985], [10_010, 10_015]],
    ["between ticks bids go down and asks up", {}, { fairValue: 10_000.5 }, [9_990, 9_984], [10_011, 10_017]],
    ["the others' best is never taken", {}, { others: top(10_012, 10_014) }, [9_990, 9_985], [10_013, 10_018]],
    [
      "an empty book has nothing to take",
      {},
      { others: { bid: undefined, ask: undefined } },
      [9_990, 9_985],
      [10_010, 10_015],
    ],
  ])("%s", (_name, change, input, bids, asks) => {
    expect(pricesOf(quote(change, input))).toEqual({ bids, asks });
  });

  it("says that the volatility is not known where the spread is to follow it", () => {
    expect(notesOf(quote({ volatilityWidening: 3 }))).toEqual(["buy: warm-up", "sell: warm-up"]);
    expect(notesOf(quote({ volatilityWidening: 3 }, { volatility: 1 }))).toEqual([]);
  });
});

describe("sizes of pure market making", () => {
  it("orderSize is the size of every quote, and each level adds the increment", () => {
    expect(sizesOf(quote({ orderSize: toLots(7) }))).toEqual({ bids: [7, 7], asks: [7, 7] });
    expect(sizesOf(quote({ levelSizeIncrement: toLots(100) }))).toEqual({ bids: [500, 600], asks: [500, 600] });
  });

  // Hummingbot, inventory_skew_calculator.pyx: the bid's factor is 2, 1, 0 at target − R, target, target + R, the ask's 2 − it.
  it.each([
    [-1, 1_000, 0],
    [-0.4, 1_000, 0],
    [-0.2, 750, 250],
    [0, 500, 500],
    [0.1, 375, 625],
    [0.4, 0, 1_000],
    [1, 0, 1_000],
  ])("with a range of 0.4 and a position of %d the bid is of %d and the ask of %d", (inventory, bid, ask) => {
    const { quotes } = quote({ sizeSkewRange: 0.4, levels: 1 }, { inventory });
    expect(quotes.find(({ side }) => side === "buy")?.size ?? 0).toBe(bid);
    expect(quotes.find(({ side }) => side === "sell")?.size ?? 0).toBe(ask);
  });

  it("the skew of sizes is around the target", () => {
    expect(sizesOf(quote({ sizeSkewRange: 0.4, inventoryTarget: 0.3, levels: 1 }, { inventory: 0.3 }))).toEqual({
      bids: [500],
      asks: [500],
    });
  });

  it("a side without a size is missing and says so", () => {
    const output = quote({ sizeSkewRange: 0.4 }, { inventory: 1 });
    expect(pricesOf(output).bids).toEqual([]);
    expect(notesOf(output)).toEqual(["buy 0: no-size", "buy 1: no-size"]);
  });

  it("no shaped size passes the largest order", () => {
    const output = quote({ sizeSkewRange: 0.4, orderSizeMax: toLots(600), levels: 1 }, { inventory: -0.4 });
    expect(sizesOf(output).bids).toEqual([600]);
    expect(notesOf(output)).toContain("buy 0: size-limit");
  });

  it("one that was too large before it was shaped is left to the risk gate: half of a slip is a slip", () => {
    expect(sizesOf(quote({ orderSizeMax: toLots(400), levels: 1 })).bids).toEqual([500]);
  });
});
