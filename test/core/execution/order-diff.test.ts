import { describe, expect, it } from "vitest";
import type { BookUpdate } from "../../../core/events.ts";
import { diffOrders } from "../../../core/execution/order-diff.ts";
import type { Order } from "../../../core/order.ts";
import type { OrderState } from "../../../core/order-states.ts";
import type { RefreshTolerance } from "../../../core/quoting/parameters.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { makeBook, makeOrder } from "../make-events.ts";

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

type World = { readonly nowMs?: number; readonly book?: BookUpdate };

function diff(
  wanted: readonly Quote[],
  open: readonly Order[],
  change: Partial<RefreshTolerance> = {},
  { nowMs = 0, book }: World = {},
) {
  const { removals, changes } = diffOrders(wanted, open, { ...tolerance, ...change }, { nowMs, book });
  return {
    cancels: removals.map((each) => each.order.clientOrderId),
    moves: changes.flatMap(({ order: from, quote: to }) =>
      from === undefined ? [] : [`${from.clientOrderId} to ${to.price}`],
    ),
    places: changes.flatMap(({ order: from, quote: to }) =>
      from === undefined ? [`${to.side}${to.level}@${to.price}`] : [],
    ),
  };
}

/** Of the only change. */
function gainOf(wanted: readonly Quote[], open: readonly Order[], book?: BookUpdate): number | undefined {
  const { changes } = diffOrders(wanted, open, { priceTicks: 0, sizePercent: 0 }, { nowMs: 0, book });
  return changes[0]?.gain;
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
      "an older order beside one on its way is not moved: they would be three",
      [quote("buy", 0, 50)],
      [order("buy", 0, 45), order("buy", 0, 50, "sent")],
      [],
      [],
    ],
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
    const open = [order("buy", 0, 53), order("buy", 1, 55), order("sell", 0, 52)];
    expect(diff(wanted, open).cancels).toEqual(["sell0@52", "buy1@55", "buy0@53"]);
  });

  it("an outer level is dangerous from the price on that the level before it gives, and until then only out of its place", () => {
    const wanted = [quote("buy", 0, 50), quote("buy", 1, 45)];
    const inner = order("buy", 0, 50);
    expect(diff(wanted, [inner, order("buy", 1, 50)])).toEqual({ cancels: [], moves: ["buy1@50 to 45"], places: [] });
    expect(diff(wanted, [inner, order("buy", 1, 51)])).toMatchObject({ cancels: ["buy1@51"], moves: [] });
    // Where the level before it is not wanted, nobody is given a better price than its own.
    expect(diff(wanted.slice(1), [order("buy", 1, 47)]).cancels).toEqual(["buy1@47"]);
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

  it("an order past its age is placed anew when there are requests for it, and none is without one", () => {
    const standing: [readonly Quote[], readonly Order[]] = [[quote("buy", 0, 50)], [order("buy", 0, 51)]];
    expect(diff(...standing, { ageMsMax: 9_000 }, { nowMs: 9_000 }).moves).toEqual([]);
    expect(diff(...standing, { ageMsMax: 9_000 }, { nowMs: 9_001 })).toEqual({
      cancels: [],
      moves: ["buy0@51 to 50"],
      places: [],
    });
    expect(diff(...standing, {}, { nowMs: 1e9 }).moves).toEqual([]);
  });
});

/** By hand: behind what one taker of the quote's own size on average takes, 100, a queue of n leaves e^(−n/100), and a twentieth comes anyhow. */
const behind = (n: number): number => 0.05 + 0.95 * Math.exp(-n / 100);

describe("what a change gains", () => {
  const bookOf = (...bids: [number, number][]) => makeBook({ bids, asks: [[60, 500]] });

  it("an empty slot: all of what would reach it, less with what stands before it and with every level further out", () => {
    const wanted = [quote("buy", 0, 50), quote("buy", 1, 45)];
    expect(gainOf(wanted, [order("buy", 1, 45)])).toBe(1);
    expect(gainOf(wanted, [order("buy", 0, 50)])).toBeCloseTo(behind(100), 12);
    // 40 others before it and 60 at its price, and 30 behind it, which do not count.
    const book = bookOf([51, 40], [50, 60], [49, 30]);
    expect(gainOf([quote("buy", 0, 50)], [], book)).toBeCloseTo(behind(100), 12);
  });

  it("our own orders are none of the others, whether the book shows them yet or not", () => {
    const wanted = [quote("buy", 0, 50), quote("buy", 1, 45)];
    for (const shownSize of [0, 100]) {
      const book = bookOf([50, 40 + shownSize], [44, 10]);
      const gain = gainOf(wanted, [order("buy", 0, 50)], book);
      if (shownSize === 0) expect(gain).toBeCloseTo(behind(100), 12);
      else expect(gain).toBeCloseTo(behind(140), 12);
    }
  });

  it("a move: the more, the further off the order stands, on either side alike", () => {
    const quoted = (price: number) => [quote("buy", 0, price, 100)];
    // A thousandth is ten basis points: takers are fewer by a factor e.
    expect(gainOf(quoted(10_000), [order("buy", 0, 9_990)])).toBeCloseTo(1 - Math.exp(-1), 12);
    expect(gainOf(quoted(10_000), [order("buy", 0, 9_980)])).toBeCloseTo(1 - Math.exp(-2), 12);
    const asks = [quote("sell", 0, 10_000)];
    expect(gainOf(asks, [order("sell", 0, 10_010)])).toBeCloseTo(1 - Math.exp(-1), 12);
  });

  it("a move behind a deep book, which nothing but a move of the price reaches: little, and more than nothing", () => {
    const quoted = [quote("buy", 0, 10_000, 100)];
    const deep = bookOf([10_001, 1_000_000]);
    expect(gainOf(quoted, [order("buy", 0, 9_960)], deep)).toBeCloseTo(0.05 * (1 - Math.exp(-4)), 12);
    expect(gainOf(quoted, [order("buy", 0, 9_999)], deep)).toBeCloseTo(0.05 * (1 - Math.exp(-0.1)), 12);
  });

  it("more size at the same price is not worth the place in a long queue, until little of the order is left", () => {
    const left = (filled: number) => [order("buy", 0, 50, "live", 100, filled)];
    const long = bookOf([50, 300]);
    expect(gainOf([quote("buy", 0, 50)], left(30), long)).toBeUndefined();
    expect(gainOf([quote("buy", 0, 50)], left(95), long)).toBeGreaterThan(0);
    // With nobody else there it costs no place.
    expect(gainOf([quote("buy", 0, 50)], left(30))).toBeGreaterThan(0);
  });
});
