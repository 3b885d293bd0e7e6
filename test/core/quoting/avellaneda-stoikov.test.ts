import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { avellanedaStoikov, type GlftModel, glft } from "../../../core/quoting/avellaneda-stoikov.ts";
import type { AvellanedaStoikovParameters } from "../../../core/quoting/parameters.ts";
import type { StrategyInput } from "../../../core/quoting/strategy.ts";
import { toLots } from "../../../core/units.ts";
import { AVELLANEDA, makeInput, notesOf, pricesOf, sizesOf } from "./make-input.ts";

function model(change: Partial<GlftModel>): GlftModel {
  const usual = {
    riskAversion: 0.1,
    executionRiskAversion: 0.1,
    fillOrders: 1,
    arrivalsPerSecond: 1,
    decay: 0.5,
    volatility: 2,
  };
  return { ...usual, ...change };
}

/**
 * By hand from arXiv 1605.01862, eq. 4.6 and 4.7, with x = ξΔ/k:
 * - x = 0.1·1/0.5 = 0.2. c1 = ln 1.2 / 0.1 = 0.1823215568 / 0.1 = 1.823215568. 1.2^(5 + 1) = 2.985984.
 *   c2 = √(0.1 / (2·1·1·0.5) · 2.985984) = √0.2985984 = 0.5464415797. half = 1.823215568 + ½·2·0.5464415797 = 2.369657147.
 *   skew = 2·0.5464415797 = 1.092883159.
 * - The figures of Guéant, Lehalle & Fernandez-Tapia 2013: σ 0.3 ticks/√s, A 0.9/s, k 0.3/tick, γ = ξ = 0.01/tick.
 *   x = 1/30. c1 = ln 1.0333333333 / 0.01 = 0.03278982282 / 0.01 = 3.278982282. 1.0333333333^31 = e^1.016484507 = 2.763462.
 *   c2 = √(0.01 / (2·0.9·0.3) · 2.763462) = √0.0511752 = 0.2262193. half = 3.278982 + 0.15·0.2262193 = 3.312915.
 *   skew = 0.3·0.2262193 = 0.06786579.
 * - ξ = 0: c1 = 1/k = 1. c2 = √(0.04·e / (2·1·1·1)) = √0.05436563657 = 0.2331643982. half = 1 + ½·0.2331643982 = 1.116582199.
 * - Δ = 2: x = 0.05·2/0.4 = 0.25. c1 = ln 1.25 / 0.1 = 2.231435513. 1.25^(4 + 1) = 3.0517578125.
 *   c2 = √(0.05 / (2·0.5·2·0.4) · 3.0517578125) = √0.1907348633 = 0.4367320268.
 *   half = 2.231435513 + 1·1.5·0.4367320268 = 2.886533553. skew = 1.5·0.4367320268 = 0.6550980402.
 */
describe("the closed form of Guéant, Lehalle & Fernandez-Tapia", () => {
  it.each<[string, Partial<GlftModel>, number, number]>([
    ["x = 0.2", {}, 2.369657147, 1.092883159],
    [
      "the paper's figures",
      { riskAversion: 0.01, executionRiskAversion: 0.01, arrivalsPerSecond: 0.9, decay: 0.3, volatility: 0.3 },
      3.312915,
      0.06786579,
    ],
    ["ξ = 0", { riskAversion: 0.04, executionRiskAversion: 0, decay: 1, volatility: 1 }, 1.116582199, 0.2331643982],
    [
      "Δ = 2",
      {
        riskAversion: 0.05,
        executionRiskAversion: 0.05,
        fillOrders: 2,
        arrivalsPerSecond: 0.5,
        decay: 0.4,
        volatility: 1.5,
      },
      2.886533553,
      0.6550980402,
    ],
  ])("gives what it gives by hand for %s", (_name, change, halfSpread, skew) => {
    const result = glft(model(change));
    expect(result.halfSpread).toBeCloseTo(halfSpread, 6);
    expect(result.skew).toBeCloseTo(skew, 7);
  });

  it("has no jump where ξ goes to 0", () => {
    const atNone = glft(model({ executionRiskAversion: 0 }));
    const nearNone = glft(model({ executionRiskAversion: 1e-6 }));
    expect(nearNone.halfSpread).toBeCloseTo(atNone.halfSpread, 5);
    expect(nearNone.skew).toBeCloseTo(atNone.skew, 5);
  });

  it("is the same whatever unit prices are in", () => {
    const positive = (max: number) => fc.double({ min: 0.01, max, noNaN: true });
    fc.assert(
      fc.property(positive(1), positive(1), positive(5), positive(5), positive(50), (gamma, xi, k, sigma, unit) => {
        const inOne = glft(model({ riskAversion: gamma, executionRiskAversion: xi, decay: k, volatility: sigma }));
        const inOther = glft(
          model({
            riskAversion: gamma / unit,
            executionRiskAversion: xi / unit,
            decay: k / unit,
            volatility: sigma * unit,
          }),
        );
        expect(inOther.halfSpread / unit / inOne.halfSpread).toBeCloseTo(1, 9);
        expect(inOther.skew / unit / inOne.skew).toBeCloseTo(1, 9);
      }),
    );
  });
});

const fitted = { isFitted: true, arrivalsPerSecond: 1, decayPerTick: 0.5, note: undefined } as const;
const warm = { volatility: 2, intensity: fitted };

function quote(change: Partial<AvellanedaStoikovParameters>, input: Partial<StrategyInput> = {}) {
  return avellanedaStoikov({ ...AVELLANEDA, ...change }, makeInput({ ...warm, ...input }));
}

/** With the half-spread of 2.3697 and the skew of 1.0929 an order from the first line above, 10 orders to the limit. */
describe("quotes of Avellaneda–Stoikov", () => {
  it.each<[string, Partial<AvellanedaStoikovParameters>, Partial<StrategyInput>, number[], number[]]>([
    ["flat: 10,000 ∓ 2.37", {}, {}, [9_997, 9_992], [10_003, 10_008]],
    ["two orders long: 10,000 − 2.19 ∓ 2.37", {}, { inventory: 0.2 }, [9_995, 9_990], [10_001, 10_006]],
    ["two orders short is its mirror", {}, { inventory: -0.2 }, [9_999, 9_994], [10_005, 10_010]],
    [
      "two orders long with a target of two",
      { inventoryTarget: 0.2 },
      { inventory: 0.2 },
      [9_997, 9_992],
      [10_003, 10_008],
    ],
    ["half the skew: 10,000 − 1.09 ∓ 2.37", { skewFactor: 0.5 }, { inventory: 0.2 }, [9_996, 9_991], [10_002, 10_007]],
    [
      "twice the price, twice the ticks: ∓ 4.74",
      {},
      {
        fairValue: 20_000,
        others: { bid: undefined, ask: undefined },
        volatility: 4,
        intensity: { ...fitted, decayPerTick: 0.25 },
      },
      [19_995, 19_985],
      [20_005, 20_015],
    ],
    ["a fee of 3 bps on top: ∓ 5.37", { makerFeeBps: 3 }, {}, [9_994, 9_989], [10_006, 10_011]],
    ["not below the least half-spread", { halfSpreadBpsMin: 8 }, {}, [9_992, 9_987], [10_008, 10_013]],
    ["not above the largest", { halfSpreadBpsMax: 2 }, {}, [9_998, 9_993], [10_002, 10_007]],
    [
      "the skew not above its bound: − 1 ∓ 2.37",
      { skewBpsMax: 1 },
      { inventory: 0.2 },
      [9_996, 9_991],
      [10_002, 10_007],
    ],
    [
      "levels where half the arrivals are left: ln 2 / 0.5 = 1.39 apart",
      { levelArrivalPercent: 50 },
      {},
      [9_997, 9_995],
      [10_003, 10_005],
    ],
  ])("%s", (_name, change, input, bids, asks) => {
    expect(pricesOf(quote(change, input))).toEqual({ bids, asks });
  });

  it.each<[string, Partial<StrategyInput>]>([
    ["volatility", { volatility: undefined }],
    ["intensity", { intensity: { isFitted: false, note: "one-depth" } }],
  ])("without %s it falls back on its warm-up spread and skew, and says so", (_name, input) => {
    const output = quote({ levelArrivalPercent: 50 }, { ...input, inventory: 0.5 });
    expect(pricesOf(output)).toEqual({ bids: [9_984, 9_979], asks: [10_008, 10_013] });
    expect(notesOf(output)).toEqual(["buy: warm-up", "sell: warm-up"]);
  });

  it("says which bound it is held by", () => {
    expect(notesOf(quote({ halfSpreadBpsMin: 8 }))).toContain("buy: half-spread-bound");
    expect(notesOf(quote({ skewBpsMax: 1 }, { inventory: 0.2 }))).toContain("sell: skew-bound");
    expect(notesOf(quote({}))).toEqual([]);
  });

  // e^(−1·0.5) = 0.60653, e^(−1·0.2) = 0.81873, of 500.
  it.each([
    [0.5, 303, 500],
    [0, 500, 500],
    [-0.2, 500, 409],
  ])("η = 1 shapes the sizes at a position of %d", (inventory, bid, ask) => {
    const sizes = sizesOf(quote({ sizeShaping: 1, levels: 1 }, { inventory }));
    expect(sizes).toEqual({ bids: [bid], asks: [ask] });
  });

  it("two levels of twice the size hold the same position in half the orders", () => {
    const small = pricesOf(quote({ positionOrders: 20 }, { inventory: 0.1 }));
    const large = pricesOf(quote({ positionOrders: 10, orderSize: toLots(1_000) }, { inventory: 0.2 }));
    expect(small).toEqual(large);
  });
});
