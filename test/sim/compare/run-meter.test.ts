import fc from "fast-check";
import { expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import type { TopOfBook } from "../../../core/market-data/book.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { RunMeter } from "../../../sim/compare/run-meter.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

function makeMeter() {
  return new RunMeter({ market, capital: 100, positionMax: toLots(1_000) });
}

function top(bid: number, ask: number): TopOfBook {
  return { bid: { price: toTicks(bid), size: toLots(5) }, ask: { price: toTicks(ask), size: toLots(5) } };
}

function fillOf(side: Side, price: number, size: number) {
  return { side, price: toTicks(price), size: toLots(size), liquidity: "maker" as const };
}

test("a bought and sold position earns its spread less the fees", () => {
  const meter = makeMeter();
  meter.advance(0);
  meter.book(top(4_990, 5_010), top(4_995, 5_005));
  meter.advance(1_000);
  meter.fill(fillOf("buy", 4_995, 200));
  meter.advance(2_000);
  meter.book(top(5_000, 5_020), top(5_000, 5_020));
  meter.advance(3_000);
  meter.fill(fillOf("sell", 5_015, 200));
  const figures = meter.finish(10_000);
  // Bought for 99.90, sold for 100.30; fees of 1 bps, rounded up to a millionth: 0.00999 and 0.01003.
  expect(figures.pnl).toBeCloseTo(0.4 - 0.02002, 12);
  expect(figures.fees).toBeCloseTo(0.02002, 12);
  expect(figures.volume).toBeCloseTo(200.2, 12);
  expect(figures.pnlPerVolumeBps).toBeCloseTo((1e4 * 0.37998) / 200.2, 9);
  // Edge at the fills: 5 ticks at mid 5,000 and 5 at 5,010; between them the mid rose by 10 on 200.
  expect(figures.capture).toBeCloseTo(0.2, 12);
  expect(figures.inventory).toBeCloseTo(0.2, 12);
  expect(figures.fills).toBe(2);
});

test("the improvement is the others' spread less the spread with us, for as long as each stood", () => {
  const meter = makeMeter();
  meter.advance(1_000);
  meter.book(top(4_990, 5_010), top(4_995, 5_005));
  meter.advance(4_000);
  meter.book(top(4_990, 5_010), top(4_990, 5_010));
  const { spreadOthersBps, spreadImprovementBps, spreadImprovementPercent } = meter.finish(5_000);
  expect(spreadOthersBps).toBeCloseTo(40, 9);
  // 20 bps better for 3 of 4 seconds.
  expect(spreadImprovementBps).toBeCloseTo(15, 9);
  expect(spreadImprovementPercent).toBeCloseTo(37.5, 9);
});

test("time counts as two-sided while both sides rest, and as obliged while they are within 100 bps", () => {
  const meter = makeMeter();
  meter.advance(1_000);
  meter.quotes({ bid: toTicks(4_990), ask: undefined });
  meter.advance(2_000);
  meter.quotes({ bid: toTicks(4_990), ask: toTicks(5_010) });
  meter.advance(5_000);
  meter.quotes({ bid: toTicks(4_900), ask: toTicks(5_010) });
  meter.advance(6_000);
  meter.quotes({ bid: undefined, ask: undefined });
  const { uptime, uptimeObliged } = meter.finish(10_000);
  expect(uptime).toBeCloseTo(0.4, 12);
  expect(uptimeObliged).toBeCloseTo(0.3, 12);
});

test("profits are of whole minutes, inventory of whole seconds", () => {
  const meter = makeMeter();
  meter.advance(0);
  meter.book(top(4_990, 5_010), top(4_990, 5_010));
  meter.advance(30_000);
  meter.fill(fillOf("buy", 4_990, 1_000));
  meter.advance(90_000);
  meter.book(top(5_000, 5_020), top(5_000, 5_020));
  const { profits, inventoryShare, halfLifeSeconds } = meter.finish(120_000);
  // First minute: 10 ticks of edge on 1,000, less a fee of 1 bps of 499; second: 10 ticks of the mid.
  expect(profits.count).toBe(2);
  expect(profits.sum).toBeCloseTo(2 - 0.0499, 9);
  expect(profits.sumOfSquares).toBeCloseTo((1 - 0.0499) ** 2 + 1, 9);
  // Flat at 30 samples (the one at 30 s is before the fill of that moment), full at 90.
  expect(inventoryShare).toBeCloseTo(90 / 120, 12);
  expect(halfLifeSeconds).toBeUndefined();
});

test("rates are undefined before there is anything to count", () => {
  const { fillRate, quoteToTrade, pnlPerVolumeBps, markouts, sharpe } = makeMeter().finish(1_000);
  expect([fillRate, quoteToTrade, pnlPerVolumeBps]).toEqual([undefined, undefined, undefined]);
  expect(markouts.map(({ mean }) => mean)).toEqual([undefined, undefined, undefined]);
  expect(sharpe).toBe(0);
});

test("fill rate is filled over placed orders, quote-to-trade is requests over fills", () => {
  const meter = makeMeter();
  Object.assign(meter.counts, { placed: 8, cancelled: 4, filled: 2 });
  meter.fill(fillOf("buy", 5_000, 1));
  meter.fill(fillOf("buy", 5_000, 1));
  meter.fill(fillOf("buy", 5_000, 1));
  const { fillRate, quoteToTrade } = meter.finish(1_000);
  expect(fillRate).toBe(0.25);
  expect(quoteToTrade).toBe(4);
});

const step = fc.oneof(
  fc.record({
    type: fc.constant("book" as const),
    bid: fc.integer({ min: 4_900, max: 5_100 }),
    spread: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    type: fc.constant("fill" as const),
    side: fc.constantFrom<Side>("buy", "sell"),
    price: fc.integer({ min: 4_900, max: 5_100 }),
    size: fc.integer({ min: 1, max: 500 }),
  }),
);

test("profit is cash and position at the mid, and edge plus inventory less fees, whatever happens", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const meter = makeMeter();
      meter.book(top(4_990, 5_010), top(4_990, 5_010));
      let [cash, position, mid, feeUnits] = [0, 0, 5_000, 0];
      for (const [index, each] of steps.entries()) {
        meter.advance(index * 700);
        if (each.type === "book") {
          meter.book(top(each.bid, each.bid + each.spread), top(each.bid, each.bid + each.spread));
          mid = each.bid + each.spread / 2;
        } else {
          meter.fill(fillOf(each.side, each.price, each.size));
          const sign = each.side === "buy" ? 1 : -1;
          cash -= sign * each.price * each.size;
          position += sign * each.size;
          feeUnits += Math.ceil((each.price * each.size) / 100);
        }
      }
      const figures = meter.finish(steps.length * 700);
      const expected = (cash + position * mid) * 1e-4 - feeUnits * 1e-6;
      expect(figures.pnl).toBeCloseTo(expected, 6);
      expect(figures.capture + figures.inventory - figures.fees).toBeCloseTo(expected, 6);
    }),
  );
});
