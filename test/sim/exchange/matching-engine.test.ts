import fc from "fast-check";
import { expect, test } from "vitest";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import type { TimeInForce } from "../../../sim/exchange/market-place.ts";
import { type Match, MatchingEngine } from "../../../sim/exchange/matching-engine.ts";

type Given = {
  readonly id: string;
  readonly owner?: string;
  readonly side: Side;
  readonly price?: number;
  readonly size: number;
  readonly tif?: TimeInForce;
};

function makeBook(): { engine: MatchingEngine; matches: Match[]; place: (given: Given) => string } {
  const matches: Match[] = [];
  const engine = new MatchingEngine((match) => matches.push(match));
  const place = ({ id, owner, side, price, size, tif }: Given): string => {
    const result = engine.place({
      orderId: id,
      owner: owner ?? id,
      side,
      price: price === undefined ? undefined : toTicks(price),
      size: toLots(size),
      timeInForce: tif ?? "gtc",
    });
    return result.type === "rejected" ? result.reason : result.type;
  };
  return { engine, matches, place };
}

/** What is matched, as `maker<taker size@price`. */
function shown(matches: readonly Match[]): readonly string[] {
  return matches.map((match) => `${match.makerOrderId}<${match.takerOrderId} ${match.size}@${match.price}`);
}

const resting: readonly Given[] = [
  { id: "a1", side: "sell", price: 101, size: 5 },
  { id: "a2", side: "sell", price: 101, size: 5 },
  { id: "a3", side: "sell", price: 103, size: 5 },
  { id: "b1", side: "buy", price: 99, size: 5 },
];

const cases: readonly { name: string; order: Given; result: string; matches: readonly string[]; left?: string }[] = [
  {
    name: "an order takes the best price first, then the oldest order of a price",
    order: { id: "t", side: "buy", price: 103, size: 12 },
    result: "ended",
    matches: ["a1<t 5@101", "a2<t 5@101", "a3<t 2@103"],
  },
  {
    name: "what is left of a gtc order rests at its price",
    order: { id: "t", side: "buy", price: 101, size: 12 },
    result: "resting",
    matches: ["a1<t 5@101", "a2<t 5@101"],
    left: "bids 101x2 99x5 asks 103x5",
  },
  {
    name: "what is left of an ioc order ends",
    order: { id: "t", side: "buy", price: 102, size: 12, tif: "ioc" },
    result: "ended",
    matches: ["a1<t 5@101", "a2<t 5@101"],
    left: "bids 99x5 asks 103x5",
  },
  {
    name: "a fok order that cannot be filled whole touches nothing",
    order: { id: "t", side: "buy", price: 102, size: 11, tif: "fok" },
    result: "cannot-fill-whole",
    matches: [],
    left: "bids 99x5 asks 101x10 103x5",
  },
  {
    name: "a fok order that can be filled whole is",
    order: { id: "t", side: "buy", price: 102, size: 10, tif: "fok" },
    result: "ended",
    matches: ["a1<t 5@101", "a2<t 5@101"],
  },
  {
    name: "a post_only order that would trade is rejected",
    order: { id: "t", side: "sell", price: 99, size: 1, tif: "post_only" },
    result: "would-cross",
    matches: [],
  },
  {
    name: "a post_only order one tick away rests",
    order: { id: "t", side: "sell", price: 100, size: 1, tif: "post_only" },
    result: "resting",
    matches: [],
    left: "bids 99x5 asks 100x1 101x10 103x5",
  },
  {
    name: "a market order takes all there is and never rests",
    order: { id: "t", side: "sell", size: 9, tif: "ioc" },
    result: "ended",
    matches: ["b1<t 5@99"],
    left: "bids  asks 101x10 103x5",
  },
  {
    name: "an order never meets one of its own owner: the newer one ends there",
    order: { id: "t", owner: "a2", side: "buy", price: 103, size: 12 },
    result: "ended",
    matches: ["a1<t 5@101"],
    left: "bids 99x5 asks 101x5 103x5",
  },
];

test.each(cases)("$name", ({ order, result, matches: expected, left }) => {
  const { engine, matches, place } = makeBook();
  for (const given of resting) place(given);
  expect(place(order)).toBe(result);
  expect(shown(matches)).toEqual(expected);
  if (left !== undefined) expect(bookText(engine)).toBe(left);
});

test("a cancelled order is matched no more, and cancelling it again says so", () => {
  const { engine, matches, place } = makeBook();
  for (const given of resting) place(given);
  expect(engine.cancel("a1")).toBe(true);
  expect(engine.cancel("a1")).toBe(false);
  place({ id: "t", side: "buy", price: 101, size: 5 });
  expect(shown(matches)).toEqual(["a2<t 5@101"]);
});

const anyOrder = fc.record({
  side: fc.constantFrom<Side>("buy", "sell"),
  price: fc.integer({ min: 95, max: 105 }),
  size: fc.integer({ min: 1, max: 20 }),
  tif: fc.constantFrom<TimeInForce>("gtc", "ioc", "fok", "post_only"),
  cancels: fc.option(fc.nat({ max: 60 })),
});

test("any flow of orders agrees with the plainest book there is", () => {
  fc.assert(
    fc.property(fc.array(anyOrder, { maxLength: 60 }), (orders) => {
      const { engine, matches, place } = makeBook();
      let plain: { id: string; side: Side; price: number; size: number }[] = [];
      const expected: string[] = [];
      orders.forEach(({ side, price, size, tif, cancels }, index) => {
        const id = `o${index}`;
        const facing = plain
          .filter((o) => o.side !== side && (side === "buy" ? o.price <= price : o.price >= price))
          .sort((a, b) => (side === "buy" ? a.price - b.price : b.price - a.price));
        const depth = facing.reduce((sum, o) => sum + o.size, 0);
        const refused = (tif === "post_only" && depth > 0) || (tif === "fok" && depth < size);
        let left = size;
        for (const maker of refused ? [] : facing) {
          const traded = Math.min(left, maker.size);
          if (traded === 0) break;
          left -= traded;
          maker.size -= traded;
          expected.push(`${maker.id}<${id} ${traded}@${maker.price}`);
        }
        if (!refused && left > 0 && (tif === "gtc" || tif === "post_only")) plain.push({ id, side, price, size: left });
        place({ id, side, price, size, tif });
        if (cancels !== null) {
          engine.cancel(`o${cancels}`);
          plain = plain.filter((o) => o.id !== `o${cancels}`);
        }
        plain = plain.filter((o) => o.size > 0);
      });
      expect(shown(matches)).toEqual(expected);
      const { bids, asks } = engine.levels(1_000);
      const total = (side: Side) => plain.reduce((sum, o) => sum + (o.side === side ? o.size : 0), 0);
      expect(bids.reduce((sum, level) => sum + level.size, 0)).toBe(total("buy"));
      expect(asks.reduce((sum, level) => sum + level.size, 0)).toBe(total("sell"));
      expect(bids.map((level) => level.price)).toEqual([...new Set(bids.map((l) => l.price))].sort((a, b) => b - a));
      if (bids[0] !== undefined && asks[0] !== undefined) expect(bids[0].price).toBeLessThan(asks[0].price);
    }),
    { numRuns: 300 },
  );
});

function bookText(engine: MatchingEngine): string {
  const { bids, asks } = engine.levels(20);
  const text = (levels: typeof bids) => levels.map((level) => `${level.price}x${level.size}`).join(" ");
  return `bids ${text(bids)} asks ${text(asks)}`;
}
