import { describe, expect, it } from "vitest";
import { InputError } from "../../core/errors.ts";
import type { Fill } from "../../core/events.ts";
import { makeMarket } from "../../core/market.ts";
import {
  differingFields,
  isSameFill,
  makeFillMessage,
  parseFillMessage,
  toFillMessage,
  toMessageBody,
} from "../../core/messages.ts";
import { toLots, toTicks } from "../../core/units.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const fill: Fill = {
  fillId: "F-1",
  orderId: "O-1",
  clientOrderId: "fm-3-SEIUSDC-b0-17",
  market: "SEI/USDC",
  side: "buy",
  price: toTicks(4213),
  size: toLots(40),
  fee: 1_600_000_000_000_000n,
  feeAsset: "USDC",
  liquidity: "maker",
  venueTime: "2026-01-02T03:04:05.678Z",
};
const message = makeFillMessage({ fill, market, engineId: "engine-1", midAtFill: 421_450_000_000_000_000n });

describe("the fill message", () => {
  it("has the wire form of the contract", () => {
    expect(message).toEqual({
      version: 1,
      engineId: "engine-1",
      market: "SEI/USDC",
      fillId: "F-1",
      orderId: "O-1",
      clientOrderId: "fm-3-SEIUSDC-b0-17",
      side: "buy",
      price: "0.4213",
      size: "40",
      fee: "0.0016",
      feeAsset: "USDC",
      liquidity: "maker",
      venueTime: "2026-01-02T03:04:05.678Z",
      midAtFill: "0.42145",
    });
  });

  it("is read back through JSON, amounts in 10^-18", () => {
    expect(parseFillMessage(JSON.parse(JSON.stringify(message)))).toMatchObject({
      price: 421_300_000_000_000_000n,
      size: 40n * 10n ** 18n,
      fee: 1_600_000_000_000_000n,
      midAtFill: 421_450_000_000_000_000n,
      venueTime: "2026-01-02T03:04:05.678Z",
    });
  });

  it("of a fill as the ledger holds it is the one it was read from", () => {
    const { midAtFill: _, ...withoutMid } = { ...message, clientOrderId: "" };
    for (const each of [message, withoutMid]) expect(toFillMessage(parseFillMessage(each))).toEqual(each);
  });

  it("has no character in its body that the queue refuses", () => {
    const odd = { ...message, fillId: "F-\uFFFE\uFFFF-é" };
    const body = toMessageBody(odd);
    expect(body).not.toMatch(/[\uFFFE\uFFFF]/);
    expect(JSON.parse(body)).toEqual(odd);
  });

  it("may lack the mid, and a client order id", () => {
    const { midAtFill: _, ...withoutMid } = { ...message, clientOrderId: "" };
    expect(parseFillMessage(withoutMid)).toMatchObject({ midAtFill: undefined, clientOrderId: "" });
  });

  it.each<[string, unknown, string]>([
    ["version", 2, "version"],
    ["market", "SEI-USDC", "market"],
    ["market", "sei/usdc", "market"],
    ["fillId", "", "fillId"],
    ["fillId", "a b", "fillId"],
    ["fillId", "a\nb", "fillId"],
    ["fillId", "\ud800", "fillId"],
    ["fillId", "x".repeat(129), "fillId"],
    ["fillId", "é".repeat(65), "fillId"],
    ["fillId", 7, "fillId"],
    ["orderId", null, "orderId"],
    ["clientOrderId", undefined, "clientOrderId"],
    ["side", "BUY", "side"],
    ["price", "NaN", "price"],
    ["price", 0.4213, "price"],
    ["price", "0", "price"],
    ["price", "-1", "price"],
    ["price", "1e309", "price"],
    ["price", "0.0000000000000000001", "price"],
    ["price", "1000000000000", "price"],
    ["size", "0x10", "size"],
    ["size", "999999999999999", "size"],
    ["fee", "", "fee"],
    ["fee", "-1000000000000", "fee"],
    ["feeAsset", "__proto__", "feeAsset"],
    ["liquidity", "both", "liquidity"],
    ["venueTime", "2026-02-29T03:04:05.678Z", "venueTime"],
    ["venueTime", "2026-01-02T24:00:00.000Z", "venueTime"],
    ["venueTime", "2026-01-02T03:04:60.000Z", "venueTime"],
    ["venueTime", "2026-01-02T03:04:05Z", "venueTime"],
    ["venueTime", "2026-01-02T03:04:05.678+00:00", "venueTime"],
    ["midAtFill", "x", "midAtFill"],
  ])("with %s %j is refused by name", (field, value, what) => {
    const parse = () => parseFillMessage({ ...message, [field]: value });
    expect(parse).toThrow(InputError);
    expect(parse).toThrow(new RegExp(`^${what} must be`));
  });

  it.each([null, 1, "text", [], [message]])("%j is refused as a whole", (value) => {
    expect(() => parseFillMessage(value)).toThrow(/^fill message must be a JSON object/);
  });

  it("is refused when price times size could not be kept", () => {
    expect(() => parseFillMessage({ ...message, price: "99999999", size: "99999999" })).toThrow(/^price × size/);
  });

  it("takes 29 February of a leap year", () => {
    const venueTime = "2028-02-29T23:59:59.999Z";
    expect(parseFillMessage({ ...message, venueTime }).venueTime).toBe(venueTime);
  });
});

describe("two copies of a fill", () => {
  const first = parseFillMessage(message);

  it.each([{ engineId: "engine-2" }, { midAtFill: "0.5" }, { price: "0.42130" }, { size: "40.0" }])(
    "are the same with %j",
    (other) => {
      expect(isSameFill(first, parseFillMessage({ ...message, ...other }))).toBe(true);
    },
  );

  it.each([
    { fillId: "F-2" },
    { market: "SEI/USDT" },
    { orderId: "O-2" },
    { clientOrderId: "" },
    { side: "sell" },
    { price: "0.4214" },
    { size: "41" },
    { fee: "0.0017" },
    { feeAsset: "SEI" },
    { liquidity: "taker" },
    { venueTime: "2026-01-02T03:04:05.679Z" },
  ])("differ with %j", (other) => {
    expect(isSameFill(first, parseFillMessage({ ...message, ...other }))).toBe(false);
  });
});

it("two copies of a fill differ in what the venue says of it, not in the engine or the mid", () => {
  const one = parseFillMessage(message);
  const other = {
    ...one,
    engineId: "fill-audit",
    midAtFill: undefined,
    price: one.price + 1n,
    liquidity: "taker",
  } as const;
  expect(differingFields(one, other)).toEqual(["price", "liquidity"]);
  expect(isSameFill(one, other)).toBe(false);
});
