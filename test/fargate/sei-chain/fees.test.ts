import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeFeeRule } from "../../../fargate/sei-chain/fees.ts";

const SETTINGS = {
  gasDenom: "usei",
  gasPrice: "0.02",
  dexGasPrice: "0.1",
  dexGasPerOrder: 55_000,
  dexGasPerCancel: 53_000,
  dexContracts: 1,
};

describe("the fee", () => {
  it.each([
    ["an order", { orders: 1, cancels: 0, dataBytes: 0 }, 5_500n],
    ["a cancel", { orders: 0, cancels: 1, dataBytes: 0 }, 5_300n],
    ["an order with data", { orders: 1, cancels: 0, dataBytes: 40 }, 5_620n],
    ["a requote of four quotes", { orders: 4, cancels: 4, dataBytes: 0 }, 43_200n],
  ])("of %s holds what the dex module asks for", (_, load, dexFee) => {
    const { amount, gas } = makeFeeRule(SETTINGS)(load);
    expect(amount).toBe(dexFee);
    expect(gas).toBe(Number(dexFee) * 50);
  });

  it("counts each contract that is called", () => {
    const { amount } = makeFeeRule({ ...SETTINGS, dexContracts: 3 })({ orders: 2, cancels: 1, dataBytes: 0 });
    expect(amount).toBe(3n * 16_300n);
  });

  it.each([
    ["0.02", 43_200n],
    ["0.1", 68_000n],
    ["0.1234", 83_912n],
    ["1000000", 680_000_000_000n],
  ])("at %s usei is at most one whole step of gas above what is asked for", (gasPrice, amount) => {
    const fee = makeFeeRule({ ...SETTINGS, gasPrice })({ orders: 4, cancels: 4, dataBytes: 0 });
    expect(fee.amount).toBe(amount);
    expect(fee.gas - 680_000).toBeLessThan(gasPrice === "0.02" ? 2_160_000 : 10_000);
  });

  it.each(["0.12345", "0.1234567", "0.123456789", "0.000000000000000001"])(
    "at %s usei would be a multiple of what is asked for, and is none",
    (gasPrice) => {
      const fault = `gasPrice must be whole units of the denom at 10000 units of gas or fewer (at most four decimals will do), was "${gasPrice}"`;
      expect(() => makeFeeRule({ ...SETTINGS, gasPrice })).toThrow(fault);
    },
  );

  it("is gas at one price to the last unit, and enough for gas and module alike, whatever it is for", () => {
    const price = fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.integer({ min: 0, max: 4 }));
    const count = fc.nat({ max: 60 });
    fc.assert(
      fc.property(price, count, count, fc.nat({ max: 5_000 }), ([units, decimals], orders, cancels, dataBytes) => {
        const scale = 10n ** BigInt(decimals);
        const gasPrice = `${units / scale}.${(units % scale).toString().padStart(decimals, "0")}0`;
        const { amount, gas } = makeFeeRule({ ...SETTINGS, gasPrice })({ orders, cancels, dataBytes });
        expect(amount * scale).toBe(BigInt(gas) * units);
        expect(gas).toBeGreaterThanOrEqual(200_000 + 60_000 * (orders + cancels));
        const dexGas = BigInt(55_000 * orders + 53_000 * cancels + 30 * dataBytes);
        expect(amount * 10n).toBeGreaterThanOrEqual(dexGas);
      }),
    );
  });
});
