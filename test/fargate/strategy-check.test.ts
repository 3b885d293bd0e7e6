import { expect, test } from "vitest";
import { checkStrategy } from "../../fargate/strategy-check.ts";
import { loadPlainConfig } from "./plain-config.ts";

const SYMBOL = "SEI/USDC";
const { markets } = loadPlainConfig();
const [market] = markets;
const strategy = market!.strategy;

test("good parameters are given back, with the market and without", () => {
  for (const known of [markets, undefined]) {
    expect(checkStrategy(strategy, { symbol: SYMBOL, markets: known })).toEqual({ strategy, faults: [] });
  }
});

test.each<[string, unknown, readonly string[]]>([
  ["no object", 7, ["strategy must be an object, was 7"]],
  ["nothing", null, ["strategy must be an object, was null"]],
  ["another type", { ...strategy, type: "magic" }, ["strategy.type must be the name of a strategy"]],
  [
    "a near miss and a value out of range, each",
    { ...strategy, halfSpreadBp: 1, levels: 12 },
    [
      "strategy.levels must be an integer from 1 to 10, was 12",
      'strategy.halfSpreadBp is not a known key, did you mean "halfSpreadBps"?',
    ],
  ],
])("%s is refused by name", (_, raw, faults) => {
  for (const known of [markets, undefined]) {
    const verdict = checkStrategy(raw, { symbol: SYMBOL, markets: known });
    expect(verdict).toEqual({ strategy: null, faults: faults.map((fault) => expect.stringContaining(fault)) });
  }
});

test.each<[string, Record<string, unknown>, string]>([
  ["a size above the limit", { orderSize: "1001" }, "strategy.orderSize must be at most limits.orderSize (1000)"],
  ["a size that is no multiple of the lot", { orderSize: "0.5" }, "strategy.orderSize must be"],
  ["more than the position's limit holds", { orderSize: "1000", levels: 6 }, "limits.position must be at least"],
])("%s is refused where the market is known, and passes without it", (_, change, fault) => {
  const raw = { ...strategy, ...change };
  const verdict = checkStrategy(raw, { symbol: SYMBOL, markets });
  expect(verdict).toEqual({ strategy: null, faults: [expect.stringContaining(fault)] });
  expect(verdict.faults[0]).not.toContain("markets[");
  expect(checkStrategy(raw, { symbol: SYMBOL, markets: undefined }).faults).toEqual([]);
});
