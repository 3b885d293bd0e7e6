/** Laws of the order diff, and what it saves against a plain one on the same wanted quotes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWorthIt, MissedWorth, urgencyOf } from "../../../core/execution/change-worth.ts";
import { diffOrders, OrderDiff, slotOf } from "../../../core/execution/order-diff.ts";
import { RequestBudget, type RequestKind } from "../../../core/execution/request-budget.ts";
import type { Order } from "../../../core/order.ts";
import type { OrderState } from "../../../core/order-states.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { instant, makeOrder } from "../make-events.ts";

const EXACT = { priceTicks: 0, sizePercent: 0 };

const quotes = fc
  .uniqueArray(
    fc.record({
      side: fc.constantFrom<Side>("buy", "sell"),
      level: fc.integer({ min: 0, max: 4 }),
      price: fc.integer({ min: 1, max: 60 }).map(toTicks),
      size: fc.integer({ min: 1, max: 900 }).map(toLots),
    }),
    { selector: slotOf },
  )
  .map((wanted): readonly Quote[] => wanted);

const orders = fc
  .array(
    fc.record({
      side: fc.constantFrom<Side>("buy", "sell"),
      level: fc.integer({ min: -1, max: 5 }),
      price: fc.integer({ min: 1, max: 60 }).map(toTicks),
      size: fc.integer({ min: 1, max: 900 }).map(toLots),
      state: fc.constantFrom<OrderState>(
        "intent",
        "sent",
        "live",
        "partially-filled",
        "cancel-sent",
        "place-unknown",
        "cancel-unknown",
        "external",
      ),
      sentMs: fc.integer({ min: 0, max: 10_000 }),
    }),
    { maxLength: 14 },
  )
  .map((made) => made.map((order, index) => makeOrder({ ...order, clientOrderId: `O-${index}` })));

const tolerances = fc.record({
  priceTicks: fc.integer({ min: 0, max: 5 }),
  sizePercent: fc.integer({ min: 0, max: 60 }),
  ageMsMax: fc.integer({ min: 1_000, max: 20_000 }),
});

function ordersOf(wanted: readonly Quote[], prefix = "N"): Order[] {
  return wanted.map((quote) => makeOrder({ ...quote, clientOrderId: `${prefix}-${slotOf(quote)}` }));
}

describe("the order diff", () => {
  it("finds nothing to do where the orders are the wanted ones", () => {
    fc.assert(
      fc.property(quotes, (wanted) => {
        const { removals, changes } = diffOrders(wanted, ordersOf(wanted), EXACT, { nowMs: 0 });
        expect({ removals, changes }).toEqual({ removals: [], changes: [] });
      }),
    );
  });

  it("answers the same in room that another answer stood in", () => {
    const moment = fc.tuple(quotes, orders, tolerances);
    fc.assert(
      fc.property(fc.array(moment, { minLength: 2, maxLength: 4 }), (moments) => {
        const into = new OrderDiff();
        for (const [wanted, open, tolerance] of moments) {
          const { removals, changes } = diffOrders(wanted, open, tolerance, { nowMs: 10_000 });
          const again = diffOrders(wanted, open, tolerance, { nowMs: 10_000, into });
          const whatCounts = ({ quote, order, gain, isOverdue }: (typeof changes)[number]) => [
            quote,
            order,
            gain,
            isOverdue,
          ];
          expect(again.removals).toEqual(removals);
          expect(again.changes.map(whatCounts)).toEqual(changes.map(whatCounts));
        }
      }),
    );
  });

  it("carried out, leaves nothing to do but what is not worth its place, and no slot with two orders that are not going", () => {
    fc.assert(
      fc.property(quotes, orders, tolerances, (wanted, open, tolerance) => {
        const { removals, changes } = diffOrders(wanted, open, tolerance, { nowMs: 10_000 });
        const going = new Set([...removals, ...changes].map(({ order }) => order?.clientOrderId));
        const after = [
          ...open.map((order) =>
            going.has(order.clientOrderId) ? { ...order, state: "cancel-sent" as const } : order,
          ),
          ...ordersOf(changes.map(({ quote }) => quote)).map((order) => ({ ...order, sentMs: 10_000 })),
        ];
        const staying = after.filter(({ state }) => state !== "cancel-sent").map(slotOf);
        // Two that the venue has not answered may be in one slot: neither can be cancelled yet, and nothing joins them.
        const unproven = open.filter(
          ({ state }) => !["live", "partially-filled", "external", "cancel-sent"].includes(state),
        );
        for (const slot of staying) {
          const placed = changes.some(({ quote }) => slotOf(quote) === slot);
          const unsettled = unproven.filter((order) => slotOf(order) === slot).length;
          expect(staying.filter((each) => each === slot).length).toBeLessThanOrEqual(
            placed ? 1 : Math.max(1, unsettled + 1),
          );
        }
        const again = diffOrders(wanted, after, tolerance, { nowMs: 10_000 });
        expect(again.changes).toEqual([]);
        expect(again.removals.filter(({ order }) => order.clientOrderId.startsWith("N"))).toEqual([]);
      }),
    );
  });

  it("names the dangerous first, and gains between nothing and a whole quote", () => {
    fc.assert(
      fc.property(quotes, orders, tolerances, (wanted, open, tolerance) => {
        const { removals, changes } = diffOrders(wanted, open, tolerance, { nowMs: 10_000 });
        const dangers = removals.map(({ dangerBps }) => dangerBps);
        expect(dangers).toEqual([...dangers].sort((a, b) => b - a));
        for (const { order, gain, isOverdue } of changes) {
          expect(gain).toBeGreaterThanOrEqual(0);
          if (order !== undefined && !isOverdue) expect(gain).toBeGreaterThan(0);
          expect(gain).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

/** A small generator of its own (Park & Miller 1988), so that the series is the same everywhere. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const STEP_MS = 100;
const STEPS = 3_000;
const OUTSIDE_TICKS = 30;

/** Markets whose mids walk by up to two ticks each second or so, and flicker by a tick between. */
function wantedSeries(markets: number): readonly (readonly (readonly Quote[])[])[] {
  return Array.from({ length: markets }, (_, index) => {
    const random = makeRandom(11 + index);
    let mid = 5_000;
    return Array.from({ length: STEPS }, () => {
      if (random() < 0.1) mid += Math.round(4 * random() - 2);
      const flicker = random() < 0.3 ? 1 : 0;
      return (["buy", "sell"] as const).flatMap((side) =>
        [0, 1].map((level) => {
          const distance = 4 + 4 * level;
          const price = side === "buy" ? mid + flicker - distance : mid + flicker + distance;
          return { side, level, price: toTicks(price), size: toLots(100) };
        }),
      );
    });
  });
}

type Step = { readonly market: number; readonly cancel?: Order; readonly place?: Quote };
type Planner = (
  wanted: readonly (readonly Quote[])[],
  open: readonly (readonly Order[])[],
  budget: RequestBudget,
  nowMs: number,
) => Iterable<Step>;

/** Cancels whatever is not exactly as wanted and places it anew, market by market. */
const plain: Planner = function* (wanted, open) {
  const isWanted = (market: number, order: Order) =>
    wanted[market]?.some((quote) => slotOf(quote) === slotOf(order) && quote.price === order.price);
  for (const [market, each] of open.entries()) {
    for (const order of each) if (!isWanted(market, order)) yield { market, cancel: order };
  }
  for (const [market, each] of wanted.entries()) {
    const kept = new Set(open[market]?.filter((order) => isWanted(market, order)).map(slotOf));
    for (const quote of each) if (!kept.has(slotOf(quote))) yield { market, place: quote };
  }
};

/** Too generous quotes go at once, too shy ones when both requests are there, whatever it gains; market by market, inner levels first. */
const eager: Planner = function* (wanted, open, budget, nowMs) {
  const standing = wanted.map((quotes, market) =>
    quotes.map((quote) => ({ market, quote, order: open[market]?.find((order) => slotOf(order) === slotOf(quote)) })),
  );
  const sorted = standing.map((each) => each.toSorted((a, b) => a.quote.level - b.quote.level));
  for (const { market, quote, order } of sorted.flat()) {
    if (order === undefined) continue;
    const isGenerous = quote.side === "buy" ? order.price > quote.price : order.price < quote.price;
    if (isGenerous) yield { market, cancel: order };
  }
  for (const { market, quote, order } of sorted.flat()) {
    const isGenerous =
      order !== undefined && (quote.side === "buy" ? order.price > quote.price : order.price < quote.price);
    if (order === undefined || isGenerous) yield { market, place: quote };
  }
  for (const { market, quote, order } of sorted.flat()) {
    if (order === undefined || order.price === quote.price || !budget.allows("place", instant(nowMs))) continue;
    yield { market, cancel: order };
    yield { market, place: quote };
  }
};

/** As the engine does: dangerous quotes, then the most urgent changes that are worth their requests. */
function makeOurs(markets: number): Planner {
  const missed = Array.from({ length: markets }, () => new MissedWorth());
  return function* (wanted, open, budget, nowMs) {
    const diffs = wanted.map((quotes, market) => diffOrders(quotes, open[market] ?? [], EXACT, { nowMs }));
    const removals = diffs.flatMap((diff, market) => diff.removals.map((removal) => ({ market, ...removal })));
    for (const { market, order } of removals.sort((a, b) => b.dangerBps - a.dangerBps)) yield { market, cancel: order };
    const changes = diffs.flatMap((diff, market) =>
      (missed[market]?.weigh(diff.changes, nowMs) ?? []).map((change) => ({ market, ...change })),
    );
    for (const change of changes.sort((a, b) => urgencyOf(b) - urgencyOf(a))) {
      const { market, order, quote } = change;
      if (order === undefined) yield { market, place: quote };
      else if (budget.allows("place", instant(nowMs)) && isWorthIt(change, budget.shareInUse(instant(nowMs)))) {
        yield { market, cancel: order };
        yield { market, place: quote };
      }
    }
  };
}

/** Requests sent within the budget, and how far first quotes stood from where they were wanted, in ticks on average. */
function follow(markets: number, planner: Planner): { readonly requests: number; readonly offTicks: number } {
  const budget = new RequestBudget();
  const series = wantedSeries(markets);
  const open: Order[][] = series.map(() => []);
  let requests = 0;
  let off = 0;
  const pay = (kind: RequestKind, nowMs: number) => {
    const id = budget.take(kind, instant(nowMs));
    if (id === undefined) return false;
    budget.settle(id, instant(nowMs));
    requests += 1;
    return true;
  };
  for (let step = 0; step < STEPS; step += 1) {
    const nowMs = step * STEP_MS;
    const wanted = series.map((each) => each[step] ?? []);
    for (const { market, cancel, place } of planner(
      wanted,
      open.map((each) => [...each]),
      budget,
      nowMs,
    )) {
      const mine = open[market] ?? [];
      if (cancel !== undefined && pay("cancel", nowMs)) mine.splice(mine.indexOf(cancel), 1);
      const isFree = place !== undefined && !mine.some((order) => slotOf(order) === slotOf(place));
      if (place !== undefined && isFree && pay("place", nowMs)) {
        mine.push(makeOrder({ ...place, clientOrderId: `${market}-${step}-${slotOf(place)}`, sentMs: nowMs }));
      }
    }
    for (const [market, each] of wanted.entries()) {
      for (const quote of each.filter(({ level }) => level === 0)) {
        const order = open[market]?.find((one) => slotOf(one) === slotOf(quote));
        off += order === undefined ? OUTSIDE_TICKS : Math.abs(order.price - quote.price);
      }
    }
  }
  return { requests, offTicks: off / (STEPS * markets * 2) };
}

describe("on the same wanted quotes, within the same requests", () => {
  it.each([
    [1, "one that replaces what is not exactly as wanted", plain],
    [6, "one that replaces what is not exactly as wanted", plain],
    [1, "one that moves whatever it can", eager],
    [6, "one that moves whatever it can", eager],
  ] as const)(
    "%i markets take fewer than with %s, and first quotes stand nearer to their places",
    (markets, _name, other) => {
      const [ours, theirs] = [follow(markets, makeOurs(markets)), follow(markets, other)];
      expect(ours.requests).toBeLessThan(theirs.requests);
      expect(ours.offTicks).toBeLessThanOrEqual(theirs.offTicks);
    },
  );
});

describe("a wanted price that goes to and fro by a tick", () => {
  it.each([50, 100, 400])("each %i ms moves an order once at the most", (everyMs) => {
    const worth = new MissedWorth();
    const wantedAt = (ms: number): readonly Quote[] => {
      const price = toTicks(10_000 - (Math.floor(ms / everyMs) % 2));
      return [{ side: "buy", level: 0, price, size: toLots(100) }];
    };
    let [order] = ordersOf(wantedAt(0));
    let touched = 0;
    for (let ms = 0; ms <= 60_000; ms += 50) {
      const { removals, changes } = diffOrders(wantedAt(ms), [order!], EXACT, { nowMs: ms });
      const due = worth.weigh(changes, ms).filter((change) => isWorthIt(change, 0));
      if (removals.length + due.length === 0) continue;
      touched += 1;
      [order] = ordersOf(wantedAt(ms), `${ms}`);
    }
    expect(touched).toBe(1);
  });
});
