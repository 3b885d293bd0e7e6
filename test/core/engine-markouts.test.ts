/** The engine's markouts: from facts as they come to what is known of each fill. */
import { describe, expect, it } from "vitest";
import type { EngineEvent, Fill } from "../../core/events.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { money } from "./accounting/make-fills.ts";
import { rowOf } from "./accounting/markout-desk.ts";
import { Desk, SYMBOL } from "./desk.ts";
import { EPOCH_MS, instant, makeBook, makeFill } from "./make-events.ts";

const BUY = "fm-7-SEIUSDC-b0-1";
const SELL = "fm-7-SEIUSDC-s0-2";
const TURN_MS = 50;

/** A book of 20 ticks' spread around a mid in ticks. */
function bookOf(mid: number, ms: number): EngineEvent {
  return makeBook({ bids: [[mid - 10, 100]], asks: [[mid + 10, 100]], ms });
}

function fillOf(clientOrderId: string, ms: number, fill: Partial<Fill> = {}): EngineEvent {
  const venueTime = new Date(EPOCH_MS + Math.floor(ms)).toISOString();
  const made = makeFill({ fillId: `F-${clientOrderId}-${ms}`, clientOrderId, size: toLots(40), venueTime, ...fill });
  return { type: "fill", fill: made, at: instant(ms) };
}

/** A desk that quotes both sides of a mid of 4,215 ticks: `BUY` and `SELL` rest. */
function quotingDesk(): Desk {
  const desk = new Desk();
  desk.tell(bookOf(4_215, 0));
  desk.decideAndAnswer(1);
  return desk;
}

/** A book each 200 ms, where `midAt` tells one, and a turn each 50 ms, as the loop makes them. */
function run(
  desk: Desk,
  [fromMs, untilMs]: readonly [number, number],
  midAt: (ms: number) => number | undefined,
): void {
  for (let ms = fromMs; ms <= untilMs; ms += TURN_MS) {
    const mid = ms % 200 === 0 ? midAt(ms) : undefined;
    if (mid !== undefined) desk.tell(bookOf(mid, ms));
    desk.decide(ms);
  }
}

const ticksInBps = (ticks: number, mid: number) => ((10_000 * ticks) / mid).toFixed(9);

describe("a fill", () => {
  it("gets the mids exactly 1, 5 and 60 s after it, the level of its order, and figures of them", () => {
    const desk = quotingDesk();
    run(desk, [50, 200], () => 4_216);
    expect(desk.tell(fillOf(BUY, 200, { fillId: "F-1", price: toTicks(4_211) }))).toBe(true);
    expect(desk.tell(fillOf(SELL, 200, { fillId: "F-2", side: "sell", price: toTicks(4_219) }))).toBe(true);
    // Each of the three stands in one book, read at the very moment; before and after it the mid is another.
    const mids = new Map([
      [1_200, 4_220],
      [5_200, 4_210],
      [60_200, 4_205],
    ]);
    run(desk, [250, 60_200], (ms) => mids.get(ms) ?? 4_300);
    expect(desk.market.markouts.takeFinished()).toEqual([]);
    run(desk, [60_250, 60_400], () => 4_300);
    const shared = { venueTime: "2026-01-02T03:04:05.200Z", level: 0, size: money("40"), midAtFill: money("0.4216") };
    const marks = [money("0.422"), money("0.421"), money("0.4205")];
    expect(desk.market.markouts.takeFinished()).toEqual([
      { ...shared, fillId: "F-1", side: "buy", price: money("0.4211"), mids: marks },
      { ...shared, fillId: "F-2", side: "sell", price: money("0.4219"), mids: marks },
    ]);
    const { capture, markouts, adverse } = rowOf(desk.market.markouts.rolling, "buy", 0);
    expect([capture, ...markouts, ...adverse].map(({ mean }) => mean?.toFixed(9))).toEqual(
      [5, 9, -1, -6, -4, 6, 11].map((ticks) => ticksInBps(ticks, 4_216)),
    );
  });

  it("is marked in a turn without a new book, or after a second of nothing but books, with the mid of its moment", () => {
    const marksAfter = (turns: readonly (readonly [ms: number, mid: number | undefined])[]) => {
      const desk = quotingDesk();
      desk.tell(fillOf(BUY, 100));
      for (const [ms, mid] of turns) {
        if (mid !== undefined) desk.tell(bookOf(mid, ms));
        desk.decide(ms);
      }
      return rowOf(desk.market.markouts.rolling, "buy").adverse[0];
    };
    const books = Array.from({ length: 21 }, (_, index) => [150 + 100 * index, 4_205 + index] as const);
    expect(marksAfter(books.slice(0, 20))).toMatchObject({ count: 0 });
    // Of the tenth book, told at 1,050 ms.
    for (const turns of [books, [...books.slice(0, 11), [1_151, undefined] as const]]) {
      expect(marksAfter(turns)).toMatchObject({ count: 1, mean: (10_000 * (4_215 - 4_214)) / 4_215 });
    }
  });

  it("leaves our own size out of every mid", () => {
    const desk = quotingDesk();
    const own = desk.market.orders.find(BUY)!;
    desk.tell(fillOf(BUY, 100));
    for (let ms = 200; ms <= 5_200; ms += 200) {
      // Alone in front of the others, who moved down by 10 ticks.
      const bids = [
        [own.price, 460],
        [4_195, 100],
      ] as const;
      desk.tell(makeBook({ bids, asks: [[4_215, 100]], ms }));
      for (const turnMs of [ms, ms + TURN_MS]) desk.decide(turnMs);
    }
    expect(rowOf(desk.market.markouts.rolling, "buy").adverse[1]?.mean).toBeCloseTo((10_000 * 10) / 4_215, 9);
  });

  it.each([
    ["a feed that is lost", { type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(4_000) } as const],
    ["a process that stood still", { type: "stalled", durationMs: 3_000, at: instant(4_000) } as const],
    ["a crossed book", makeBook({ bids: [[4_230, 1]], asks: [[4_200, 1]], ms: 4_000 })],
    ["a book of no market", makeBook({ bids: [[3_000, 1]], asks: [[5_000, 1]], ms: 4_000 })],
    ["silence for longer than the age limit", undefined],
  ])("has no mid after %s, and has one again once books are believed", (_name, fact) => {
    const desk = quotingDesk();
    run(desk, [50, 200], () => 4_216);
    desk.tell(fillOf(BUY, 200));
    run(desk, [250, 3_950], () => 4_217);
    if (fact !== undefined) desk.tell(fact);
    run(desk, [4_000, 5_950], () => undefined);
    desk.tell(fillOf(SELL, 5_900, { side: "sell" }));
    desk.tell({ type: "feed-connected", endpoint: "wss://two", at: instant(5_960) });
    run(desk, [6_000, 61_000], () => 4_218);
    const marks = [money("0.4217"), undefined, money("0.4218")];
    expect(desk.market.markouts.takeFinished().map(({ mids }) => mids)).toEqual([marks]);
    expect(desk.market.markouts.unmarked).toEqual({ late: 0, withoutMid: 1, dropped: 0 });
  });

  it.each([
    ["a stranger's order", "by-hand"],
    ["an order of an earlier start", "fm-6-SEIUSDC-b0-1"],
  ])("of %s has no level, and counts over all", (_name, clientOrderId) => {
    const desk = quotingDesk();
    const order = { orderId: "O-6", clientOrderId, market: SYMBOL, side: "buy", price: toTicks(4_100) } as const;
    const seen = { ...order, size: toLots(50), filled: toLots(0), status: "open" } as const;
    desk.tell({ type: "open-orders-read", market: SYMBOL, orders: [seen], askedMs: 50, at: instant(60) });
    desk.tell(fillOf(clientOrderId, 100));
    run(desk, [150, 60_150], () => 4_216);
    expect(desk.market.markouts.takeFinished()).toMatchObject([{ level: undefined, midAtFill: money("0.4215") }]);
    const counts = (["all", 0] as const).map(
      (level) => rowOf(desk.market.markouts.rolling, "buy", level).capture.count,
    );
    expect(counts).toEqual([1, 0]);
  });

  it("told twice is marked once, and one that only the history tells is not marked", () => {
    const desk = quotingDesk();
    run(desk, [50, 200], () => 4_216);
    for (const ms of [100, 120]) desk.tell(fillOf(BUY, ms, { fillId: "F-1", venueTime: "2026-01-02T03:04:05.100Z" }));
    expect(desk.tell(fillOf(SELL, 150, { side: "sell", venueTime: "2026-01-02T03:03:00.000Z" }))).toBe(true);
    expect(desk.market.markouts.pending).toBe(1);
    expect(desk.market.markouts.unmarked).toEqual({ late: 1, withoutMid: 0, dropped: 0 });
    expect(desk.market.books.fillCount).toBe(2);
  });
});
