/** Everything a strategy goes by reaches the engine's quotes, and stops being measured with the data it is measured from. */
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../core/events.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import type { StrategyParameters } from "../../core/quoting/parameters.ts";
import { type Side, toLots, toTicks } from "../../core/units.ts";
import { Desk, SYMBOL, settings } from "./desk.ts";
import { EPOCH_MS, instant, makeBook, makeFill } from "./make-events.ts";
import { AVELLANEDA, PURE } from "./quoting/make-input.ts";

/** A fair value of 10,000 ticks, where a basis point is a tick, unless the mid is another. */
function bookAt(ms: number, mid = 10_000, market = SYMBOL): EngineEvent {
  const bids = [
    [mid - 50, 900],
    [mid - 90, 900],
  ] as const;
  const asks = [
    [mid + 50, 900],
    [mid + 90, 900],
  ] as const;
  return makeBook({ bids, asks, ms, market });
}

function withStrategy(strategy: StrategyParameters): MarketSettings {
  return { ...settings, strategy };
}

function deskWith(strategy: StrategyParameters): Desk {
  return new Desk([withStrategy(strategy)]);
}

/** What a decision wants, whatever of it is sent. */
function wantedAt(desk: Desk, ms: number) {
  const { quotes, notes } = desk.market.quoter.wanted({
    inventory: 0,
    markouts: { buy: undefined, sell: undefined },
    nowMs: ms,
  });
  const of = (side: Side) => quotes.find((quote) => quote.side === side && quote.level === 0);
  return { bid: of("buy"), ask: of("sell"), reasons: new Set(notes.map(({ reason }) => reason)) };
}

/** The best prices of our open orders that are not going. */
function quoted(desk: Desk) {
  const resting = desk.market.orders.open().filter(({ state, level }) => state !== "cancel-sent" && level === 0);
  return { bid: resting.find(({ side }) => side === "buy"), ask: resting.find(({ side }) => side === "sell") };
}

function tellBook(desk: Desk, ms: number, mid: number): void {
  desk.tell({ type: "fills-read", market: SYMBOL, askedMs: ms, at: instant(ms) });
  desk.tell(bookAt(ms, mid));
}

/** Books each 400 ms whose mid steps by a tick, until `untilMs`. */
function restless(desk: Desk, untilMs: number): void {
  for (let ms = 0; ms <= untilMs; ms += 400) tellBook(desk, ms, 10_000 + ((ms / 400) % 2));
}

function fill(ms: number, side: Side, price: number, size: number): EngineEvent {
  const venueTime = new Date(EPOCH_MS + ms).toISOString();
  return {
    type: "fill",
    fill: makeFill({ fillId: `F-${ms}`, side, price: toTicks(price), size: toLots(size), venueTime }),
    at: instant(ms),
  };
}

function trade(ms: number, price: number, aggressor: Side): EngineEvent {
  const at = instant(ms);
  const sizes = { size: toLots(1), price: toTicks(price) };
  return { type: "trade", market: SYMBOL, tradeId: `T-${ms}`, ...sizes, aggressor, venueTimeMs: at.epochMs, at };
}

describe("what reaches the quotes", () => {
  it("volatility, once it is known", () => {
    const desk = deskWith({ ...PURE, volatilityWidening: 5 });
    desk.tell(bookAt(0));
    expect([...wantedAt(desk, 0).reasons]).toEqual(["warm-up"]);
    restless(desk, 60_000);
    desk.decide(60_001);
    // √(1 / 0.4 s) = 1.58 ticks per root second, five times: 7.9 further than 10.
    expect(quoted(desk).bid?.price).toBe(9_982);
    expect(wantedAt(desk, 60_001).reasons.size).toBe(0);
  });

  it("intensity, fitted from the trades", () => {
    const desk = deskWith(AVELLANEDA);
    restless(desk, 60_000);
    expect([...wantedAt(desk, 60_000).reasons]).toEqual(["warm-up"]);
    for (let ms = 60_400; ms <= 120_000; ms += 400) {
      tellBook(desk, ms, 10_000 + ((ms / 400) % 2));
      desk.tell(trade(ms + 200, 10_005 + ((ms / 400) % 11), "buy"));
    }
    expect(desk.market.quoter.view(120_400).intensity.isFitted).toBe(true);
    expect(wantedAt(desk, 120_400).reasons.has("warm-up")).toBe(false);
  });

  it("one-sided flow: the side pauses, and its quotes go", () => {
    const desk = deskWith({ ...PURE, flowGuard: { windowSeconds: 60, volumeMax: toLots(100) } });
    desk.tell(bookAt(0));
    desk.decideAndAnswer(1);
    desk.tell(fill(10, "buy", 9_990, 101));
    desk.decide(20);
    expect(quoted(desk).bid).toBeUndefined();
    expect(quoted(desk).ask).toBeDefined();
    expect([...wantedAt(desk, 20).reasons]).toEqual(["flow-guard"]);
  });

  it("the moment of the last fill, of a stranger's order too, and each fill once", () => {
    const desk = deskWith({ ...PURE, fillDelayMs: { buy: 0, sell: 500 } });
    desk.tell(bookAt(0));
    desk.decideAndAnswer(1);
    expect(desk.tell(fill(100, "sell", 10_010, 1))).toBe(true);
    expect([wantedAt(desk, 599).ask, [...wantedAt(desk, 599).reasons]]).toEqual([undefined, ["fill-delay"]]);
    const again = fill(100, "sell", 10_010, 1);
    expect(desk.tell({ ...again, at: instant(400) })).toBe(false);
    expect(wantedAt(desk, 600).ask).toBeDefined();
  });

  it("markouts: a side that is proven to lose stands further away", () => {
    const small = { ...PURE, orderSize: toLots(10) };
    const losing = { ...small, markout: { widenFactor: 1, widenBpsMax: 50, thinPercent: 0 } };
    const bidAfter = (strategy: StrategyParameters, fallsBy: number) => {
      const desk = deskWith(strategy);
      let mid = 10_000;
      // Twelve fills at the mid, six seconds apart, each followed by a fall: all of them the same, so the interval is narrow.
      for (let ms = 0; ms <= 90_000; ms += 500) {
        if (ms % 6_000 === 1_000) mid -= fallsBy;
        tellBook(desk, ms, mid);
        if (ms % 6_000 === 0 && ms <= 72_000) desk.tell(fill(ms, "buy", mid, 1));
        desk.decideAndAnswer(ms + 1);
        desk.decideAndAnswer(ms + 250);
      }
      return mid - (quoted(desk).bid?.price ?? 0);
    };
    const usual = bidAfter(small, 5);
    expect(bidAfter(losing, 5) - usual).toBeGreaterThanOrEqual(5);
    expect(bidAfter(losing, 0)).toBe(bidAfter(small, 0));
  });

  it("another market, for those that follow it alone", () => {
    const reference = { market: "ATOM/USDC", weight: 1, ageMs: 1_000, premiumHalfLifeSeconds: 1, shiftBpsMax: 100 };
    const follower = withStrategy({ ...PURE, fairValue: { source: "mid", levels: 1, ageMs: 1_000, reference } });
    const leader = { ...settings, market: makeMarket({ symbol: "ATOM/USDC", tickSize: "0.01", lotSize: "1" }) };
    const desk = new Desk([follower, leader]);
    for (let ms = 0; ms <= 10_000; ms += 500) {
      desk.tell(bookAt(ms));
      desk.tell(bookAt(ms, 5_000, "ATOM/USDC"));
    }
    desk.tell(bookAt(10_100, 5_025, "ATOM/USDC"));
    expect(desk.market.quoter.view(10_100).fairValue.ticks).toBeCloseTo(10_050, 6);
    // A book of the leader's that is not believed says nothing.
    desk.tell(makeBook({ bids: [[5_100, 1]], asks: [[5_090, 1]], ms: 10_200, market: "ATOM/USDC" }));
    expect(desk.market.quoter.view(10_200).fairValue.ticks).toBeCloseTo(10_050, 6);
    expect(desk.engine.market("ATOM/USDC")?.quoter.view(10_200).fairValue.ticks).toBe(5_025);
  });
});

describe("a price from outside the venue", () => {
  const reference = { weight: 1, ageMs: 1_000, premiumHalfLifeSeconds: 1, shiftBpsMax: 100 };
  const told = (ms: number, price: number): EngineEvent => ({
    type: "reference-price",
    market: SYMBOL,
    price,
    ageMs: 10,
    at: instant(ms),
  });

  /** Its fair value after ten seconds at a price of 2 and a move of it by 25 bps. */
  function fairValueOf(fairValue: NonNullable<StrategyParameters["fairValue"]>["reference"]): number | undefined {
    const follower = deskWith({
      ...PURE,
      fairValue: {
        source: "mid",
        levels: 1,
        ageMs: 1_000,
        ...(fairValue === undefined ? {} : { reference: fairValue }),
      },
    });
    for (let ms = 0; ms <= 10_000; ms += 500) {
      follower.tell(bookAt(ms));
      follower.tell(told(ms, 2));
    }
    expect(follower.tell(told(10_100, 2.005))).toBe(false);
    return follower.market.quoter.view(10_100).fairValue.ticks;
  }

  it("is followed where the reference names no market, and nowhere else", () => {
    expect(fairValueOf(reference)).toBeCloseTo(10_025, 6);
    expect(fairValueOf({ ...reference, market: "ATOM/USDC" })).toBe(10_000);
    expect(fairValueOf(undefined)).toBe(10_000);
  });
});

describe("what is measured pauses", () => {
  it.each<[string, EngineEvent]>([
    ["with a book that is not believed", makeBook({ bids: [[10_010, 1]], asks: [[10_000, 1]], ms: 60_100 })],
    ["when the feed is lost", { type: "feed-lost", endpoint: "wss://one", reason: "reset", at: instant(60_100) }],
    ["when the process stood still", { type: "stalled", durationMs: 3_000, at: instant(60_100) }],
  ])("%s: what happened meanwhile is no move of the mid", (_name, fact) => {
    const [desk, undisturbed] = [deskWith(PURE), deskWith(PURE)];
    for (const each of [desk, undisturbed]) restless(each, 60_000);
    const before = desk.market.quoter.view(60_000).volatility;
    desk.tell(fact);
    for (const each of [desk, undisturbed]) each.tell(bookAt(62_000, 10_200));
    expect(desk.market.quoter.view(62_000).volatility).toBe(before);
    expect(undisturbed.market.quoter.view(62_000).volatility).toBeGreaterThan(10 * (before ?? 0));
  });
});
