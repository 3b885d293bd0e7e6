import { describe, expect, it } from "vitest";
import { ZodError } from "zod";
import { makeMarket } from "../../../core/market.ts";
import { readFills, readOpenOrders, readPlaced } from "../../../fargate/cambrian/answers.ts";

const markets = new Map([["SEI/USDC", makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" })]]);

function order(change: Readonly<Record<string, unknown>>) {
  return {
    order_id: "O-1",
    client_order_id: "fm-1-SEIUSDC-b0-1",
    market_id: "SEI/USDC",
    side: "buy",
    order_type: "limit",
    price: "0.4213",
    quantity: "500",
    filled_quantity: "0",
    status: "open",
    created_at: "2026-01-02T03:04:05.678Z",
    ...change,
  };
}

describe("open orders", () => {
  it.each([
    ["a market order without a price", { client_order_id: "by-hand", order_type: "market", price: null }],
    ["a price between two ticks", { client_order_id: "by-hand", price: "0.42135" }],
    ["an order without a client id, of another kind", { client_order_id: null, order_type: "stop", status: "waiting" }],
  ])("%s of a stranger hides none of ours", (_name, change) => {
    const read = readOpenOrders(markets, { orders: [order(change), order({})] });
    expect(read.map((each) => each.clientOrderId)).toEqual(["fm-1-SEIUSDC-b0-1"]);
  });

  it("one of ours that cannot be read makes the whole list no answer", () => {
    expect(() => readOpenOrders(markets, { orders: [order({ price: "0.42135" })] })).toThrow("multiple of 0.0001");
  });

  it("an id that fits into no address is none to believe in", () => {
    expect(() => readOpenOrders(markets, { orders: [order({ order_id: "\ud800" })] })).toThrow("1 to 128 characters");
  });

  it("what is no list of orders is no answer", () => {
    expect(() => readOpenOrders(markets, { orders: null })).toThrow();
  });
});

describe("an answer that is out of all bounds", () => {
  it("is refused whole rather than held against each fill or order, which would hold up the quotes", () => {
    const many = (count: number) => Array.from({ length: count }, () => 0);
    expect(readFills(markets, { fills: many(1_000) }).unreadable).toHaveLength(1_000);
    expect(() => readFills(markets, { fills: many(1_001) })).toThrow("must be at most 1000");
    expect(() => readOpenOrders(markets, { orders: Array.from({ length: 2_001 }, () => ({})) })).toThrow(
      "at most 2000",
    );
  });

  it("is an error of the parser even where the length of a text is no number", () => {
    expect(() => readPlaced({ order_id: { length: { toString: 0 } } })).toThrow(ZodError);
    expect(() => readFills(markets, { fills: { length: { toString: 0 } } })).toThrow(ZodError);
  });
});
