import { describe, expect, it } from "vitest";
import { diffOrders } from "../../../core/execution/order-diff.ts";
import type { Order } from "../../../core/order.ts";
import type { OrderState } from "../../../core/order-states.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { makeOrder } from "../make-events.ts";

const tolerance = { priceTicks: 1, sizePercent: 20 };

function quote(side: Side, level: number, price: number, size = 100): Quote {
  return { side, level, price: toTicks(price), size: toLots(size) };
}

function order(side: Side, level: number, price: number, state: OrderState = "live", size = 100, filled = 0): Order {
  return makeOrder({
    clientOrderId: `${side}${level}@${price}`,
    side,
    level,
    price: toTicks(price),
    size: toLots(size),
    state,
    filledReported: toLots(filled),
    filledBooked: toLots(filled),
  });
}
function diff(wanted: readonly Quote[], open: readonly Order[]) {
  const { cancels, moves, places } = diffOrders(wanted, open, tolerance);
  return {
    cancels: cancels.map((each) => each.clientOrderId),
    moves: moves.map(({ order: from, quote: to }) => `${from.clientOrderId} to ${to.price}`),
    places: places.map((each) => `${each.side}${each.level}@${each.price}`),
  };
}

describe("order diff", () => {
  it.each<[string, readonly Quote[], readonly Order[], string[], string[]]>([
    ["an empty slot is filled", [quote("buy", 0, 50)], [], [], ["buy0@50"]],
    ["an order that is wanted is left alone", [quote("buy", 0, 50)], [order("buy", 0, 50)], [], []],
    ["a price within the tolerance is left alone", [quote("buy", 0, 50)], [order("buy", 0, 51)], [], []],
    ["a price beyond it is replaced", [quote("buy", 0, 50)], [order("buy", 0, 52)], ["buy0@52"], ["buy0@50"]],
    [
      "a size within the tolerance is left alone",
      [quote("buy", 0, 50)],
      [order("buy", 0, 50, "live", 100, 20)],
      [],
      [],
    ],
    [
      "a size too large is replaced",
      [quote("buy", 0, 50, 80)],
      [order("buy", 0, 50, "live", 100)],
      ["buy0@50"],
      ["buy0@50"],
    ],
    ["a quote no more wanted is cancelled", [], [order("sell", 0, 60)], ["sell0@60"], []],
    ["a slot with an unanswered placing waits", [quote("buy", 0, 50)], [order("buy", 0, 70, "sent")], [], []],
    ["a slot of unknown fate waits", [quote("buy", 0, 50)], [order("buy", 0, 70, "place-unknown")], [], []],
    ["a lost cancel makes the slot wait", [quote("buy", 0, 50)], [order("buy", 0, 70, "cancel-unknown")], [], []],
    [
      "a slot being cancelled takes its replacement",
      [quote("buy", 0, 50)],
      [order("buy", 0, 70, "cancel-sent")],
      [],
      ["buy0@50"],
    ],
    ["but one only", [quote("buy", 0, 50)], [order("buy", 0, 70, "cancel-sent"), order("buy", 0, 60, "sent")], [], []],
    [
      "a second live order in a slot goes",
      [quote("buy", 0, 50)],
      [order("buy", 0, 50), order("buy", 0, 51)],
      ["buy0@51"],
      [],
    ],
    ["sides do not share slots", [quote("buy", 0, 50)], [order("sell", 0, 50)], ["sell0@50"], ["buy0@50"]],
  ])("%s", (_name, wanted, open, cancels, places) => {
    expect(diff(wanted, open)).toEqual({ cancels, moves: [], places });
  });

  it("the most dangerous quote goes first: whoever takes it gets the best price", () => {
    const wanted = [quote("buy", 0, 50), quote("buy", 1, 45), quote("sell", 0, 60)];
    const open = [order("buy", 0, 53), order("buy", 1, 49), order("sell", 0, 52)];
    expect(diff(wanted, open).cancels).toEqual(["sell0@52", "buy1@49", "buy0@53"]);
  });

  it.each<[string, readonly Quote[], readonly Order[], string[]]>([
    ["a bid that is too low moves", [quote("buy", 0, 50)], [order("buy", 0, 48)], ["buy0@48 to 50"]],
    ["an ask that is too high moves", [quote("sell", 0, 60)], [order("sell", 0, 62)], ["sell0@62 to 60"]],
    [
      "what a fill has left too small moves",
      [quote("buy", 0, 50)],
      [order("buy", 0, 50, "live", 100, 21)],
      ["buy0@50 to 50"],
    ],
  ])("%s when there are requests for it, and rests until then", (_name, wanted, open, moves) => {
    expect(diff(wanted, open)).toEqual({ cancels: [], moves, places: [] });
  });

  it("the inner levels are placed first", () => {
    const wanted = [quote("buy", 1, 45), quote("sell", 1, 65), quote("buy", 0, 50), quote("sell", 0, 60)];
    expect(diff(wanted, []).places).toEqual(["buy0@50", "sell0@60", "buy1@45", "sell1@65"]);
  });
});
