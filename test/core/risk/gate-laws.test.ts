import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Order } from "../../../core/order.ts";
import type { OrderState } from "../../../core/order-states.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { admitQuote, shapeQuotes, withQuote } from "../../../core/risk/gate.ts";
import type { TradingState } from "../../../core/risk/trading-state.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { limits } from "../desk.ts";
import { exposureOf } from "../exposure-of.ts";
import { makeOrder } from "../make-events.ts";

const side = fc.constantFrom<Side>("buy", "sell");
const state = fc.constantFrom<TradingState>("active", "reducing");
const wanted = fc.array(fc.record({ side, size: fc.integer({ min: 0, max: 1_500 }) }), { maxLength: 20 });
const position = fc.integer({ min: -2_000, max: 2_000 });

function quote(of: Side, price: number, size: number): Quote {
  return { side: of, level: 0, price: toTicks(price), size: toLots(size) };
}

/** What happens next to a market: a wish to place, or a part of one of its orders filling, or one of them losing its state. */
const step = fc.oneof(
  fc.record({ type: fc.constant("place" as const), side, size: fc.integer({ min: 1, max: 1_200 }) }),
  fc.record({ type: fc.constant("fill" as const), pick: fc.nat(), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    type: fc.constant("change" as const),
    pick: fc.nat(),
    to: fc.constantFrom<OrderState>("sent", "live", "cancel-sent", "place-unknown", "external"),
  }),
);

/** A market of orders that fill as they please, and a gate that admits what it likes. */
function play(
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  from: number,
  trading: TradingState,
  check: (position: number, orders: readonly Order[]) => void,
): void {
  let held = from;
  const orders: Order[] = [];
  for (const [index, each] of steps.entries()) {
    if (each.type === "place") {
      const placed = quote(each.side, each.side === "buy" ? 990 : 1_010, each.size);
      const reason = admitQuote({
        quote: placed,
        limits,
        state: trading,
        position: toLots(held),
        exposure: exposureOf(toLots(held), orders),
        orders,
        nowMs: index,
        referencePrice: 1_000,
        bookAgeMs: 0,
        quoteValue: 1n,
        shard: { exposureValue: 0n, exposureValueMax: 1n, inFlight: 0, inFlightMax: 1, isCovered: true },
      });
      if (reason === undefined) orders.push(makeOrder({ ...placed, clientOrderId: `${index}`, state: "intent" }));
    } else if (orders.length > 0) {
      const at = each.pick % orders.length;
      const order = orders[at];
      if (order === undefined) continue;
      if (each.type === "change") {
        orders[at] = { ...order, state: each.to };
      } else {
        const size = Math.floor((order.size - order.filledBooked) * each.share);
        held += order.side === "buy" ? size : -size;
        orders[at] = { ...order, filledBooked: toLots(order.filledBooked + size) };
      }
    }
    check(held, orders);
  }
}

describe("laws of the gate", () => {
  it("whatever is admitted, in any sequence and however it fills, the worst case never passes the limit", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), position, state, (steps, from, trading) => {
        play(steps, from, trading, (held, orders) => {
          const { long, short } = exposureOf(toLots(held), orders);
          expect(long).toBeLessThanOrEqual(limits.position);
          expect(short).toBeGreaterThanOrEqual(-limits.position);
          expect(Math.abs(held)).toBeLessThanOrEqual(limits.position);
        });
      }),
    );
  });

  it("while reducing, no order makes the position larger or turns it, however all fill", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), position, (steps, from) => {
        let before = Math.abs(from);
        play(steps, from, "reducing", (held) => {
          expect(Math.abs(held)).toBeLessThanOrEqual(before);
          expect(Math.sign(held) * Math.sign(from)).toBeGreaterThanOrEqual(0);
          before = Math.abs(held);
        });
      }),
    );
  });

  it("what is shaped stays within the limits, is never larger than wanted, and every quote is told of once", () => {
    fc.assert(
      fc.property(wanted, position, state, fc.integer({ min: 1, max: 100 }), (wishes, from, trading, sizePercent) => {
        const quotes = wishes.map((each) => quote(each.side, 10, each.size));
        const shaped = shapeQuotes(quotes, { position: toLots(from), limits, state: trading, sizePercent });
        let exposure = exposureOf(toLots(from), []);
        for (const each of shaped.quotes) exposure = withQuote(exposure, each);
        expect(exposure.long).toBeLessThanOrEqual(limits.position);
        expect(exposure.short).toBeGreaterThanOrEqual(-limits.position);
        if (trading === "reducing") {
          expect(exposure.long).toBeLessThanOrEqual(Math.max(from, 0));
          expect(exposure.short).toBeGreaterThanOrEqual(Math.min(from, 0));
        }
        expect(shaped.quotes.length + shaped.denials.length).toBe(quotes.length);
        for (const each of shaped.quotes) expect(each.size).toBeGreaterThan(0);
      }),
    );
  });

  it("what is shaped of an idle market is admitted, but for the reasons of the moment", () => {
    fc.assert(
      fc.property(wanted, position, state, (wishes, from, trading) => {
        const quotes = wishes.map((each) => quote(each.side, each.side === "buy" ? 990 : 1_010, each.size));
        const shaped = shapeQuotes(quotes, { position: toLots(from), limits, state: trading, sizePercent: 100 });
        let exposure = exposureOf(toLots(from), []);
        for (const each of shaped.quotes) {
          const reason = admitQuote({
            quote: each,
            limits,
            state: trading,
            position: toLots(from),
            exposure,
            orders: [],
            nowMs: 0,
            referencePrice: 1_000,
            bookAgeMs: 0,
            quoteValue: 1n,
            shard: { exposureValue: 0n, exposureValueMax: 1n, inFlight: 0, inFlightMax: 1, isCovered: true },
          });
          expect(reason).toBeUndefined();
          exposure = withQuote(exposure, each);
        }
      }),
    );
  });
});
