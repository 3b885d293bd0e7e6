/** What a strategy may and may not be in the configuration, each fault in words. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Config, ConfigError, loadConfig } from "../../fargate/config.ts";

const ENV = {
  CAMBRIAN_API_KEY: "key-1",
  CAMBRIAN_SECRET_KEY: "secret-1",
  FILLS_QUEUE_URL: "http://127.0.0.1/q",
  TABLE_NAME: "flashmm-ledger",
};
const LOCAL = JSON.parse(readFileSync("config/local.json", "utf8"));
const [MARKET] = LOCAL.markets;

const AVELLANEDA = {
  type: "avellaneda-stoikov",
  riskAversion: 0.01,
  halfSpreadBpsMin: 2,
  halfSpreadBpsMax: 40,
  skewBpsMax: 20,
  warmUpHalfSpreadBps: 10,
  levels: 2,
  levelSpacingBps: 5,
  orderSize: "500",
  refreshToleranceTicks: 1,
  refreshTolerancePercent: 50,
};

function load(markets: readonly object[]): Config {
  return loadConfig({ env: ENV, readFile: () => JSON.stringify({ ...LOCAL, markets }) });
}

/** The local market with some of its strategy changed, or with another one. */
function marketWith(change: object, strategy: object = MARKET.strategy): object {
  return { ...MARKET, strategy: { ...strategy, ...change } };
}

function faultsOf(...markets: readonly object[]): readonly string[] {
  try {
    load(markets);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => fault.replace("markets[0].strategy.", ""));
    throw error;
  }
  return [];
}

describe("a strategy in the configuration", () => {
  it("may be either one, and its parts have the defaults of what they leave out", () => {
    const parts = { improve: {}, markout: {}, volatility: {}, intensity: {}, flowGuard: { orders: 3 }, fairValue: {} };
    expect(load([marketWith(parts, AVELLANEDA)]).markets[0]?.strategy).toEqual({
      ...AVELLANEDA,
      improve: { ticks: 1, edgeBps: 0, adverseBps: 1 },
      markout: { widenFactor: 1, widenBpsMax: 10, thinPercent: 50 },
      volatility: { halfLifeSeconds: 60, warmUpSeconds: 30, warmUpChanges: 10 },
      intensity: { halfLifeSeconds: 600, tradesMin: 40 },
      flowGuard: { windowSeconds: 60, orders: 3 },
      fairValue: { source: "microprice", levels: 5 },
    });
  });

  it.each<[string, object, string]>([
    ["a parameter of another strategy", { riskAversion: 0.01 }, "riskAversion is not a known key"],
    ["a near miss in a part", { improve: { tick: 1 } }, 'improve.tick is not a known key, did you mean "ticks"?'],
    [
      "a last level above the largest order",
      { levelSizeIncrement: "501" },
      'levelSizeIncrement must be such that the last level is at most limits.orderSize (1000), was "501"',
    ],
    [
      "an increment off the lot",
      { levelSizeIncrement: "0.5" },
      'levelSizeIncrement must be a positive multiple of 1, was "0.5"',
    ],
    [
      "levels that pass the position",
      { levels: 10, orderSize: "500", levelSizeIncrement: "1" },
      "markets[0].limits.position must be at least strategy.levels × strategy.orderSize (10 × 500 with 1 more each)",
    ],
    [
      "a size to stand behind off the lot",
      { improve: { behindSize: "0.5" } },
      'improve.behindSize must be a positive multiple of 1, was "0.5"',
    ],
    [
      "a most below the least that betters",
      { improve: { ticks: 3, ticksMax: 2 } },
      "improve.ticksMax must be at least improve.ticks (3), was 2",
    ],
    [
      "a floor off the tick",
      { priceFloor: "0.41215" },
      'priceFloor must be a positive multiple of 0.0001, was "0.41215"',
    ],
    [
      "a band without a middle",
      { priceFloor: "0.5", priceCeiling: "0.5" },
      'priceCeiling must be above strategy.priceFloor (0.5), was "0.5"',
    ],
    [
      "a price source of another name",
      { fairValue: { source: "last" } },
      'fairValue.source must be one of mid, microprice, weighted, was "last"',
    ],
    ["a guard without a limit", { flowGuard: {} }, "flowGuard.orders must be a number from 0.1 to 1000, was absent"],
  ])("%s is one fault that says so", (_name, change, fault) => {
    const faults = faultsOf(marketWith(change));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it.each<[string, object, string]>([
    ["no aversion", { riskAversion: undefined }, "riskAversion must be a number from 0.000001 to 10, was absent"],
    ["bounds that are none", { halfSpreadBpsMax: 1 }, "halfSpreadBpsMax must be at least halfSpreadBpsMin (2), was 1"],
    [
      "a warm-up outside the bounds",
      { warmUpHalfSpreadBps: 41 },
      "warmUpHalfSpreadBps must be from halfSpreadBpsMin to halfSpreadBpsMax (2 to 40), was 41",
    ],
    ["a parameter of another strategy", { halfSpreadBps: 6 }, "halfSpreadBps is not a known key"],
  ])("Avellaneda–Stoikov with %s is one fault that says so", (_name, change, fault) => {
    const faults = faultsOf(marketWith(change, AVELLANEDA));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it("a reference is another market of the file", () => {
    const follows = (market: string) => marketWith({ fairValue: { reference: { market, weight: 0.5 } } });
    const other = { ...MARKET, symbol: "ETH/USDC" };
    expect(faultsOf(follows("SEI/USDC"))).toEqual([
      'fairValue.reference.market must be another market of the file, which has none, was "SEI/USDC"',
    ]);
    expect(faultsOf(follows("BTC/USDC"), other)).toEqual([
      'fairValue.reference.market must be one of ETH/USDC, was "BTC/USDC"',
    ]);
    expect(faultsOf(follows("ETH/USDC"), other)).toEqual([]);
  });

  it("or, where it names none, the market's own price from outside, which is asked for often enough", () => {
    const market = marketWith({ fairValue: { reference: { weight: 0.5, ageMs: 1_500 } } });
    const referencePrice = { url: "https://prices.example/last?symbol=SEI", pricePointer: "/data/0/last" };
    expect(faultsOf(market)).toEqual([
      "fairValue.reference.market must be given, since the market has no referencePrice that could be followed in its place, was absent",
    ]);
    expect(faultsOf({ ...market, referencePrice })).toEqual([]);
    expect(faultsOf({ ...market, referencePrice: { ...referencePrice, pollMs: 1_500 } })).toEqual([
      "fairValue.reference.ageMs must be above the market's referencePrice.pollMs (1500), or the price is mostly too old, was 1500",
    ]);
  });

  it.each([
    ["in clear", { url: "http://prices.example/" }, "referencePrice.url must be an https:// address"],
    ["with a password", { url: "https://me:secret@prices.example/" }, "referencePrice.url must be an https:// address"],
    ["of another kind", { url: "file:///etc/passwd" }, "referencePrice.url must be an https:// address"],
    ["without a pointer's slash", { pricePointer: "last" }, "referencePrice.pricePointer must be a JSON Pointer"],
    ["with a bad escape", { pricePointer: "/a~2" }, "referencePrice.pricePointer must be a JSON Pointer"],
    ["of the whole answer", { pricePointer: "" }, "referencePrice.pricePointer must be a JSON Pointer"],
    ["asked for too often", { pollMs: 249 }, "referencePrice.pollMs must be an integer from 250 to 60000"],
  ])("a price from outside %s is refused", (_name, change, fault) => {
    const referencePrice = { url: "https://prices.example/", pricePointer: "/last", ...change };
    const faults = faultsOf({ ...MARKET, referencePrice });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });
});
