import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Order, OrderState } from "../../../core/orders.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { admitQuote, exposureOf, shapeQuotes, withQuote } from "../../../core/risk/gate.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { makeOrder } from "../make-events.ts";

const limits = { orderSize: toLots(1_000), position: toLots(2_000), bookAgeMs: 1_000 };

function quote(side: Side, price: number, size: number): Quote {
  return { side, level: 0, price: toTicks(price), size: toLots(size) };
}

function order(side: Side, price: number, size: number, state: OrderState = "live", filled = 0): Order {
  return makeOrder({
    clientOrderId: `${side}-${price}-${size}-${state}`,
    side,
    price: toTicks(price),
    size: toLots(size),
    state,
    filledReported: toLots(filled),
    filledBooked: toLots(filled),
  });
}
function admit(wanted: Quote, position: number, open: readonly Order[]) {
  return admitQuote({ quote: wanted, exposure: exposureOf(toLots(position), open), limits, open });
}

describe("worst-case exposure", () => {
  it.each<[OrderState, number]>([
    ["sent", 500],
    ["live", 500],
    ["cancel-sent", 500],
    ["place-unknown", 500],
    ["cancel-unknown", 500],
    ["filled", 0],
    ["cancelled", 0],
    ["rejected", 0],
  ])("an order in state %s adds %i", (state, added) => {
    expect(exposureOf(toLots(100), [order("buy", 10, 500, state)])).toEqual({ long: 100 + added, short: 100 });
    expect(exposureOf(toLots(100), [order("sell", 10, 500, state)])).toEqual({ long: 100, short: 100 - added });
  });

  it("holds all of a cancelled order whose fills are not proven", () => {
    const cancelled = { ...order("buy", 10, 500, "cancelled", 200), isFillKnown: false };
    expect(exposureOf(toLots(200), [cancelled]).long).toBe(500);
  });

  it("leaves out what has filled already", () => {
    expect(exposureOf(toLots(200), [order("buy", 10, 500, "live", 200)]).long).toBe(500);
  });
});

describe("one placing", () => {
  it.each([
    ["the largest order just passes", quote("buy", 10, 1_000), 0, [], undefined],
    ["one lot more does not", quote("buy", 10, 1_001), 0, [], "order-size"],
    ["the position limit just passes", quote("buy", 10, 1_000), 1_000, [], undefined],
    ["one lot over does not", quote("buy", 10, 1_000), 1_001, [], "position"],
    ["a short position is limited as well", quote("sell", 10, 1_000), -1_001, [], "position"],
    ["a full long position may be sold", quote("sell", 10, 1_000), 2_000, [], undefined],
    [
      "an unknown order counts in full",
      quote("buy", 10, 1_000),
      0,
      [order("buy", 9, 1_001, "place-unknown")],
      "position",
    ],
    [
      "an order being cancelled counts in full",
      quote("buy", 10, 1_000),
      0,
      [order("buy", 9, 1_001, "cancel-sent")],
      "position",
    ],
    ["our own ask is not taken", quote("buy", 10, 1), 0, [order("sell", 10, 1, "cancel-sent")], "self-match"],
    ["our own bid is not hit", quote("sell", 10, 1), 0, [order("buy", 10, 1, "place-unknown")], "self-match"],
    ["our own ask behind is no match", quote("buy", 10, 1), 0, [order("sell", 11, 1)], undefined],
    [
      "one unknown order does not stop placing",
      quote("buy", 10, 1),
      0,
      [order("buy", 9, 1, "place-unknown")],
      undefined,
    ],
    [
      "two do",
      quote("buy", 10, 1),
      0,
      [order("buy", 9, 1, "place-unknown"), order("buy", 8, 1, "cancel-unknown")],
      "unknown-orders",
    ],
  ])("%s", (_name, wanted, position, open, reason) => {
    expect(admit(wanted, position, open)).toBe(reason);
  });
});

describe("shaping", () => {
  it("cuts the outermost quote to what the position leaves, and denies what has nothing left", () => {
    const wanted = [quote("buy", 10, 800), quote("buy", 9, 800), quote("buy", 8, 800)];
    const shaped = shapeQuotes(wanted, toLots(1_000), limits);
    expect(shaped.quotes.map((each) => each.size)).toEqual([800, 200]);
    expect(shaped.denials).toEqual([{ quote: wanted[2], reason: "position" }]);
  });

  it("never lets the worst case over the limit, whatever is wanted", () => {
    const quotes = fc.array(
      fc.record({ side: fc.constantFrom<Side>("buy", "sell"), size: fc.integer({ min: 0, max: 1_500 }) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(quotes, fc.integer({ min: -2_000, max: 2_000 }), (wanted, position) => {
        const shaped = shapeQuotes(
          wanted.map(({ side, size }) => quote(side, 10, size)),
          toLots(position),
          limits,
        );
        let exposure = exposureOf(toLots(position), []);
        for (const each of shaped.quotes) exposure = withQuote(exposure, each);
        expect(exposure.long).toBeLessThanOrEqual(limits.position);
        expect(exposure.short).toBeGreaterThanOrEqual(-limits.position);
        expect(shaped.quotes.length + shaped.denials.length).toBe(wanted.length);
      }),
    );
  });
});
