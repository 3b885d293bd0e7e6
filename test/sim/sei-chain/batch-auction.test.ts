import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { type BatchMatch, type MarketOrder, runBatch } from "../../../sim/sei-chain/batch-auction.ts";
import { BatchBook, type BookOrder } from "../../../sim/sei-chain/batch-book.ts";

const limit = (id: number, side: Side, price: number, size: number, owner = "a"): BookOrder => ({
  id,
  owner,
  side,
  price: toTicks(price),
  size: toLots(size),
  placedAt: 1,
  remaining: toLots(size),
});
const market = (id: number, side: Side, size: number, worstPrice?: number): MarketOrder => ({
  id,
  owner: "t",
  side,
  size: toLots(size),
  worstPrice: worstPrice === undefined ? undefined : toTicks(worstPrice),
});
const run = (book: BatchBook, batch: Partial<Parameters<typeof runBatch>[1]>) =>
  runBatch(book, { cancels: [], limits: [], markets: [], ...batch });

function bookOf(...orders: readonly BookOrder[]): BatchBook {
  const book = new BatchBook();
  for (const order of orders) book.add(order);
  return book;
}

const shown = ({ size, buy, sell, aggressor }: BatchMatch) => ({
  size,
  buy: buy.id,
  sell: sell.id,
  at: [buy.price.numerator / buy.price.denominator, sell.price.numerator / sell.price.denominator],
  aggressor,
});

describe("a block's batch", () => {
  it("carries out cancels before anything can meet what they take away", () => {
    const old = limit(0, "sell", 101, 5);
    const book = bookOf(old);
    const { matches } = run(book, {
      cancels: [old],
      limits: [limit(1, "buy", 102, 5)],
      markets: [market(2, "buy", 5)],
    });
    expect(matches).toEqual([]);
    expect(book.levels(9)).toEqual({ bids: [{ price: 102, size: 5 }], asks: [] });
  });

  it("executes crossed limits in the middle, between two ticks where that is so, first come first served", () => {
    const book = bookOf(limit(0, "sell", 100, 3), limit(1, "sell", 100, 4));
    const { matches } = run(book, { limits: [limit(2, "buy", 103, 5)] });
    expect(matches.map(shown)).toEqual([
      { size: 3, buy: 2, sell: 0, at: [101.5, 101.5], aggressor: "buy" },
      { size: 2, buy: 2, sell: 1, at: [101.5, 101.5], aggressor: "buy" },
    ]);
    expect(book.levels(9)).toEqual({ bids: [], asks: [{ price: 100, size: 2 }] });
  });

  it("gives market orders to makers at the makers' prices, and all takers one price by volume", () => {
    const book = bookOf(limit(0, "sell", 100, 1), limit(1, "sell", 104, 3));
    const { matches, unfilled } = run(book, { markets: [market(2, "buy", 1, 104), market(3, "buy", 3)] });
    // The order without a worst price comes first, whoever was sent first.
    expect(matches.map(shown)).toEqual([
      { size: 1, buy: 3, sell: 0, at: [103, 100], aggressor: "buy" },
      { size: 2, buy: 3, sell: 1, at: [103, 104], aggressor: "buy" },
      { size: 1, buy: 2, sell: 1, at: [103, 104], aggressor: "buy" },
    ]);
    expect(unfilled).toEqual([]);
  });

  it("matches market orders before crossed limits, and new limits can be what they meet", () => {
    const book = bookOf(limit(0, "buy", 99, 2));
    const limits = [limit(1, "buy", 100, 2), limit(2, "sell", 98, 2)];
    const { matches } = run(book, { limits, markets: [market(3, "sell", 2)] });
    expect(matches.map(shown)).toEqual([
      { size: 2, buy: 1, sell: 3, at: [100, 100], aggressor: "sell" },
      { size: 2, buy: 0, sell: 2, at: [98.5, 98.5], aggressor: "sell" },
    ]);
  });

  it("ends what a market order did not get within its worst price", () => {
    const { matches, unfilled } = run(bookOf(limit(0, "buy", 100, 2), limit(1, "buy", 98, 2)), {
      markets: [market(2, "sell", 5, 99)],
    });
    expect(matches.map(({ size }) => size)).toEqual([2]);
    expect(unfilled.map(({ order, left }) => [order.id, left])).toEqual([[2, 3]]);
  });
});

type Drawn = { readonly side: Side; readonly price: number; readonly size: number; readonly kind: number };

const drawn: fc.Arbitrary<Drawn> = fc.record({
  side: fc.constantFrom<Side>("buy", "sell"),
  price: fc.integer({ min: 95, max: 105 }),
  size: fc.integer({ min: 1, max: 9 }),
  kind: fc.integer({ min: 0, max: 4 }),
});

/** What an order has left in the book or as unfilled, and what it traded, must be its size, whatever happened. */
it("whatever comes in: nothing is made or lost, no book stays crossed, nobody is given worse than asked", () => {
  fc.assert(
    fc.property(fc.array(fc.array(drawn, { maxLength: 12 }), { maxLength: 6 }), (blocks) => {
      const book = new BatchBook();
      const orders = new Map<number, BookOrder | MarketOrder>();
      const traded = new Map<number, number>();
      const ended = new Set<number>();
      let id = 0;
      for (const block of blocks) {
        const limits: BookOrder[] = [];
        const markets: MarketOrder[] = [];
        const cancels = new Set<BookOrder>();
        for (const { side, price, size, kind } of block) {
          const standing = [...book.side(side)].flatMap((level) => level.orders);
          const cancelled = standing[price % Math.max(1, standing.length)];
          if (kind === 0 && cancelled !== undefined) cancels.add(cancelled);
          else if (kind === 1) markets.push(market(id, side, size, price % 2 === 0 ? price : undefined));
          else limits.push(limit(id, side, price, size));
          id += 1;
        }
        for (const order of [...limits, ...markets]) orders.set(order.id, order);
        const { matches, unfilled } = runBatch(book, { cancels: [...cancels], limits, markets });
        for (const order of cancels) ended.add(order.id);
        for (const { order } of unfilled) ended.add(order.id);
        let [paid, got] = [0, 0];
        for (const { size, buy, sell } of matches) {
          for (const { id: party } of [buy, sell]) traded.set(party, (traded.get(party) ?? 0) + size);
          const [buyPrice, sellPrice] = [buy, sell].map(({ price }) => price.numerator / price.denominator);
          paid += buyPrice! * size;
          got += sellPrice! * size;
          const isLimitPair = !buy.isMarketOrder && !sell.isMarketOrder;
          if (isLimitPair) expect(buyPrice).toBe((buy.limit! + sell.limit!) / 2);
          if (!buy.isMarketOrder) expect(buyPrice).toBeLessThanOrEqual(buy.limit!);
          if (!sell.isMarketOrder) expect(sellPrice).toBeGreaterThanOrEqual(sell.limit!);
        }
        expect(paid).toBeCloseTo(got, 6);
        const [bid, ask] = [book.side("buy")[0]?.price, book.side("sell")[0]?.price];
        if (bid !== undefined && ask !== undefined) expect(bid).toBeLessThan(ask);
      }
      for (const [each, order] of orders) {
        const left = book.find(each)?.remaining ?? 0;
        const sum = left + (traded.get(each) ?? 0);
        if (ended.has(each)) expect(sum).toBeLessThanOrEqual(order.size);
        else expect(sum).toBe(order.size);
      }
      // Within a level nobody is passed by: who came first has the smaller number.
      for (const side of ["buy", "sell"] as const) {
        for (const { orders: level } of book.side(side)) {
          const ids = level.map((order) => order.id);
          expect(ids).toEqual(ids.toSorted((a, b) => a - b));
          for (const order of level.slice(1)) expect(order.remaining).toBe(order.size);
        }
      }
    }),
    { numRuns: 200 },
  );
});
