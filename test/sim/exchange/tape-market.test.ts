import fc from "fast-check";
import { expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { MarketEventHub } from "../../../sim/exchange/market-events.ts";
import type { OwnMatch, TimeInForce } from "../../../sim/exchange/market-place.ts";
import { TapeMarket } from "../../../sim/exchange/tape-market.ts";
import { makeDrivenClock } from "./driven-clock.ts";

const side = fc.constantFrom<Side>("buy", "sell");
const price = fc.integer({ min: 90, max: 110 });
const size = fc.integer({ min: 1, max: 9 });
const step = fc.oneof(
  fc.record({ type: fc.constant("book" as const), mid: price, halfSpread: fc.integer({ min: 1, max: 3 }), size }),
  fc.record({ type: fc.constant("trade" as const), side, price, size }),
  fc.record({
    type: fc.constant("place" as const),
    side,
    price,
    size,
    timeInForce: fc.constantFrom<TimeInForce>("gtc", "ioc", "fok", "post_only"),
  }),
);

test("whatever a tape plays and we place: no fill exceeds its trade or order, none is worse than asked, no shown book is crossed by us", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const market = makeMarket({ symbol: "A/B", tickSize: "1", lotSize: "1" });
      const matches: OwnMatch[] = [];
      const place = new TapeMarket({
        market,
        clock: makeDrivenClock(),
        hub: new MarketEventHub(),
        onOwnMatch: (match) => matches.push(match),
      });
      const ours = new Map<string, { side: Side; price: number; left: number }>();
      steps.forEach((now, index) => {
        const seen = matches.length;
        if (now.type === "place") {
          ours.set(`o${index}`, { side: now.side, price: now.price, left: now.size });
          const result = place.place({
            orderId: `o${index}`,
            side: now.side,
            price: toTicks(now.price),
            size: toLots(now.size),
            timeInForce: now.timeInForce,
          });
          if (result.type === "rejected") expect(matches.length).toBe(seen);
        } else if (now.type === "trade") {
          const attributes = { trade_id: `t${index}`, side: now.side, price: `${now.price}`, quantity: `${now.size}` };
          place.play({ type: "Trade", attributes });
        } else {
          const levels = (sign: number) =>
            JSON.stringify([0, 1, 2].map((n) => [`${now.mid + sign * (now.halfSpread + n)}`, `${now.size + n}`]));
          place.play({ type: "OrderBookUpdate", attributes: { bids: levels(-1), asks: levels(1) } });
        }
        const fresh = matches.slice(seen);
        for (const match of fresh) {
          const order = ours.get(match.orderId);
          if (order === undefined) throw new Error(`${match.orderId} is not ours`);
          order.left -= match.size;
          expect(order.left).toBeGreaterThanOrEqual(0);
          if (match.liquidity === "maker") expect(match.price).toBe(order.price);
          else expect((order.price - match.price) * (order.side === "buy" ? 1 : -1)).toBeGreaterThanOrEqual(0);
        }
        const filled = fresh.reduce((sum, match) => sum + match.size, 0);
        expect(filled).toBeLessThanOrEqual(now.type === "book" ? 0 : now.size);
        const { bids, asks } = place.book() ?? { bids: [], asks: [] };
        if (bids[0] !== undefined && asks[0] !== undefined) expect(bids[0].price).toBeLessThan(asks[0].price);
      });
    }),
    { numRuns: 500 },
  );
});
