/** What a market's quoting has measured, over books, trades, fills and changes of its parameters. */
import { describe, expect, it } from "vitest";
import { Quoter } from "../../../core/quoting/quoter.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { instant, makeBook } from "../make-events.ts";
import { AVELLANEDA, notesOf, PURE, pricesOf } from "./make-input.ts";

const UNKNOWN = { buy: undefined, sell: undefined };
const asked = { inventory: 0, markouts: UNKNOWN };

function book(ms: number, mid = 10_000) {
  return makeBook({
    ms,
    bids: [
      [mid - 4, 100],
      [mid - 6, 900],
      [mid - 40, 900],
    ],
    asks: [
      [mid + 4, 100],
      [mid + 6, 900],
      [mid + 40, 900],
    ],
  });
}

/** Two minutes of books that move by a tick, and of trades that reach 5 to 15 ticks. */
function measured(quoter: Quoter): Quoter {
  for (let ms = 0; ms <= 120_000; ms += 400) {
    const step = ms / 400;
    quoter.bookSeen(book(ms, 10_000 + (step % 2)), []);
    const at = instant(ms + 200);
    const price = toTicks(10_000 + (step % 2) + 5 + (step % 11));
    const trade = { market: "SEI/USDC", tradeId: `T-${ms}`, size: toLots(1), venueTimeMs: at.epochMs };
    quoter.tradeSeen({ type: "trade", ...trade, price, aggressor: "buy", at });
  }
  return quoter;
}

describe("a quoter", () => {
  it("without a book, or with one side of it, quotes nothing and says so", () => {
    const quoter = new Quoter(PURE);
    const none = ["buy: no-fair-value", "sell: no-fair-value"];
    expect(notesOf(quoter.wanted({ ...asked, nowMs: 0 }))).toEqual(none);
    quoter.bookSeen(book(0), []);
    expect(quoter.wanted({ ...asked, nowMs: 0 }).quotes).toHaveLength(4);
    quoter.bookSeen(makeBook({ ms: 400, bids: [[9_996, 100]], asks: [] }), []);
    expect(quoter.wanted({ ...asked, nowMs: 400 })).toMatchObject({ quotes: [] });
  });

  it.each([PURE, AVELLANEDA])("with a new book to answer wants what it wants without, by $type", (parameters) => {
    const [busy, idle] = [new Quoter(parameters), new Quoter(parameters)];
    for (let ms = 0; ms <= 120_000; ms += 400) {
      const at = instant(ms + 200);
      const price = toTicks(10_005 + ((ms / 400) % 12));
      const trade = { market: "SEI/USDC", tradeId: `T-${ms}`, size: toLots(1), venueTimeMs: at.epochMs };
      for (const quoter of [busy, idle]) {
        quoter.bookSeen(book(ms, 10_000 + ((ms / 400) % 2)), []);
        quoter.tradeSeen({ type: "trade", ...trade, price, aggressor: "buy", at });
      }
      const nowMs = ms + 300;
      expect(busy.wanted({ ...asked, nowMs, isBusy: true })).toEqual(idle.wanted({ ...asked, nowMs }));
    }
    // What was left is made up for as soon as anybody looks.
    expect(busy.view(122_000).intensity).toEqual(idle.view(122_000).intensity);
    expect(idle.view(122_000).intensity.isFitted).toBe(true);
  });

  it("quotes around the others alone", () => {
    const quoter = new Quoter(PURE);
    const own = [
      { side: "buy", price: toTicks(9_996), size: toLots(100) },
      { side: "buy", price: toTicks(9_994), size: toLots(900) },
    ] as const;
    quoter.bookSeen(book(0), own);
    // The best other bid is 9,960, of 900 against 100: (9,960·100 + 10,004·900) / 1,000.
    expect(quoter.view(0).fairValue.ticks).toBeCloseTo(9_999.6, 9);
  });

  it("betters others only where enough stands behind the best", () => {
    const improve = { ticks: 1, edgeBps: 0, adverseBps: 0 };
    const bidOf = (behindSize?: number) => {
      const terms = behindSize === undefined ? improve : { ...improve, behindSize: toLots(behindSize) };
      const quoter = new Quoter({ ...PURE, halfSpreadBps: 20, improve: terms });
      quoter.bookSeen(book(0), []);
      return pricesOf(quoter.wanted({ ...asked, nowMs: 0 })).bids[0];
    };
    expect(bidOf()).toBe(9_997);
    expect(bidOf(100)).toBe(9_997);
    expect(bidOf(101)).toBe(9_995);
    expect(bidOf(1_001)).toBe(9_980);
    expect(bidOf(10_000)).toBe(9_980);
  });

  it("warms up on books and trades, and keeps what it measured under other parameters and another strategy", () => {
    const quoter = measured(new Quoter(PURE));
    const before = quoter.view(120_400);
    expect(before).toMatchObject({ intensity: { isFitted: true }, fairValue: { note: undefined } });
    expect(before.volatility).toBeCloseTo(Math.sqrt(1 / 0.4), 1);
    expect(notesOf(new Quoter(AVELLANEDA).wanted({ ...asked, nowMs: 0 }))).toContain("buy: no-fair-value");
    quoter.configure(AVELLANEDA);
    expect(quoter.view(120_400)).toEqual(before);
    const output = quoter.wanted({ ...asked, nowMs: 120_400 });
    expect(notesOf(output)).not.toContain("buy: warm-up");
    expect(quoter.parameters).toBe(AVELLANEDA);
  });

  it("keeps fills over a change: the delay and the guard go on", () => {
    const guarded = { ...PURE, flowGuard: { windowSeconds: 60, volumeMax: toLots(100) } };
    const quoter = new Quoter(guarded);
    quoter.bookSeen(book(0), []);
    quoter.fillSeen({ side: "buy", price: toTicks(9_996), size: toLots(101) }, 0);
    expect(quoter.view(0).pausedSides).toEqual(["buy"]);
    quoter.configure({ ...guarded, fillDelayMs: { buy: 0, sell: 500 } });
    quoter.fillSeen({ side: "sell", price: toTicks(9_990), size: toLots(1) }, 100);
    expect(notesOf(quoter.wanted({ ...asked, nowMs: 500 }))).toEqual(["buy: flow-guard", "sell: fill-delay"]);
    expect(notesOf(quoter.wanted({ ...asked, nowMs: 600 }))).toEqual(["buy: flow-guard"]);
  });

  it("measures nothing while it is paused", () => {
    const quoter = measured(new Quoter(PURE));
    const before = quoter.view(120_400);
    quoter.pause();
    quoter.bookSeen(book(900_000, 10_500), []);
    expect(quoter.view(900_000).volatility).toBe(before.volatility);
  });

  it("follows its reference", () => {
    const reference = { market: "ATOM/USDC", weight: 1, ageMs: 1_000, premiumHalfLifeSeconds: 1, shiftBpsMax: 100 };
    const quoter = new Quoter({ ...PURE, fairValue: { source: "mid", levels: 1, ageMs: 1_000, reference } });
    for (let ms = 0; ms <= 10_000; ms += 500) {
      quoter.bookSeen(book(ms), []);
      quoter.referenceSeen(50, ms);
    }
    quoter.referenceSeen(50.25, 10_000);
    expect(quoter.view(10_000).fairValue.ticks).toBeCloseTo(10_050, 6);
    expect(pricesOf(quoter.wanted({ ...asked, nowMs: 10_000 })).bids[0]).toBeGreaterThan(9_990);
  });
});
