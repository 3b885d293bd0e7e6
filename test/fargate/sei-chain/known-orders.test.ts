import { describe, expect, it } from "vitest";
import type { Fill } from "../../../core/events.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { KnownOrders } from "../../../fargate/sei-chain/known-orders.ts";

const MARKET = "SEI/USDC";
const AT = { height: 1_000, ms: 5 };
const place = (clientOrderId: string) =>
  ({
    type: "place-order",
    requestId: 1,
    market: MARKET,
    clientOrderId,
    side: "buy",
    price: toTicks(10),
    size: toLots(5),
  }) as const;
const listed = (orderId: string, remaining = 5, price = 10) =>
  ({ orderId, side: "buy", price: toTicks(price), remaining: toLots(remaining) }) as const;

const FILL: Omit<Fill, "clientOrderId" | "fillId" | "size"> = {
  ...{ orderId: "41", market: MARKET, side: "buy", price: toTicks(10), fee: 0n, feeAsset: "USDC" },
  ...{ liquidity: "maker", venueTime: "2025-01-02T03:04:05.000Z" },
};

describe("an order of the chain's list", () => {
  it("is ours by its number, and what it lacks has filled", () => {
    const orders = new KnownOrders();
    orders.placed(place("fm-3-SEIUSDC-b0-1"));
    orders.taken("fm-3-SEIUSDC-b0-1", "41", AT);
    expect(orders.seen(MARKET, listed("41", 2), AT)).toMatchObject({
      ...{ clientOrderId: "fm-3-SEIUSDC-b0-1", orderId: "41", size: 5, filled: 3, status: "partially_filled" },
    });
    expect(orders.clientIdOf(MARKET, "41")).toBe("fm-3-SEIUSDC-b0-1");
    expect(orders.clientIdOf("ATOM/USDC", "41")).toBeUndefined();
  });

  it("is no stranger while a placing of ours that it may be has no number", () => {
    const orders = new KnownOrders();
    orders.placed(place("fm-3-SEIUSDC-b0-1"));
    expect(orders.seen(MARKET, listed("41"), AT)).toBeUndefined();
    expect(orders.seen(MARKET, listed("42", 5, 11), AT)).toMatchObject({ clientOrderId: "fm-0-chain-42" });
    orders.ended("fm-3-SEIUSDC-b0-1");
    expect(orders.seen(MARKET, listed("41"), AT)).toMatchObject({ clientOrderId: "fm-0-chain-41" });
  });

  it("keeps a stranger's first size, so that what it fills later shows, and never names a fill by it", () => {
    const orders = new KnownOrders();
    orders.seen(MARKET, listed("7", 5), AT);
    expect(orders.seen(MARKET, listed("7", 1), AT)).toMatchObject({ size: 5, filled: 4 });
    expect(orders.clientIdOf(MARKET, "7")).toBeUndefined();
  });

  it("of very many the oldest that has ended is forgotten, and never one that may rest", () => {
    const orders = new KnownOrders();
    const id = (number: number) => `fm-3-SEIUSDC-b0-${number}`;
    for (let number = 0; number < 6_000; number += 1) {
      orders.placed(place(id(number)));
      orders.taken(id(number), `${number}`, AT);
      // The first ten rest all the while.
      if (number >= 10) orders.ended(id(number));
    }
    expect(orders.find(id(0))).toMatchObject({ orderId: "0", isEnded: false });
    expect(
      orders.ofCancel({
        type: "cancel-order",
        requestId: 1,
        ...{ market: MARKET, orderId: "0" },
        clientOrderId: id(0),
      }),
    ).toBeDefined();
    expect(orders.find(id(1_009))).toBeUndefined();
    expect(orders.isNumbered(MARKET, "1009")).toBe(false);
    expect(orders.find(id(1_010))).toBeDefined();
  });

  it("has ended once it has filled whole, though a block is told twice", () => {
    const orders = new KnownOrders();
    const clientOrderId = "fm-3-SEIUSDC-b0-1";
    orders.placed(place(clientOrderId));
    orders.taken(clientOrderId, "41", AT);
    const fill = (fillId: string, lots: number) =>
      orders.filled({ ...FILL, clientOrderId, fillId, size: toLots(lots) });
    fill("a", 3);
    fill("a", 3);
    expect(orders.find(clientOrderId)?.isEnded).toBe(false);
    fill("b", 2);
    expect(orders.find(clientOrderId)?.isEnded).toBe(true);
  });
});
