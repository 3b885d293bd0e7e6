import { describe, expect, it } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { readOpenOrders } from "../../../fargate/cambrian/answers.ts";

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

  it("what is no list of orders is no answer", () => {
    expect(() => readOpenOrders(markets, { orders: null })).toThrow();
  });
});
