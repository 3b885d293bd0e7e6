import { afterEach, expect, test } from "vitest";
import type { WireEvent } from "../../../core/sei/wire-event.ts";
import type { PlaceRequest } from "../../../sim/exchange/order-entry.ts";
import { makeTapeExchange, type TapeEnd, type TapeExchange } from "../../../sim/exchange/tape-exchange.ts";
import type { TapeLine } from "../../../sim/exchange/tape-line.ts";
import { type DrivenClock, makeDrivenClock } from "./driven-clock.ts";

const MARKET = "ETH/USDT";
const STEP_MS = 1_000;
type Level = readonly [string, string];

function book(bids: readonly Level[], asks: readonly Level[]): WireEvent {
  const attributes = { timestamp: "2024-08-08T23:54:14.152Z", bids: JSON.stringify(bids), asks: JSON.stringify(asks) };
  return { type: "OrderBookUpdate", attributes: { market_id: MARKET, ...attributes } };
}

let trades = 0;
function trade(side: "buy" | "sell", price: string, quantity: string): WireEvent {
  trades += 1;
  const attributes = { timestamp: "2024-08-08T23:54:14.340Z", trade_id: `t${trades}`, price, quantity, side };
  return { type: "Trade", attributes: { market_id: MARKET, ...attributes } };
}

const CALM = book(
  [
    ["100.00", "3"],
    ["99.98", "2"],
  ],
  [
    ["100.10", "4"],
    ["100.12", "5"],
  ],
);

const running: TapeExchange[] = [];
afterEach(() => {
  for (const exchange of running.splice(0)) exchange.stop();
});

/** Starts a tape whose lines are a second apart and plays the first; `next` plays one more. */
async function play(
  lines: readonly (readonly WireEvent[])[],
  more: { speed?: number } = {},
): Promise<{ exchange: TapeExchange; clock: DrivenClock; events: WireEvent[]; next: () => Promise<void> }> {
  const clock = makeDrivenClock();
  const tape: TapeLine[] = lines.map((events, index) => ({ atMs: 1_723_161_254_152 + index * STEP_MS, events }));
  const markets = [{ symbol: MARKET, tickSize: "0.01", lotSize: "0.0001" }];
  const exchange = makeTapeExchange({ clock, markets, tape, ...more });
  running.push(exchange);
  const events: WireEvent[] = [];
  exchange.subscribe((event) => events.push(event));
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  exchange.start();
  await settle();
  clock.advance(0);
  await settle();
  const next = async () => {
    clock.advance(STEP_MS);
    await settle();
  };
  return { exchange, clock, events, next };
}

function place(exchange: TapeExchange, side: "buy" | "sell", price: string, more: Partial<PlaceRequest> = {}) {
  const fixed = { market: MARKET, orderType: "limit", timeInForce: "gtc", quantity: "1" } as const;
  const clientOrderId = `c${exchange.standing(MARKET).fillCount}-${side}-${price}-${more.clientOrderId ?? ""}`;
  const outcome = exchange.place({ ...fixed, side, price, ...more, clientOrderId });
  if (outcome.type === "refused") throw new Error(outcome.message);
  return outcome.order;
}

function fillsOf(exchange: TapeExchange): readonly string[] {
  const { fills } = exchange.fillsAfter({ market: MARKET, cursor: undefined, limit: 500 });
  return fills.map((fill) => `${fill.side} ${fill.quantity}@${fill.price} ${fill.liquidity}`);
}

const meetings: readonly { name: string; bid: string; trades: readonly WireEvent[]; fills: readonly string[] }[] = [
  {
    name: "a trade above our bid leaves it alone",
    bid: "99.99",
    trades: [trade("sell", "100.00", "9")],
    fills: [],
  },
  {
    name: "a trade through our bid fills it at its own price",
    bid: "99.99",
    trades: [trade("sell", "99.98", "9")],
    fills: ["buy 1@99.99 maker"],
  },
  {
    name: "our fill never exceeds the trade",
    bid: "99.99",
    trades: [trade("sell", "99.98", "0.3"), trade("sell", "99.98", "0.2")],
    fills: ["buy 0.3@99.99 maker", "buy 0.2@99.99 maker"],
  },
  {
    name: "at a price with nobody before us a trade fills us at once",
    bid: "100.05",
    trades: [trade("sell", "100.05", "0.4")],
    fills: ["buy 0.4@100.05 maker"],
  },
  {
    name: "at our price the size displayed before us trades first",
    bid: "100.00",
    trades: [trade("sell", "100.00", "2"), trade("sell", "100.00", "1")],
    fills: [],
  },
  {
    name: "what trades beyond the size displayed before us is ours",
    bid: "100.00",
    trades: [trade("sell", "100.00", "2"), trade("sell", "100.00", "1.25"), trade("sell", "100.00", "9")],
    fills: ["buy 0.25@100 maker", "buy 0.75@100 maker"],
  },
  {
    name: "a buyer at our bid's price does not meet it",
    bid: "100.05",
    trades: [trade("buy", "100.05", "5")],
    fills: [],
  },
];

test.each(meetings)("$name", async ({ bid, trades: met, fills }) => {
  const { exchange, next } = await play([[CALM], met]);
  place(exchange, "buy", bid);
  await next();
  expect(fillsOf(exchange)).toEqual(fills);
});

test("the same holds for our asks", async () => {
  const { exchange, next } = await play([[CALM], [trade("buy", "100.10", "4.5"), trade("buy", "100.11", "0.2")]]);
  place(exchange, "sell", "100.10");
  await next();
  expect(fillsOf(exchange)).toEqual(["sell 0.5@100.1 maker", "sell 0.2@100.1 maker"]);
});

test("several orders of ours share one trade: best price first, then as they came, never more than it", async () => {
  const { exchange, next } = await play([[CALM], [trade("sell", "100.01", "2.5")], [trade("sell", "99.97", "1")]]);
  place(exchange, "buy", "100.01", { clientOrderId: "first" });
  place(exchange, "buy", "100.01", { clientOrderId: "second" });
  place(exchange, "buy", "100.02");
  await next();
  expect(fillsOf(exchange)).toEqual(["buy 1@100.02 maker", "buy 1@100.01 maker", "buy 0.5@100.01 maker"]);
  await next();
  expect(fillsOf(exchange).at(-1)).toBe("buy 0.5@100.01 maker");
});

test("an ioc order takes what the tape displays, level by level, and what it took is gone until the next book", async () => {
  const { exchange, next } = await play([[CALM], [CALM]]);
  const order = place(exchange, "buy", "100.12", { quantity: "6", timeInForce: "ioc" });
  expect(order.status).toBe("filled");
  expect(fillsOf(exchange)).toEqual(["buy 4@100.1 taker", "buy 2@100.12 taker"]);
  const rest = place(exchange, "buy", "100.12", { quantity: "6", timeInForce: "ioc", clientOrderId: "again" });
  expect(rest).toMatchObject({ status: "cancelled", filledQuantity: "3" });
  await next();
  expect(asksOf(exchange)[0]).toEqual(["100.1", "4"]);
});

test("a post_only order that would cross the tape is rejected, and one inside the spread rests", async () => {
  const { exchange } = await play([[CALM]]);
  expect(place(exchange, "buy", "100.10", { timeInForce: "post_only" }).status).toBe("rejected");
  expect(place(exchange, "buy", "100.09", { timeInForce: "post_only" }).status).toBe("open");
  expect(fillsOf(exchange)).toEqual([]);
});

test("the published book is the tape's with ours in it, and the published trades are the tape's alone", async () => {
  const { exchange, clock, events, next } = await play([[CALM], [trade("sell", "99.97", "0.4"), CALM]]);
  place(exchange, "buy", "100.00");
  place(exchange, "buy", "99.99", { clientOrderId: "x" });
  events.length = 0;
  clock.advance(20);
  expect(bidsOf(exchange)).toEqual([
    ["100", "4"],
    ["99.99", "1"],
    ["99.98", "2"],
  ]);
  expect(events).toHaveLength(1);
  expect(events[0]?.attributes["bids"]).toBe(JSON.stringify(bidsOf(exchange)));
  events.length = 0;
  await next();
  expect(fillsOf(exchange)).toEqual(["buy 0.4@100 maker"]);
  const prints = events.filter((event) => event.type === "Trade");
  expect(prints.map((event) => `${event.attributes["quantity"]}@${event.attributes["price"]}`)).toEqual(["0.4@99.97"]);
  expect(bidsOf(exchange)[0]).toEqual(["100", "3.6"]);
});

test("an order the tape's book moved through is not shown and not filled, but stays live and comes back", async () => {
  const below = book([["99.90", "1"]], [["99.95", "2"]]);
  const { exchange, next } = await play([[CALM], [below], [trade("sell", "99.90", "0.25")], [CALM]]);
  place(exchange, "buy", "99.99");
  await next();
  expect(bidsOf(exchange)).toEqual([["99.9", "1"]]);
  expect(exchange.openOrders()).toHaveLength(1);
  await next();
  expect(fillsOf(exchange)).toEqual(["buy 0.25@99.99 maker"]);
  await next();
  expect(bidsOf(exchange)).toContainEqual(["99.99", "0.75"]);
});

test("a cancelled order meets no trade", async () => {
  const { exchange, next } = await play([[CALM], [trade("sell", "99.00", "9")]]);
  place(exchange, "buy", "99.99");
  exchange.cancelAll(MARKET);
  await next();
  expect(fillsOf(exchange)).toEqual([]);
});

test("orders of ours never meet each other", async () => {
  const { exchange } = await play([[CALM]]);
  place(exchange, "sell", "100.05");
  expect(place(exchange, "buy", "100.06").status).toBe("cancelled");
  expect(fillsOf(exchange)).toEqual([]);
});

test("events carry the time they are played at, and the end is told once, at the chosen speed", async () => {
  const { exchange, clock, events } = await play([[CALM], [CALM], [CALM]], { speed: 10 });
  const ends: TapeEnd[] = [];
  exchange.onEnd((end) => ends.push(end));
  for (let i = 0; i < 4; i += 1) {
    clock.advance(STEP_MS / 10);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  expect(ends).toEqual([{ type: "played", lines: 3 }]);
  expect(events.map((event) => event.attributes["timestamp"])).toEqual([
    "2026-01-02T03:04:05.000Z",
    "2026-01-02T03:04:05.100Z",
    "2026-01-02T03:04:05.200Z",
  ]);
});

test.each([
  ["a price off the tick", book([["100.001", "1"]], [])],
  ["levels that are no list", { ...CALM, attributes: { ...CALM.attributes, bids: "7" } }],
  ["levels that are no JSON", { ...CALM, attributes: { ...CALM.attributes, asks: "[[" } }],
])("a tape with %s ends with an error that names its line", async (_name, bad) => {
  const { exchange, next } = await play([[CALM], [bad]]);
  const ends: TapeEnd[] = [];
  exchange.onEnd((end) => ends.push(end));
  await next();
  expect(ends).toMatchObject([{ type: "failed", error: { message: expect.stringMatching(/^line 2 of the tape/) } }]);
});

test("before the first book only the status is known, and an order waits behind what that book displays", async () => {
  const { exchange, next } = await play([[], [CALM], [trade("sell", "100.00", "3.5")]]);
  expect(exchange.snapshot(MARKET).map((event) => event.type)).toEqual(["MarketStatus"]);
  place(exchange, "buy", "100.00");
  await next();
  await next();
  expect(fillsOf(exchange)).toEqual(["buy 0.5@100 maker"]);
});

function bidsOf(exchange: TapeExchange): unknown[] {
  return JSON.parse(exchange.snapshot(MARKET)[1]?.attributes["bids"] ?? "[]");
}

function asksOf(exchange: TapeExchange): unknown[] {
  return JSON.parse(exchange.snapshot(MARKET)[1]?.attributes["asks"] ?? "[]");
}
