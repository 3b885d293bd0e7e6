/** What both strategies share, shown with pure market making: 10 bps around 10,000, where a basis point is a tick. */
import { describe, expect, it } from "vitest";
import type { ImproveParameters, PureMarketMakingParameters } from "../../../core/quoting/parameters.ts";
import { pureMarketMaking } from "../../../core/quoting/pure-market-making.ts";
import { QUOTE_REASON_MEANINGS, QUOTE_REASONS } from "../../../core/quoting/quote-reasons.ts";
import type { MarkoutStatistics, StrategyInput } from "../../../core/quoting/strategy.ts";
import { toTicks } from "../../../core/units.ts";
import { makeInput, notesOf, PURE, pricesOf, QUIET, sizesOf, top } from "./make-input.ts";

function quote(change: Partial<PureMarketMakingParameters>, input: Partial<StrategyInput> = {}) {
  return pureMarketMaking({ ...PURE, ...change }, makeInput(input));
}

describe("a place before the others' best", () => {
  const terms: ImproveParameters = { ticks: 1, edgeBps: 1, adverseBps: 2 };
  const near = { others: top(9_995, 10_005) };

  it.each<
    [string, Partial<ImproveParameters>, Partial<PureMarketMakingParameters>, Partial<StrategyInput>, number, number]
  >([
    ["a tick better while 1 bps is left after 2 of adverse selection", {}, {}, near, 9_996, 10_004],
    [
      "two ticks, where two are asked for",
      { ticks: 2 },
      { makerFeeBps: -1 },
      { others: top(9_994, 10_006) },
      9_996,
      10_004,
    ],
    ["joins where no tick is asked for", { ticks: 0 }, {}, near, 9_995, 10_005],
    ["joins where a fee of 1 bps leaves no more", {}, { makerFeeBps: 1 }, near, 9_995, 10_005],
    ["stays where a fee of 3 bps would leave nothing", {}, { makerFeeBps: 3 }, near, 9_990, 10_010],
    ["stays where adverse selection takes it all", { adverseBps: 5 }, {}, near, 9_990, 10_010],
    ["stays where it is already before them", {}, {}, { others: top(9_980, 10_020) }, 9_990, 10_010],
    ["is held back to the most that betters them", { ticksMax: 3 }, {}, { others: top(9_980, 10_020) }, 9_983, 10_017],
    [
      "a measured adverse selection replaces the expected",
      {},
      {},
      { ...near, buy: { ...QUIET, markout: { meanBps: 1, highBps: 2, adverseBps: 4 } } },
      9_990,
      10_004,
    ],
    [
      "none is none",
      { adverseBps: 9 },
      {},
      { ...near, buy: { ...QUIET, markout: { meanBps: 1, highBps: 2, adverseBps: -1 } } },
      9_996,
      10_010,
    ],
    ["a long position is not added to for it", {}, {}, { ...near, inventory: 0.1 }, 9_988, 10_004],
    [
      "a rebate is no reason to quote at the fair value",
      { adverseBps: 0, edgeBps: 0 },
      { makerFeeBps: -5 },
      { others: top(9_999, 10_001) },
      9_999,
      10_001,
    ],
  ])("%s", (_name, change, other, input, bid, ask) => {
    const prices = pricesOf(quote({ ...other, improve: { ...terms, ...change } }, input));
    expect([prices.bids[0], prices.asks[0]]).toEqual([bid, ask]);
  });

  it("the further levels stay where they are when the first goes forward, and go along when it is held back", () => {
    expect(pricesOf(quote({ improve: terms }, near)).bids).toEqual([9_996, 9_985]);
    const held = quote({ improve: { ...terms, ticksMax: 3 } }, { others: top(9_980, 10_020) });
    expect(pricesOf(held).bids).toEqual([9_983, 9_978]);
  });

  it("only rivals that are large enough count", () => {
    expect(pricesOf(quote({ improve: terms }, { ...near, rivals: top(9_994, 10_006) })).bids[0]).toBe(9_995);
    expect(pricesOf(quote({ improve: terms }, { ...near, rivals: { bid: undefined, ask: undefined } })).bids[0]).toBe(
      9_990,
    );
  });

  it("says what became of it", () => {
    expect(notesOf(quote({ improve: terms }, near))).toEqual(["buy 0: improved", "sell 0: improved"]);
    expect(notesOf(quote({ improve: terms, makerFeeBps: 3 }, near))).toEqual(["buy 0: no-edge", "sell 0: no-edge"]);
    expect(notesOf(quote({ improve: { ...terms, ticksMax: 3 } }, { others: top(9_980, 10_020) }))).toEqual([
      "buy 0: held-back",
      "sell 0: held-back",
    ]);
  });
});

describe("a side that loses against later mids", () => {
  const markout = { widenFactor: 1, widenBpsMax: 4, thinPercent: 60 };
  const withBuys = (statistics: MarkoutStatistics) => ({ buy: { ...QUIET, markout: statistics } });

  it.each<[string, MarkoutStatistics, number, number]>([
    ["earns", { meanBps: 1, highBps: 2 }, 9_990, 500],
    ["may lose as well as earn", { meanBps: 0, highBps: 3 }, 9_990, 500],
    ["seems to lose: likelihood 1 / (3 + 1), 15 % thinner", { meanBps: -1, highBps: 3 }, 9_990, 425],
    ["is about to be proven: 3 / (1 + 3), 45 % thinner", { meanBps: -3, highBps: 1 }, 9_990, 275],
    ["just proven: the whole 60 % thinner", { meanBps: -3, highBps: 0 }, 9_990, 200],
    ["is proven to lose 2 bps: 2 bps further away", { meanBps: -5, highBps: -2 }, 9_988, 200],
    ["is proven to lose a lot: at most 4 bps", { meanBps: -50, highBps: -40 }, 9_986, 200],
  ])("that %s", (_name, statistics, bid, size) => {
    const output = quote({ markout, levels: 1 }, withBuys(statistics));
    expect([pricesOf(output).bids, sizesOf(output).bids]).toEqual([[bid], [size]]);
    expect([pricesOf(output).asks, sizesOf(output).asks]).toEqual([[10_010], [500]]);
  });

  it("the factor scales what is proven", () => {
    const output = quote({ markout: { ...markout, widenFactor: 1.5 } }, withBuys({ meanBps: -5, highBps: -2 }));
    expect(pricesOf(output).bids[0]).toBe(9_987);
  });

  it("says so", () => {
    expect(notesOf(quote({ markout }, withBuys({ meanBps: -5, highBps: -2 })))).toEqual([
      "buy: losing",
      "buy: doubtful",
    ]);
    expect(notesOf(quote({ markout }, withBuys({ meanBps: -1, highBps: 2 })))).toEqual(["buy: doubtful"]);
  });

  it("changes nothing where no terms are given, or nothing is known", () => {
    expect(quote({}, withBuys({ meanBps: -5, highBps: -2 }))).toEqual(quote({}));
    expect(quote({ markout })).toEqual(quote({}));
  });
});

describe("quotes that are missing or moved", () => {
  const justFilled = (ms: number) => ({ nowMs: 60_000, buy: { ...QUIET, lastFillMs: 60_000 - ms } });

  it.each<[string, Partial<PureMarketMakingParameters>, Partial<StrategyInput>, number[], number[], string[]]>([
    [
      "a side that filled a moment ago waits",
      { fillDelayMs: { buy: 500, sell: 0 } },
      justFilled(499),
      [],
      [10_010, 10_015],
      ["buy: fill-delay"],
    ],
    ["not longer", { fillDelayMs: { buy: 500, sell: 0 } }, justFilled(500), [9_990, 9_985], [10_010, 10_015], []],
    [
      "each side has its own delay",
      { fillDelayMs: { buy: 0, sell: 500 } },
      justFilled(0),
      [9_990, 9_985],
      [10_010, 10_015],
      [],
    ],
    [
      "a side with one-sided flow pauses",
      {},
      { sell: { ...QUIET, isPaused: true } },
      [9_990, 9_985],
      [],
      ["sell: flow-guard"],
    ],
    [
      "nothing is bought from the ceiling on",
      { priceCeiling: toTicks(10_000) },
      {},
      [],
      [10_010, 10_015],
      ["buy: price-ceiling"],
    ],
    ["below it all is as ever", { priceCeiling: toTicks(10_001) }, {}, [9_990, 9_985], [10_010, 10_015], []],
    [
      "nothing is sold from the floor down",
      { priceFloor: toTicks(10_000) },
      {},
      [9_990, 9_985],
      [],
      ["sell: price-floor"],
    ],
    ["above it all is as ever", { priceFloor: toTicks(9_999) }, {}, [9_990, 9_985], [10_010, 10_015], []],
    [
      "half of the least spread stays on each side of the fair value",
      { minimumSpreadBps: 30 },
      {},
      [9_985, 9_980],
      [10_015, 10_020],
      ["buy 0: minimum-spread", "sell 0: minimum-spread"],
    ],
    [
      "so the position sells nothing below it",
      { minimumSpreadBps: 0 },
      { inventory: 1 },
      [9_970, 9_965],
      [10_000, 10_005],
      ["sell 0: minimum-spread"],
    ],
    [
      "a quote that would take the others' best stands before it",
      {},
      { others: top(9_900, 9_985) },
      [9_984, 9_979],
      [10_010, 10_015],
      ["buy 0: others-best"],
    ],
    ["there is no price below 1", {}, { fairValue: 1.5, others: top(1, 2) }, [1], [2, 3], ["buy 1: no-price"]],
  ])("%s", (_name, change, input, bids, asks, notes) => {
    const output = quote(change, input);
    expect(pricesOf(output)).toEqual({ bids, asks });
    expect(notesOf(output)).toEqual(notes);
  });

  it("every reason has a meaning, and an effect that its words agree with", () => {
    expect(Object.keys(QUOTE_REASON_MEANINGS)).toEqual([...QUOTE_REASONS]);
  });
});
