import { expect, test } from "vitest";
import { toMarketSettings } from "../../fargate/market-settings.ts";
import { MARKET_CONFIG } from "./make-engine.ts";

test("sizes become lots, and what is no size stays as it is", () => {
  const settings = toMarketSettings({
    ...MARKET_CONFIG,
    lotSize: "0.5",
    strategy: { ...MARKET_CONFIG.strategy, orderSize: "12.5", refreshToleranceTicks: 2, refreshTolerancePercent: 40 },
    limits: { orderSize: "50", position: "1000", bookAgeMs: 1_500 },
  });
  expect(settings).toEqual({
    market: expect.objectContaining({ symbol: "SEI/USDC", base: "SEI", quote: "USDC" }),
    strategy: {
      type: "pure-market-making",
      halfSpreadBps: 10,
      levels: 2,
      levelSpacingBps: 5,
      orderSize: 25,
      inventorySkewBps: 0,
    },
    tolerance: { priceTicks: 2, sizePercent: 40 },
    limits: { orderSize: 100, position: 2_000, bookAgeMs: 1_500 },
  });
});

test.each([
  { where: "strategy.orderSize", change: { strategy: { ...MARKET_CONFIG.strategy, orderSize: "0.3" } } },
  { where: "limits.orderSize", change: { limits: { ...MARKET_CONFIG.limits, orderSize: "1.5" } } },
  { where: "limits.position", change: { limits: { ...MARKET_CONFIG.limits, position: "NaN" } } },
])("a size in $where that is no multiple of the lot is refused by name", ({ where, change }) => {
  const convert = () => toMarketSettings({ ...MARKET_CONFIG, ...change });
  expect(convert).toThrow(`SEI/USDC ${where} must be a positive multiple of 1`);
});
