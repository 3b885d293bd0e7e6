/** Laws of both strategies with everything switched on, over markets, positions and parameters of all kinds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LadderParameters, StrategyParameters } from "../../../core/quoting/parameters.ts";
import { quotesOf } from "../../../core/quoting/quoter.ts";
import type { SideInput, StrategyInput, StrategyOutput } from "../../../core/quoting/strategy.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";

const bps = (max: number, min = 0) => fc.double({ min, max, noNaN: true });
const lots = (max: number, min = 0) => fc.integer({ min, max }).map(toLots);
const ticks = (max: number, min = 1) => fc.integer({ min, max }).map(toTicks);

const improve = fc
  .record({
    ticks: fc.integer({ min: 0, max: 3 }),
    more: fc.integer({ min: 0, max: 3 }),
    edgeBps: bps(5),
    adverseBps: bps(5),
  })
  .map(({ more, ...terms }) => ({ ...terms, ticksMax: terms.ticks + more }));

const ladder = fc.record(
  {
    levels: fc.integer({ min: 1, max: 10 }),
    levelSpacingBps: bps(100),
    orderSize: lots(1_000, 1),
    levelSizeIncrement: lots(200),
    orderSizeMax: lots(2_000, 1),
    inventoryTarget: bps(1, -1),
    minimumSpreadBps: bps(100),
    priceFloor: ticks(2_000_000),
    priceCeiling: ticks(2_000_000),
    makerFeeBps: bps(10, -10),
    improve,
    markout: fc.record({ widenFactor: bps(3), widenBpsMax: bps(50), thinPercent: bps(100) }),
    fillDelayMs: fc.record({ buy: fc.integer({ min: 0, max: 5_000 }), sell: fc.integer({ min: 0, max: 5_000 }) }),
  },
  { requiredKeys: ["levels", "levelSpacingBps", "orderSize"] },
);

const pure = fc.record(
  {
    type: fc.constant("pure-market-making" as const),
    halfSpreadBps: bps(1_000, 0.1),
    bidHalfSpreadBps: bps(1_000, 0.1),
    askHalfSpreadBps: bps(1_000, 0.1),
    inventorySkewBps: bps(1_000),
    sizeSkewRange: bps(2, 0.01),
    volatilityWidening: bps(10),
  },
  { requiredKeys: ["type", "halfSpreadBps", "inventorySkewBps"] },
);

const avellaneda = fc.record(
  {
    type: fc.constant("avellaneda-stoikov" as const),
    riskAversion: bps(1, 0.0001),
    executionRiskAversion: bps(1),
    fillOrders: bps(10, 0.1),
    positionOrders: bps(100, 1),
    skewFactor: bps(2),
    halfSpreadBpsMin: bps(20, 0.1),
    halfSpreadBpsMax: bps(200, 20),
    skewBpsMax: bps(500),
    warmUpHalfSpreadBps: bps(200, 0.1),
    warmUpSkewBps: bps(200),
    sizeShaping: bps(5),
    levelArrivalPercent: bps(99, 1),
  },
  {
    requiredKeys: [
      "type",
      "riskAversion",
      "positionOrders",
      "halfSpreadBpsMin",
      "halfSpreadBpsMax",
      "skewBpsMax",
      "warmUpHalfSpreadBps",
    ],
  },
);

const parameters: fc.Arbitrary<StrategyParameters> = fc
  .tuple(ladder, fc.oneof(pure, avellaneda))
  .map(([shared, own]) => ({ ...shared, ...own }));

const side: fc.Arbitrary<SideInput> = fc.record({
  lastFillMs: fc.option(fc.integer({ min: 55_000, max: 60_000 }), { nil: undefined }),
  isPaused: fc.boolean(),
  markout: fc.option(
    fc
      .record({ meanBps: bps(20, -20), width: bps(20), adverseBps: bps(10, -5) })
      .map(({ meanBps, width, adverseBps }) => ({ meanBps, highBps: meanBps + width, adverseBps })),
    { nil: undefined },
  ),
});

const volatility = fc.option(bps(50), { nil: undefined });
const intensity: fc.Arbitrary<StrategyInput["intensity"]> = fc.oneof(
  fc.constant({ isFitted: false, note: "few-trades" } as const),
  fc
    .record({ arrivalsPerSecond: bps(10, 0.001), decayPerTick: bps(5, 0.001) })
    .map((fit) => ({ isFitted: true, ...fit, note: undefined }) as const),
);

/** Best quotes of others at whole ticks around the fair value; either may be missing, as may rivals of a size. */
const market = fc
  .record({
    bid: fc.integer({ min: 1, max: 1_000_000 }),
    width: fc.integer({ min: 1, max: 2_000 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    hasBid: fc.boolean(),
    hasAsk: fc.boolean(),
    behind: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ bid, width, share, hasBid, hasAsk, behind }) => {
    const level = (price: number) => ({ price: toTicks(Math.max(1, price)), size: toLots(1_000) });
    return {
      fairValue: bid + share * width,
      others: { bid: hasBid ? level(bid) : undefined, ask: hasAsk ? level(bid + width) : undefined },
      rivals: { bid: hasBid ? level(bid - behind) : undefined, ask: hasAsk ? level(bid + width + behind) : undefined },
    };
  });

const inventory = bps(1.5, -1.5);

const input: fc.Arbitrary<StrategyInput> = fc
  .tuple(market, fc.record({ inventory, volatility, intensity, buy: side, sell: side, nowMs: fc.constant(60_000) }))
  .map(([theirs, ours]) => ({ ...theirs, ...ours }));

const of = (which: Side, { quotes }: StrategyOutput) => quotes.filter((quote) => quote.side === which);
const runs = { numRuns: 1_000 };

describe("whatever the market, the position and the parameters", () => {
  it("no quote crosses another of ours or the others' book, and levels stand in order, a tick apart at least", () => {
    fc.assert(
      fc.property(parameters, input, (chosen, asked) => {
        const output = quotesOf(chosen, asked);
        const bids = of("buy", output).map(({ price }) => price);
        const asks = of("sell", output).map(({ price }) => price);
        expect(Math.max(...bids, 0)).toBeLessThan(Math.min(...asks, Number.POSITIVE_INFINITY));
        if (asked.others.ask !== undefined) expect(Math.max(...bids, 0)).toBeLessThan(asked.others.ask.price);
        if (asked.others.bid !== undefined) expect(Math.min(...asks, 1e9)).toBeGreaterThan(asked.others.bid.price);
        expect([...bids, ...asks].every((price) => price > 0)).toBe(true);
        expect(bids.every((price, i) => i === 0 || price < (bids[i - 1] ?? 0))).toBe(true);
        expect(asks.every((price, i) => i === 0 || price > (asks[i - 1] ?? 0))).toBe(true);
        const levels = of("buy", output).map(({ level }) => level);
        expect(levels.every((level, i) => level < chosen.levels && (i === 0 || level > (levels[i - 1] ?? 0)))).toBe(
          true,
        );
      }),
      runs,
    );
  });

  it("an answer is the same whatever the one before was, which it leaves as it was, and is that one where nothing is another", () => {
    fc.assert(
      fc.property(parameters, input, parameters, input, (earlier, seen, chosen, asked) => {
        const before = quotesOf(earlier, seen);
        const kept = structuredClone(before);
        const output = quotesOf(chosen, { ...asked, before });
        expect(output).toEqual(quotesOf(chosen, asked));
        expect(quotesOf(chosen, { ...asked, before: output })).toBe(output);
        expect(before).toEqual(kept);
      }),
      runs,
    );
  });

  it("every size is at least a lot, and none is enlarged beyond the largest order", () => {
    fc.assert(
      fc.property(parameters, input, (chosen, asked) => {
        for (const { size, level } of quotesOf(chosen, asked).quotes) {
          expect(size).toBeGreaterThanOrEqual(1);
          const unshaped = chosen.orderSize + level * (chosen.levelSizeIncrement ?? 0);
          const most = chosen.orderSizeMax ?? Number.POSITIVE_INFINITY;
          if (unshaped <= most) expect(size).toBeLessThanOrEqual(most);
        }
      }),
      runs,
    );
  });

  it("every level of either side is quoted, or says why not", () => {
    fc.assert(
      fc.property(parameters, input, (chosen, asked) => {
        const output = quotesOf(chosen, asked);
        for (const which of ["buy", "sell"] as const) {
          for (let level = 0; level < chosen.levels; level += 1) {
            const isThere = of(which, output).some((quote) => quote.level === level);
            const isSaid = output.notes.some(
              (note) => note.side === which && MISSING.has(note.reason) && (note.level ?? level) === level,
            );
            expect(isSaid).toBe(!isThere);
          }
        }
      }),
      runs,
    );
  });

  it("a longer position moves no quote up, makes no bid larger and no ask smaller", () => {
    fc.assert(
      fc.property(parameters, input, inventory, (chosen, asked, other) => {
        const short = quotesOf(chosen, { ...asked, inventory: Math.min(asked.inventory, other) });
        const long = quotesOf(chosen, { ...asked, inventory: Math.max(asked.inventory, other) });
        for (const quote of long.quotes) {
          const before = short.quotes.find(({ side: its, level }) => its === quote.side && level === quote.level);
          if (before === undefined) continue;
          expect(quote.price).toBeLessThanOrEqual(before.price);
          if (quote.side === "buy") expect(quote.size).toBeLessThanOrEqual(before.size);
          else expect(quote.size).toBeGreaterThanOrEqual(before.size);
        }
      }),
      runs,
    );
  });

  it("the first quotes of Avellaneda–Stoikov stay within the bounds of spread and skew", () => {
    const plain = fc
      .tuple(ladder, avellaneda)
      .map(([{ levels, levelSpacingBps, orderSize }, own]) => ({ levels, levelSpacingBps, orderSize, ...own }));
    fc.assert(
      fc.property(plain, input, (chosen, asked) => {
        const calm = { isPaused: false, lastFillMs: undefined, markout: undefined };
        const alone = { bid: undefined, ask: undefined };
        const output = quotesOf(chosen, { ...asked, others: alone, rivals: alone, buy: calm, sell: calm });
        const perBps = asked.fairValue / 10_000;
        const furthest = (chosen.halfSpreadBpsMax + chosen.skewBpsMax) * perBps + 1;
        const nearest = (chosen.halfSpreadBpsMin - chosen.skewBpsMax) * perBps - 1e-5;
        for (const { side: which, level, price } of output.quotes) {
          if (level > 0) continue;
          const distance = which === "buy" ? asked.fairValue - price : price - asked.fairValue;
          // An ask stops at a price of 1, wherever the model would have it.
          if (price > 1) expect(distance).toBeGreaterThanOrEqual(nearest);
          expect(distance).toBeLessThanOrEqual(Math.max(furthest, 1));
        }
      }),
      runs,
    );
  });

  it("an improved quote keeps its edge, and is at or before the best that it betters", () => {
    fc.assert(
      fc.property(parameters, input, improve, (chosen, asked, terms) => {
        const output = quotesOf({ ...chosen, improve: terms }, asked);
        for (const { side: which, level, reason } of output.notes) {
          if (reason !== "improved" || level !== 0) continue;
          const quote = of(which, output)[0];
          if (quote?.level !== 0) continue;
          const isMoved = output.notes.some((note) => note.side === which && MOVED_BACK.has(note.reason));
          const edge = which === "buy" ? asked.fairValue - quote.price : quote.price - asked.fairValue;
          expect(edge).toBeGreaterThan(0);
          const adverse = asked[which].markout?.adverseBps ?? terms.adverseBps;
          const cost = (chosen.makerFeeBps ?? 0) + Math.max(0, adverse) + terms.edgeBps;
          expect(edge * 1.000_001).toBeGreaterThanOrEqual((cost * asked.fairValue) / 10_000 - 1e-5);
          const rival = which === "buy" ? asked.rivals.bid : asked.rivals.ask;
          const better = (quote.price - (rival?.price ?? 0)) * (which === "buy" ? 1 : -1);
          if (!isMoved) expect(better).toBeGreaterThanOrEqual(0);
          expect(better).toBeLessThanOrEqual(terms.ticks);
        }
      }),
      runs,
    );
  });
});

const MISSING: ReadonlySet<string> = new Set([
  "flow-guard",
  "fill-delay",
  "price-floor",
  "price-ceiling",
  "no-size",
  "no-price",
]);
const MOVED_BACK: ReadonlySet<string> = new Set(["minimum-spread", "others-best"]);

describe("an exchange of the sides", () => {
  /** Everything seen in a mirror that stands at the fair value: bids become asks at the same distance, and longs shorts. */
  function mirrored(asked: StrategyInput): StrategyInput {
    const turn = (level: { price: number } | undefined) =>
      level === undefined ? undefined : { price: toTicks(2 * asked.fairValue - level.price), size: toLots(1_000) };
    const flip = ({ bid, ask }: StrategyInput["others"]) => ({ bid: turn(ask), ask: turn(bid) });
    return {
      ...asked,
      others: flip(asked.others),
      rivals: flip(asked.rivals),
      inventory: -asked.inventory,
      buy: asked.sell,
      sell: asked.buy,
    };
  }

  function exchanged(chosen: StrategyParameters): StrategyParameters {
    const shared: Partial<LadderParameters> = {
      ...(chosen.inventoryTarget === undefined ? {} : { inventoryTarget: -chosen.inventoryTarget }),
      ...(chosen.fillDelayMs === undefined
        ? {}
        : { fillDelayMs: { buy: chosen.fillDelayMs.sell, sell: chosen.fillDelayMs.buy } }),
    };
    const { priceFloor: _, priceCeiling: __, ...rest } = { ...chosen, ...shared };
    if (rest.type !== "pure-market-making") return rest;
    const { halfSpreadBps, bidHalfSpreadBps = halfSpreadBps, askHalfSpreadBps = halfSpreadBps } = rest;
    return { ...rest, bidHalfSpreadBps: askHalfSpreadBps, askHalfSpreadBps: bidHalfSpreadBps };
  }

  it("gives the mirror of the quotes and of their reasons", () => {
    // Halves of ticks, so that the mirror maps the grid onto itself; large enough that nothing meets the price of 1.
    const centred = fc
      .tuple(input, fc.integer({ min: 1_000_000, max: 4_000_000 }))
      .map(([asked, halves]): StrategyInput => {
        const around = (level: { price: number } | undefined) =>
          level === undefined
            ? undefined
            : { price: toTicks(Math.floor(halves / 2 + (level.price - asked.fairValue))), size: toLots(1_000) };
        const move = ({ bid, ask }: StrategyInput["others"]) => ({ bid: around(bid), ask: around(ask) });
        return { ...asked, fairValue: halves / 2, others: move(asked.others), rivals: move(asked.rivals) };
      });
    fc.assert(
      fc.property(parameters, centred, (chosen, asked) => {
        const { priceFloor: _, priceCeiling: __, ...unbanded } = chosen;
        const here = quotesOf(unbanded, asked);
        const there = quotesOf(exchanged(chosen), mirrored(asked));
        const back = (which: Side): Side => (which === "buy" ? "sell" : "buy");
        const order = (a: { side: Side; level: number | undefined }) => `${a.side}${a.level}`;
        const sorted = <Entry extends { side: Side; level: number | undefined }>(list: readonly Entry[]) =>
          [...list].sort((a, b) => order(a).localeCompare(order(b)));
        const turned = there.quotes.map(({ side: which, level, price, size }) => ({
          side: back(which),
          level,
          price: 2 * asked.fairValue - price,
          size,
        }));
        expect(sorted(turned)).toEqual(sorted(here.quotes));
        expect(sorted(there.notes.map((note) => ({ ...note, side: back(note.side) })))).toEqual(sorted(here.notes));
      }),
      runs,
    );
  });

  it("the price band has a mirror of its own", () => {
    fc.assert(
      fc.property(parameters, input, (chosen, asked) => {
        const floor = quotesOf({ ...chosen, priceFloor: toTicks(Math.ceil(asked.fairValue)) }, asked);
        const ceiling = quotesOf({ ...chosen, priceCeiling: toTicks(Math.floor(asked.fairValue)) }, asked);
        expect([of("sell", floor), of("buy", ceiling)]).toEqual([[], []]);
      }),
    );
  });
});
