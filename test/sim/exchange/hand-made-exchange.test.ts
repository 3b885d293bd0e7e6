import { beforeEach, describe, expect, it } from "vitest";
import type { WireEvent } from "../../../core/sei/wire-event.ts";
import { type HandMadeExchange, makeHandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { type DrivenClock, makeDrivenClock } from "./driven-clock.ts";

const MARKET = "SEI/USDC";

let clock: DrivenClock;
let exchange: HandMadeExchange;
let events: WireEvent[];

beforeEach(() => {
  clock = makeDrivenClock();
  const markets = [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4200" }];
  exchange = makeHandMadeExchange({
    clock,
    markets,
    shape: { spreadBps: 50, levels: 3, levelSpacingBps: 25, size: 900 },
  });
  events = [];
  exchange.subscribe((event) => events.push(event));
  exchange.start();
});

function place(id: string, side: "buy" | "sell", price: string, quantity = "500") {
  const fixed = { market: MARKET, orderType: "limit", timeInForce: "post_only" } as const;
  return exchange.place({ ...fixed, side, price, quantity, clientOrderId: id });
}

function book() {
  const snapshot = exchange.snapshot(MARKET).find(({ type }) => type === "OrderBookUpdate");
  return { bids: JSON.parse(snapshot?.attributes["bids"] ?? ""), asks: JSON.parse(snapshot?.attributes["asks"] ?? "") };
}

describe("a market made by hand", () => {
  it("stands still in the shape it was given, and says so each 400 ms", () => {
    expect(book()).toEqual({
      bids: [
        ["0.4189", "900"],
        ["0.4179", "900"],
        ["0.4168", "900"],
      ],
      asks: [
        ["0.4211", "900"],
        ["0.4221", "900"],
        ["0.4232", "900"],
      ],
    });
    clock.advance(2_000);
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => "OrderBookUpdate"));
  });

  it("a taker of the test's fills what stands best, ours in its turn", () => {
    place("ours", "sell", "0.4205");
    expect(exchange.hand(MARKET).hit("buy", "600", "0.4215")).toBe("600");
    expect(exchange.orderByClientId("ours")).toMatchObject({ status: "filled", filledQuantity: "500" });
    expect(exchange.standing(MARKET)).toMatchObject({ position: "-500", fillCount: 1 });
    expect(exchange.hand(MARKET).hit("buy", "100", "0.4205")).toBe("0");
    expect(events.filter(({ type }) => type === "Trade")).toHaveLength(2);
  });

  it("after a shock the others stand around the new mid, and slide behind a stale order of ours", () => {
    place("ours", "sell", "0.4205");
    exchange.hand(MARKET).jump(10);
    const { bids, asks } = book();
    expect(asks[0]).toEqual(["0.4205", "500"]);
    expect(bids[0]).toEqual(["0.4204", "2700"]);
    expect(asks[1]?.[0]).toBe("0.4632");
  });

  it("a side vanishes, both vanish and only ours is left, and they come back", () => {
    const hand = exchange.hand(MARKET);
    hand.empty("asks");
    expect(book().asks).toEqual([]);
    expect(exchange.mid(MARKET)).toBeUndefined();
    place("ours", "buy", "0.4195");
    hand.empty("both");
    expect(book()).toEqual({ bids: [["0.4195", "500"]], asks: [] });
    hand.refill();
    expect(book().asks).toHaveLength(3);
  });

  it("the spread becomes absurd, or the book any book at all", () => {
    const hand = exchange.hand(MARKET);
    hand.shape({ spreadBps: 4_000, levels: 1 });
    expect(book()).toEqual({ bids: [["0.336", "900"]], asks: [["0.504", "900"]] });
    hand.setBook({ bids: [["0.41", "7"]], asks: [] });
    expect(book()).toEqual({ bids: [["0.41", "7"]], asks: [] });
  });

  it("halted it takes no order, and opened again it does", () => {
    exchange.setMarketStatus(MARKET, "halted");
    expect(place("ours", "buy", "0.4195")).toMatchObject({ type: "refused", reason: "market-halted" });
    exchange.setMarketStatus(MARKET, "open");
    expect(place("ours", "buy", "0.4195")).toMatchObject({ type: "placed" });
    expect(events.filter(({ type }) => type === "MarketStatus")).toHaveLength(2);
  });

  it("a market that is none of its markets is named", () => {
    expect(() => exchange.hand("BTC/USDC")).toThrow('market_id must be one of SEI/USDC, was "BTC/USDC"');
  });
});
