import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MinuteFigures } from "../../../core/accounting/minute.ts";
import { emptyBooks } from "../../../core/accounting/pnl.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { Desk, ONE, SYMBOL, settings, wide, withLimits } from "../desk.ts";
import { instant, makeBook, makeFill } from "../make-events.ts";

const MINUTE = 60_000;

/** Books are believed for two seconds here. */
const AGE_MS = 2_000;

function deskFrom(endMs: number): Desk {
  const desk = new Desk([withLimits({ bookAgeMs: AGE_MS })]);
  desk.engine.minutes.begin({ nowMs: 0, endMs });
  return desk;
}

/** A book of the others alone, `spread` ticks wide around 4,200. */
function book(ms: number, spread: number, mid = 4_200) {
  return makeBook({ bids: [[mid - spread / 2, 1_000]], asks: [[mid + spread / 2, 1_000]], ms });
}

function next(desk: Desk, nowMs: number, endMs = Number.POSITIVE_INFINITY): MinuteFigures {
  const figures = desk.engine.minutes.next({ nowMs, endMs }).get(SYMBOL);
  if (figures === undefined) throw new Error("the market has its minute");
  return figures;
}

const micros = (ticks: number, mid = 4_200) => Math.round((1e10 * ticks) / mid);

describe("spreads over a boundary", () => {
  it("one that stands over it counts on both sides, whenever somebody comes to read", () => {
    const desk = deskFrom(1_500);
    desk.tell(book(1_000, 20));
    const first = next(desk, 1_800, 3_500);
    expect(first).toMatchObject({ measuredMs: 500, spreads: { othersMicroBps: micros(20), selfMicroBps: micros(20) } });
    desk.tell(book(2_000, 40));
    const second = next(desk, 3_500);
    expect(second.measuredMs).toBe(2_000);
    expect(second.spreads?.othersMicroBps).toBe(Math.round((micros(20) * 500 + micros(40) * 1_500) / 2_000));
  });

  it.each([
    ["a book at the boundary", 1_500, 500],
    ["a book after it", 1_700, 500],
    ["a book before it", 1_200, 500],
  ])("%s: the minute ends where it should", (_name, ms, measuredMs) => {
    const desk = deskFrom(1_500);
    desk.tell(book(1_000, 20));
    desk.tell(book(ms, 40));
    desk.tell(book(1_900, 60));
    const first = next(desk, 2_100);
    const wideMs = Math.max(0, 1_500 - ms);
    expect(first.measuredMs).toBe(measuredMs);
    expect(first.spreads?.othersMicroBps).toBe(Math.round((micros(20) * (500 - wideMs) + micros(40) * wideMs) / 500));
    // And the rest is the next one's, 1,500 to 2,600.
    const second = next(desk, 2_600);
    const others = micros(20) * Math.max(0, ms - 1_500) + micros(40) * (1_900 - Math.max(ms, 1_500)) + micros(60) * 700;
    expect(second.measuredMs).toBe(1_100);
    expect(second.spreads?.othersMicroBps).toBeCloseTo(others / 1_100, -1);
  });

  it.each([
    ["nobody looks at it meanwhile", []],
    ["a decision finds it old", [3_100]],
    ["a decision finds it old after the boundary", [4_100]],
    ["many decisions do", [2_900, 3_001, 3_050, 3_900, 4_001, 4_500]],
  ])("data that is stale from the middle counts as long as it was believed: %s", (_name, decisions) => {
    const desk = deskFrom(4_000);
    desk.tell(book(1_000, 20));
    for (const ms of decisions) desk.decide(ms);
    expect(next(desk, 5_000)).toMatchObject({ measuredMs: AGE_MS, spreads: { othersMicroBps: micros(20) } });
    expect(next(desk, 9_000)).toMatchObject({ measuredMs: 0, spreads: undefined });
  });

  it("a feed that is lost counts until then, and again from its first book", () => {
    const desk = deskFrom(4_000);
    desk.tell(book(1_000, 20));
    desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "closed", at: instant(1_600) });
    desk.tell({ type: "feed-connected", endpoint: "wss://two", at: instant(2_000) });
    desk.tell(book(3_500, 40));
    expect(next(desk, 4_000, 6_000).measuredMs).toBe(600 + 500);
    desk.tell({ type: "feed-lost", endpoint: "wss://two", reason: "closed", at: instant(4_100) });
    expect(next(desk, 7_000)).toMatchObject({ measuredMs: 100, spreads: { othersMicroBps: micros(40) } });
  });

  it("a book that is not believed counts no time, and leaves the mark where it was", () => {
    const desk = deskFrom(2_000);
    desk.tell(book(1_000, 20));
    desk.tell(makeBook({ bids: [[4_300, 1]], asks: [[4_290, 1]], ms: 1_400 }));
    const { measuredMs, closing } = next(desk, 2_000);
    expect({ measuredMs, mid: closing.mid }).toEqual({ measuredMs: 400, mid: (ONE * 4_200n) / 10_000n });
  });

  it("a process that stood still over the boundary has seen its book no longer than it was believed", () => {
    const desk = deskFrom(4_000);
    desk.tell(book(1_000, 20));
    desk.tell({ type: "stalled", durationMs: 299_000, at: instant(300_000) });
    desk.tell(book(301_000, 40));
    expect(next(desk, 301_000, 303_000).measuredMs).toBe(AGE_MS);
    expect(next(desk, 303_000).measuredMs).toBe(2_000);
  });
});

describe("two-sided seconds", () => {
  it("are those in which both sides rest, each on its side of the boundary", () => {
    const desk = deskFrom(1_500);
    desk.tell(makeBook({ ...wide, ms: 0 }));
    desk.decideAndAnswer(1_000);
    // The answers came at 1,001 and are seen by the next decision.
    desk.decide(1_050);
    desk.decide(1_550);
    expect(next(desk, 1_600, 10_000).twoSidedMs).toBe(450);
    // The book is too old for quotes by then: they are cancelled, which the next decision sees.
    desk.decideAndAnswer(3_000);
    desk.decide(3_050);
    desk.decide(9_000);
    expect(next(desk, 10_000).twoSidedMs).toBe(3_050 - 1_500);
  });

  it("where nobody decides for long, only the first two seconds of it are known", () => {
    const desk = deskFrom(MINUTE);
    desk.tell(makeBook({ ...wide, ms: 0 }));
    desk.decideAndAnswer(0);
    desk.decide(100);
    desk.decide(59_000);
    expect(next(desk, 59_000).twoSidedMs).toBe(2_000);
    expect(desk.market.meter.twoSidedRatio).toBeCloseTo(2_000 / 59_000);
  });

  it("end with the deciding", () => {
    const desk = deskFrom(MINUTE);
    desk.tell(makeBook({ ...wide, ms: 0 }));
    desk.decideAndAnswer(0);
    desk.decide(100);
    desk.engine.decidesNoMore(instant(600));
    expect(next(desk, 5_000).twoSidedMs).toBe(500);
  });
});

describe("counts and closing figures", () => {
  it("are those of what came before the boundary, also when both sides of it are told before it is read", () => {
    const desk = deskFrom(2_000);
    desk.tell(makeBook({ ...wide, ms: 0 }));
    desk.decideAndAnswer(100);
    const [bid] = desk.market.orders.open();
    const filled = { orderId: `O-${bid?.clientOrderId}`, clientOrderId: bid?.clientOrderId ?? "" };
    const fill = { ...filled, price: toTicks(4_200), size: toLots(500), feeAsset: "USDC" };
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1", ...fill, fee: ONE }), at: instant(1_999) });
    // The same millisecond as the boundary is the next minute's.
    const [ask] = desk.market.orders.open();
    desk.tell({
      type: "order-cancelled",
      market: SYMBOL,
      clientOrderId: ask?.clientOrderId ?? "",
      at: instant(2_000),
    });
    const sold = { orderId: "O-9", clientOrderId: "by-hand", side: "sell", price: toTicks(4_400) } as const;
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-2", ...sold, size: toLots(500) }), at: instant(2_100) });
    desk.tell(makeBook({ bids: [[4_300, 10]], asks: [[4_330, 10]], ms: 2_200 }));
    const first = next(desk, 2_300);
    expect(first).toMatchObject({ ordersPlaced: 2, ordersCancelled: 0, ordersFilled: 1 });
    // Bought 500 at 0.42 for a fee of 1; the mid was 0.4215.
    expect(first.closing).toEqual({
      mid: (ONE * 4_215n) / 10_000n,
      position: 500n * ONE,
      realizedPnl: -ONE,
      unrealizedPnl: (500n * ONE * 15n) / 10_000n,
      drawdownMicroPercent: 0,
    });
    const second = next(desk, 3_000);
    expect(second).toMatchObject({ ordersPlaced: 0, ordersCancelled: 1, ordersFilled: 0 });
    expect(second.closing).toMatchObject({ mid: (ONE * 4_315n) / 10_000n, position: 0n, realizedPnl: 9n * ONE });
  });

  it("without a mid there was never one to value by", () => {
    const desk = deskFrom(MINUTE);
    const { closing } = next(desk, MINUTE);
    expect(closing).toMatchObject({ mid: undefined, unrealizedPnl: undefined, position: 0n });
  });

  it("the drawdown is the shard's, in every market's minute", () => {
    const other = { ...settings, market: { ...settings.market, symbol: "ATOM/USDC", base: "ATOM" } };
    const books = { ...emptyBooks(), position: 1_000n * ONE, averageCost: ONE / 2n };
    const desk = new Desk([settings, other], {
      books: new Map([
        [SYMBOL, emptyBooks()],
        ["ATOM/USDC", books],
      ]),
    });
    desk.engine.minutes.begin({ nowMs: 0, endMs: 500 });
    const quoted = (mid: number, ms: number) => ({ ...book(ms, 20, mid), market: "ATOM/USDC" });
    desk.tell(quoted(5_000, 0));
    desk.decide(0);
    desk.tell(quoted(4_900, 100));
    desk.decide(100);
    const minutes = desk.engine.minutes.next({ nowMs: 600, endMs: 1_000 });
    // Lost 10 of 10,000.
    expect([...minutes.values()].map(({ closing }) => closing.drawdownMicroPercent)).toEqual([100_000, 100_000]);
  });
});

/** What may happen to a market, and how long after what came before. */
const happening = fc.record({
  afterMs: fc.integer({ min: 0, max: 1_500 }),
  what: fc.constantFrom("book", "crossed", "decide", "decide", "fill", "lost", "connected", "stalled", "cut"),
  ticks: fc.integer({ min: 1, max: 40 }),
});

describe("minutes of any cut", () => {
  it("sum up to the whole run: counts exactly, spreads and times but for their rounding", () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 120 }), (happenings) => {
        const desk = new Desk([withLimits({ bookAgeMs: AGE_MS })]);
        desk.engine.minutes.begin({ nowMs: 0, endMs: 700 });
        const minutes: MinuteFigures[] = [];
        let ms = 0;
        for (const [index, { afterMs, what, ticks }] of happenings.entries()) {
          ms += afterMs;
          if (what === "cut") minutes.push(next(desk, ms, ms + 40 * ticks));
          else happen(desk, { what, ticks, ms, index });
        }
        minutes.push(next(desk, ms), next(desk, ms + 5_000));
        expectSums(desk, minutes, ms + 5_000);
      }),
      { numRuns: 200 },
    );
  });
});

function happen(desk: Desk, { what, ticks, ms, index }: { what: string; ticks: number; ms: number; index: number }) {
  const at = instant(ms);
  if (what === "book") desk.tell(book(ms, 2 * ticks));
  else if (what === "crossed") desk.tell(makeBook({ bids: [[4_201, 1]], asks: [[4_200, 1]], ms }));
  else if (what === "decide") desk.decideAndAnswer(ms);
  else if (what === "lost") desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "closed", at });
  else if (what === "connected") desk.tell({ type: "feed-connected", endpoint: "wss://one", at });
  else if (what === "stalled") desk.tell({ type: "stalled", durationMs: 2_500, at });
  else {
    const order = desk.market.orders.open()[0];
    if (order === undefined) return;
    const of = { orderId: order.orderId ?? "", clientOrderId: order.clientOrderId, side: order.side };
    const fill = makeFill({ fillId: `F-${index}`, ...of, price: order.price, size: order.size });
    desk.tell({ type: "fill", fill, at });
  }
}

function expectSums({ market }: Desk, minutes: readonly MinuteFigures[], endMs: number): void {
  const sum = (of: (minute: MinuteFigures) => number) => minutes.reduce((total, minute) => total + of(minute), 0);
  const { buy, sell } = market.counts;
  expect(sum(({ ordersPlaced }) => ordersPlaced)).toBe(buy.placed + sell.placed);
  expect(sum(({ ordersCancelled }) => ordersCancelled)).toBe(buy.cancelled + sell.cancelled);
  expect(sum(({ ordersFilled }) => ordersFilled)).toBe(buy.filled + sell.filled);
  const whole = market.watch.spreads.totalsAt(endMs);
  // All times here are whole milliseconds.
  expect(sum(({ measuredMs }) => measuredMs)).toBe(whole.measuredMs);
  expect(sum(({ twoSidedMs }) => twoSidedMs)).toBe(market.meter.twoSidedMsAt(endMs));
  const weighted = (of: "othersMicroBps" | "selfMicroBps") =>
    sum(({ spreads, measuredMs }) => (spreads?.[of] ?? 0) * measuredMs) / 1e6;
  // Each average is rounded to a millionth of a basis point.
  expect(Math.abs(weighted("othersMicroBps") - whole.othersBpsMs)).toBeLessThan(1e-6 * (whole.measuredMs + 1));
  expect(Math.abs(weighted("selfMicroBps") - whole.selfBpsMs)).toBeLessThan(1e-6 * (whole.measuredMs + 1));
}
