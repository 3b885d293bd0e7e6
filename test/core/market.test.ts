import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatPrice,
  formatSize,
  makeMarket,
  parsePrice,
  parseSize,
  priceToMoney,
  priceToNumber,
  sizeToMoney,
  tickLotMoney,
} from "../../core/market.ts";
import { toLots, toTicks } from "../../core/units.ts";

const sei = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const quarter = makeMarket({ symbol: "ES/USD", tickSize: "0.25", lotSize: "0.001" });

describe("makeMarket", () => {
  it("splits the symbol", () => {
    expect(sei).toMatchObject({
      base: "SEI",
      quote: "USDC",
      tick: { step: 1, decimals: 4 },
      lot: { step: 1, decimals: 0 },
    });
  });

  it.each([
    [{ symbol: "SEIUSDC", tickSize: "0.1", lotSize: "1" }, "symbol must be BASE/QUOTE"],
    [{ symbol: "sei/usdc", tickSize: "0.1", lotSize: "1" }, "symbol must be BASE/QUOTE"],
    [{ symbol: "SEI/USDC", tickSize: "0", lotSize: "1" }, "tickSize must be a positive decimal"],
    [{ symbol: "SEI/USDC", tickSize: "0.1", lotSize: "-1" }, "lotSize must be a positive decimal"],
    [{ symbol: "SEI/USDC", tickSize: "0.0000000001", lotSize: "0.0000000001" }, "tickSize and lotSize must be"],
  ])("refuses %j", (input, message) => {
    expect(() => makeMarket(input)).toThrow(message);
  });
});

describe("parsePrice", () => {
  it.each([
    ["0.4213", 4213],
    ["0.42130", 4213],
    ["0.42130000000000", 4213],
    ["1", 10_000],
    ["12.5", 125_000],
  ])("reads %s as ticks of 0.0001", (text, ticks) => {
    expect(parsePrice(sei, text, "price")).toBe(ticks);
  });

  it.each([
    "NaN",
    "0",
    "0.0000",
    "-0.4213",
    "0.42135",
    "1e-4",
    "0x10",
    "",
    ".5",
    "5.",
    "00.5",
    "1.2.3",
    " 1",
    "٣",
    "9".repeat(20),
    0.4213,
    null,
  ])("refuses %j and names the tick", (value) => {
    expect(() => parsePrice(sei, value, "bids[0].price")).toThrow(
      /^bids\[0\]\.price must be a positive multiple of 0\.0001, was /,
    );
  });

  it("refuses what is between two ticks of 0.25", () => {
    expect(parsePrice(quarter, "4000.75", "price")).toBe(16_003);
    expect(() => parsePrice(quarter, "4000.80", "price")).toThrow("multiple of 0.25");
  });

  it("gives back what formatPrice and formatSize wrote", () => {
    fc.assert(
      fc.property(fc.constantFrom(sei, quarter), fc.integer({ min: 1, max: 2 ** 31 }), (market, value) => {
        expect(parsePrice(market, formatPrice(market, toTicks(value)), "price")).toBe(value);
        expect(parseSize(market, formatSize(market, toLots(value)), "size")).toBe(value);
      }),
    );
  });
});

it("prices and sizes become money at 18 decimals, exactly", () => {
  expect(priceToMoney(sei, toTicks(4213))).toBe(421_300_000_000_000_000n);
  expect(sizeToMoney(sei, toLots(-40))).toBe(-40_000_000_000_000_000_000n);
  expect(priceToNumber(quarter, 3)).toBe(0.75);
});

it("money is the plain product of multiple, step and power of ten, whatever the increments, and a notional a multiple of one tick and lot", () => {
  const decimals = fc.nat({ max: 9 });
  const steps = fc.integer({ min: 1, max: 999_999_999 });
  const multiples = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1_000, max: 1_000 }));
  fc.assert(
    fc.property(
      decimals,
      decimals,
      steps,
      steps,
      multiples,
      multiples,
      (ofTick, ofLot, tickStep, lotStep, price, size) => {
        const tick = { text: "", step: tickStep, decimals: ofTick };
        const lot = { text: "", step: lotStep, decimals: ofLot };
        const market = { ...sei, tick, lot };
        const priced = BigInt(price) * BigInt(tickStep) * 10n ** BigInt(18 - ofTick);
        const sized = BigInt(size) * BigInt(lotStep) * 10n ** BigInt(18 - ofLot);
        expect(priceToMoney(market, toTicks(price))).toBe(priced);
        expect(sizeToMoney(market, toLots(size))).toBe(sized);
        expect(BigInt(price) * BigInt(size) * tickLotMoney(market)).toBe((priced * sized) / 10n ** 18n);
      },
    ),
  );
});
