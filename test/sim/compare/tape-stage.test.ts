import { expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import type { WireEvent } from "../../../core/sei/wire-event.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { TapeStage } from "../../../sim/compare/tape-stage.ts";

const market = makeMarket({ symbol: "A/B", tickSize: "1", lotSize: "1" });
const timestamp = "2024-01-01T00:00:00.000Z";

function book(bids: string, asks: string, symbol = "A/B"): WireEvent {
  return { type: "OrderBookUpdate", attributes: { market_id: symbol, timestamp, bids, asks } };
}

function trade(price: string, quantity: string): WireEvent {
  return { type: "Trade", attributes: { market_id: "A/B", timestamp, trade_id: "T", price, quantity, side: "sell" } };
}

test("a tape is played at its own pace, and a trade at our price fills us once what was ahead has traded", () => {
  const stage = new TapeStage({
    market,
    lines: [
      { atMs: 1_000, events: [book('[["100","5"]]', '[["110","5"]]'), book('[["1","1"]]', '[["2","1"]]', "X/Y")] },
      { atMs: 1_400, events: [trade("100", "4")] },
      { atMs: 2_000, events: [trade("100", "4"), book('[["99","5"]]', '[["110","5"]]')] },
    ],
  });
  const told: string[] = [];
  stage.listen({
    print: ({ price, size, aggressor }) => told.push(`${aggressor} ${size}@${price}`),
    ownMatch: ({ orderId, size }) => told.push(`ours ${orderId} ${size}`),
    book: ({ bids, asks }) => told.push(`book ${bids[0]?.size}@${bids[0]?.price} ${asks[0]?.size}@${asks[0]?.price}`),
  });
  expect(stage.nextMs).toBe(0);
  stage.advance();
  const order = { orderId: "us", side: "buy", price: toTicks(100), size: toLots(7), timeInForce: "post_only" } as const;
  expect(stage.place(order)).toEqual({ type: "resting" });
  expect(stage.nextMs).toBe(400);
  stage.advance();
  expect(stage.nextMs).toBe(1_000);
  stage.advance();
  expect(stage.nextMs).toBe(Number.POSITIVE_INFINITY);
  expect(told).toEqual(["book 5@100 5@110", "sell 4@100", "sell 4@100", "ours us 3", "book 4@100 5@110"]);
});
