import { describe, expect, it } from "vitest";
import type { OrderState } from "../../../core/order-states.ts";
import { QuoteMeter } from "../../../core/quoting/quote-meter.ts";
import type { Side } from "../../../core/units.ts";
import { makeOrder } from "../make-events.ts";

const order = (side: Side, state: OrderState = "live") => makeOrder({ clientOrderId: `${side} ${state}`, side, state });
const both = [order("buy"), order("sell", "partially-filled")];

describe("the share of time with both sides", () => {
  it("is not known before any time has passed", () => {
    const meter = new QuoteMeter();
    meter.record(both, false, 0);
    expect(meter.twoSidedRatio).toBeUndefined();
  });

  it("counts the time in which both rest", () => {
    const meter = new QuoteMeter();
    meter.record(both, false, 0);
    meter.record(both, false, 300);
    meter.record(both, true, 400);
    expect(meter.twoSidedRatio).toBe(1);
  });

  it.each([
    ["no order", []],
    ["one side", [order("buy"), order("buy", "partially-filled")]],
    ["a side that is being cancelled", [order("buy"), order("sell", "cancel-sent")]],
    ["a side of unproven fate", [order("buy"), order("sell", "place-unknown")]],
    ["a side that nobody answered", [order("buy", "sent"), order("sell")]],
    ["a stray", [order("buy"), order("sell", "external")]],
  ])("does not count %s", (_name, open) => {
    const meter = new QuoteMeter();
    meter.record(open, false, 0);
    meter.record(open, false, 300);
    expect(meter.twoSidedRatio).toBe(0);
  });

  it("an interval belongs to the orders that stood in it, not to those that came at its end", () => {
    const meter = new QuoteMeter();
    meter.record([], false, 0);
    meter.record(both, false, 900);
    meter.record([], false, 1_000);
    expect(meter.twoSidedRatio).toBe(0.1);
  });

  it("a clock that stands still counts nothing", () => {
    const meter = new QuoteMeter();
    meter.record(both, false, 100);
    meter.record(both, false, 100);
    meter.record(both, false, 50);
    expect(meter.twoSidedRatio).toBeUndefined();
  });
});

describe("the time without an order", () => {
  it("is none before anything was recorded", () => {
    expect(new QuoteMeter().unquotedMs(1_000)).toBe(0);
  });

  it("grows from the last order that rested", () => {
    const meter = new QuoteMeter();
    meter.record([order("buy")], false, 100);
    meter.record([order("buy", "cancel-sent")], false, 200);
    meter.record([], false, 900);
    expect(meter.unquotedMs(1_000)).toBe(900);
    meter.record([order("sell", "partially-filled")], false, 1_100);
    expect(meter.unquotedMs(1_100)).toBe(0);
  });

  it("does not grow while the market is blocked", () => {
    const meter = new QuoteMeter();
    meter.record([], false, 0);
    meter.record([], true, 5_000);
    expect(meter.unquotedMs(5_250)).toBe(250);
  });
});
