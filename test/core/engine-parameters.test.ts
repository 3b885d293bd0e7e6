/** Parameters that change while the engine quotes: what follows them, and all that does not notice. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParametersChanged } from "../../core/events.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import type { AvellanedaStoikovParameters, PureMarketMakingParameters } from "../../core/quoting/parameters.ts";
import { toLots } from "../../core/units.ts";
import { Desk, SYMBOL, settings, shown, wide } from "./desk.ts";
import { instant, makeBook, makeFill } from "./make-events.ts";

const { strategy } = settings;
if (strategy.type !== "pure-market-making") throw new Error("the desk quotes by pure market making");
const PURE: PureMarketMakingParameters = strategy;

type Change = {
  readonly strategy?: Partial<PureMarketMakingParameters>;
  readonly tolerance?: Partial<MarketSettings["tolerance"]>;
};

function changed(change: Change, ms: number, market = SYMBOL): ParametersChanged {
  return {
    type: "parameters-changed",
    market,
    strategy: { ...PURE, ...change.strategy },
    tolerance: { ...settings.tolerance, ...change.tolerance },
    by: "an operator",
    at: instant(ms),
  };
}

/** A desk whose two quotes stand at 4,212 and 4,218. */
function quoting(): Desk {
  const desk = new Desk();
  desk.tell(makeBook(wide));
  desk.decideAndAnswer(1);
  return desk;
}

/** What the engine knows and has measured, but for its parameters. */
function knowledge({ market, engine, budget }: Desk) {
  return {
    books: market.books,
    position: market.position,
    orders: [...market.orders.known()],
    counts: market.counts,
    spreads: market.watch.spreads.averages(),
    book: market.watch.book,
    reference: market.watch.referencePrice,
    twoSided: market.meter.twoSidedRatio,
    measured: market.quoter.view(500),
    denials: [...market.denials.counts],
    limits: market.settings.limits,
    market: market.settings.market,
    drawdown: engine.loss.drawdownPercent,
    requests: budget.allows("place", instant(500)),
  };
}

describe("changed parameters", () => {
  it("are followed: a quote that is now too generous goes at the next decision, one too shy once that is worth it", () => {
    const desk = quoting();
    desk.tell(changed({ strategy: { halfSpreadBps: 12 } }, 500));
    expect(desk.market.settings.strategy).toMatchObject({ halfSpreadBps: 12 });
    const wider = desk.decide(501);
    expect(shown(wider).slice(0, 2)).toEqual(["cancel-order fm-7-SEIUSDC-b0-1", "cancel-order fm-7-SEIUSDC-s0-2"]);
    expect(shown(wider)).toContain("place buy 500@4209");
    const narrower = quoting();
    narrower.tell(changed({ strategy: { halfSpreadBps: 3 } }, 500));
    expect(narrower.decide(501)).toEqual([]);
    const moves: string[] = [];
    for (let ms = 1_400; ms < 4_000; ms += 200) {
      narrower.tell(makeBook({ ...wide, ms, sequence: ms }));
      moves.push(...shown(narrower.decideAndAnswer(ms + 1)));
    }
    expect(moves.slice(0, 4).sort()).toEqual([
      "cancel-order fm-7-SEIUSDC-b0-1",
      "cancel-order fm-7-SEIUSDC-s0-2",
      "place buy 500@4213",
      "place sell 500@4217",
    ]);
  });

  it("add levels without touching the ones that stand, and take them away again", () => {
    const desk = quoting();
    desk.tell(changed({ strategy: { levels: 2 } }, 500));
    const more = desk.decideAndAnswer(501);
    expect(more.map(({ type, clientOrderId }) => `${type} ${clientOrderId.slice(-4)}`)).toEqual([
      "place-order b1-3",
      "place-order s1-4",
    ]);
    desk.tell(changed({}, 600));
    expect(shown(desk.decide(601))).toEqual(["cancel-order fm-7-SEIUSDC-b1-3", "cancel-order fm-7-SEIUSDC-s1-4"]);
  });

  it("may be of another strategy, and back", () => {
    const avellanedaStoikov: AvellanedaStoikovParameters = {
      type: "avellaneda-stoikov",
      levels: 1,
      levelSpacingBps: 5,
      orderSize: toLots(500),
      riskAversion: 0.01,
      positionOrders: 4,
      halfSpreadBpsMin: 1,
      halfSpreadBpsMax: 60,
      skewBpsMax: 100,
      warmUpHalfSpreadBps: 12,
    };
    const desk = quoting();
    desk.tell({ ...changed({}, 500), strategy: avellanedaStoikov });
    const moved = desk.decideAndAnswer(501);
    expect(shown(moved)).toContain("place buy 500@4209");
    desk.showCancelled(moved, 502);
    desk.decideAndAnswer(503);
    // A second later there are requests again.
    desk.tell(makeBook({ ...wide, ms: 1_600 }));
    desk.tell(changed({}, 1_600));
    desk.decide(1_601);
    expect(shown(desk.decide(2_500))).toContain("place buy 500@4212");
    expect(desk.market.settings.strategy).toEqual(PURE);
  });

  it("of the tolerance leave a quote where it is, or no longer do", () => {
    const later = makeBook({ bids: [[4_201, 100]], asks: [[4_231, 100]], ms: 400 });
    const strict = quoting();
    strict.tell(later);
    expect(strict.decide(401)).not.toEqual([]);
    const tolerant = quoting();
    tolerant.tell(changed({ tolerance: { priceTicks: 1 } }, 300));
    tolerant.tell(later);
    expect(tolerant.decide(401)).toEqual([]);
    tolerant.tell(changed({}, 450));
    expect(tolerant.decide(451)).not.toEqual([]);
  });

  it("cost nothing that is known or measured: orders, books, meters, spreads, denials and limits stay", () => {
    const desk = quoting();
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1", size: toLots(1_900) }), at: instant(100) });
    desk.tell(makeBook({ bids: [[4_201, 100]], asks: [[4_229, 100]], ms: 300 }));
    desk.decideAndAnswer(301);
    desk.tell(makeBook({ bids: [[4_202, 100]], asks: [[4_230, 100]], ms: 400 }));
    desk.decideAndAnswer(401);
    const before = structuredClone(knowledge(desk));
    expect(before.spreads).toBeDefined();
    expect(before.position).toBe(1_900);
    expect(before.orders.length).toBeGreaterThan(1);
    desk.tell(changed({ strategy: { halfSpreadBps: 40, levels: 3 }, tolerance: { priceTicks: 9 } }, 500));
    expect(knowledge(desk)).toEqual(before);
  });

  it("do not lift a halt", () => {
    const desk = quoting();
    desk.tell({ type: "quoting-halted", market: SYMBOL, by: "operator", reason: "odd fills", at: instant(400) });
    desk.decideAndAnswer(401);
    desk.tell(changed({ strategy: { halfSpreadBps: 3 } }, 500));
    expect(desk.decide(501)).toEqual([]);
    expect(desk.market.blockers).toEqual(["odd fills"]);
  });

  it("of one market are not another's", () => {
    const other: MarketSettings = {
      ...settings,
      market: makeMarket({ symbol: "ETH/USDC", tickSize: "0.0001", lotSize: "1" }),
    };
    const desk = new Desk([settings, other]);
    desk.tell(changed({ strategy: { halfSpreadBps: 3 } }, 1, "ETH/USDC"));
    const strategies = desk.engine.markets.map((market) => market.settings.strategy);
    expect(strategies).toMatchObject([{ halfSpreadBps: 5 }, { halfSpreadBps: 3 }]);
    desk.tell(changed({ strategy: { halfSpreadBps: 3 } }, 1, "BTC/USDC"));
    expect(desk.engine.unroutable).toBe(1);
  });

  it("that are the same ones change no decision, whenever they are told", () => {
    const move = fc.record({ mid: fc.integer({ min: -30, max: 30 }), fill: fc.boolean(), isTold: fc.boolean() });
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 30 }), (moves) => {
        const [told, untold] = [new Desk(), new Desk()];
        for (const [index, { mid, fill, isTold }] of moves.entries()) {
          const ms = 100 * (index + 1);
          const book = makeBook({ bids: [[4_200 + mid, 100]], asks: [[4_230 + mid, 100]], ms });
          for (const desk of [told, untold]) {
            desk.tell(book);
            const size = toLots(10);
            if (fill) desk.tell({ type: "fill", fill: makeFill({ fillId: `F-${index}`, size }), at: instant(ms) });
          }
          if (isTold) told.tell(changed({}, ms));
          expect(told.decideAndAnswer(ms + 1)).toEqual(untold.decideAndAnswer(ms + 1));
        }
      }),
    );
  });
});
