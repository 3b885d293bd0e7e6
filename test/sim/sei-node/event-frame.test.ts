import { describe, expect, it } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { decodeFrame } from "../../../core/sei/frames.ts";
import { EVENT_SHAPES, toEventFrame } from "../../../sim/sei-node/event-frame.ts";
import { bookOf, statusOf, tradeOf } from "./hand-fed-source.ts";

const MARKETS = new Map([["SEI/USDC", makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" })]]);
const AT = { monotonicMs: 1, epochMs: 2 };
const BOOK = { type: "OrderBookUpdate", attributes: { ...bookOf().attributes, sequence: "77" } };

const frameOf = (shape: (typeof EVENT_SHAPES)[number], event: typeof BOOK | ReturnType<typeof tradeOf> = BOOK) =>
  toEventFrame({ shape, id: 1, query: "q", event, height: 1042 });

describe("an event in the shape", () => {
  it("map is the real node's: values by type and key", () => {
    expect(JSON.parse(frameOf("map", tradeOf("T-9")))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: {
        subscription_id: "",
        query: "q",
        data: { type: "tendermint/event/Trade", value: { height: "1042" } },
        events: {
          "tm.event": ["Trade"],
          "Trade.market_id": ["SEI/USDC"],
          "Trade.timestamp": ["2026-01-02T03:04:05.678Z"],
          "Trade.trade_id": ["T-9"],
          "Trade.price": ["0.4216"],
          "Trade.quantity": ["40"],
          "Trade.side": ["buy"],
        },
      },
    });
  });

  it("list has its attributes as pairs, plain or base64", () => {
    const pairOf = (shape: "list" | "list-base64") => JSON.parse(frameOf(shape)).result.events[0].attributes[0];
    expect(pairOf("list")).toEqual({ key: "market_id", value: "SEI/USDC", index: true });
    expect(pairOf("list-base64")).toEqual({ key: "bWFya2V0X2lk", value: "U0VJL1VTREM=", index: true });
  });

  it.each(EVENT_SHAPES)("%s says the same to the task as any other", (shape) => {
    for (const event of [BOOK, tradeOf("T-9"), statusOf()]) {
      const decoded = decodeFrame(frameOf(shape, event), MARKETS, AT);
      expect(decoded).toMatchObject({ kind: "events", id: 1, events: [expect.anything()], faults: [] });
      expect(decoded).toEqual(decodeFrame(frameOf("design", event), MARKETS, AT));
    }
  });
});
