import { describe, expect, it, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import type { WireEvent } from "../../../core/sei/wire-event.ts";
import { type Exchange, makeSimulatedExchange } from "../../../sim/exchange/exchange.ts";
import type { PlaceRequest } from "../../../sim/exchange/order-entry.ts";
import { type DrivenClock, makeDrivenClock } from "./driven-clock.ts";

const MARKET = "SEI/USDC";
const TICKS = 10_000;

function open(options: { seed?: number; balances?: Record<string, string> } = {}): {
  exchange: Exchange;
  clock: DrivenClock;
  events: WireEvent[];
} {
  const clock = makeDrivenClock();
  const exchange = makeSimulatedExchange({
    clock,
    seed: options.seed ?? 7,
    markets: [
      { symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" },
      { symbol: "ATOM/USDC", tickSize: "0.001", lotSize: "0.01", startPrice: "5.12" },
    ],
    ...(options.balances === undefined ? {} : { balances: options.balances }),
  });
  const events: WireEvent[] = [];
  exchange.subscribe((event) => events.push(event));
  return { exchange, clock, events };
}

function limit(id: string, side: "buy" | "sell", price: string, more: Partial<PlaceRequest> = {}): PlaceRequest {
  const fixed = { market: MARKET, orderType: "limit", timeInForce: "gtc", quantity: "500" } as const;
  return { ...fixed, side, price, clientOrderId: id, ...more };
}

function placed(exchange: Exchange, request: PlaceRequest) {
  const outcome = exchange.place(request);
  if (outcome.type === "refused") throw new Error(outcome.message);
  return outcome.order;
}

function levelsOf(event: WireEvent | undefined, side: "bids" | "asks"): [string, string][] {
  return JSON.parse(event?.attributes[side] ?? "[]");
}

/** A maker who sees only the published book, and quotes two levels a side around its middle. */
function quote(exchange: Exchange, clock: DrivenClock, durationMs: number): void {
  let count = 0;
  for (let at = 0; at < durationMs; at += 500) {
    clock.advance(500);
    exchange.cancelAll(MARKET);
    const mid = Math.round(Number(exchange.mid(MARKET)) * TICKS);
    for (const [side, sign] of [
      ["buy", -1],
      ["sell", 1],
    ] as const) {
      for (const distance of [2, 3]) {
        const price = ((mid + sign * distance) / TICKS).toFixed(4);
        exchange.place(limit(`q${count}`, side, price, { timeInForce: "post_only" }));
        count += 1;
      }
    }
  }
}

test("a maker two or three ticks from the middle is filled at least a hundred times in a minute", () => {
  const { exchange, clock, events } = open();
  exchange.start();
  quote(exchange, clock, 60_000);
  expect(exchange.standing(MARKET).fillCount).toBeGreaterThanOrEqual(100);
  const books = events.filter((e) => e.type === "OrderBookUpdate" && e.attributes["market_id"] === MARKET);
  expect(books.length).toBeGreaterThan(60_000 / 400);
});

test("without us the spread is 16 to 24 ticks, the book is never crossed, and it moves every 400 ms at the latest", () => {
  const { exchange, clock, events } = open({ seed: 3 });
  exchange.start();
  clock.advance(60_000);
  const books = events.filter((e) => e.type === "OrderBookUpdate" && e.attributes["market_id"] === MARKET);
  const spreads = books.map((book) => {
    const [bid, ask] = [levelsOf(book, "bids")[0], levelsOf(book, "asks")[0]];
    return Math.round((Number(ask?.[0]) - Number(bid?.[0])) * TICKS);
  });
  const typical = spreads.filter((spread) => spread >= 16 && spread <= 24).length / spreads.length;
  expect(typical).toBeGreaterThan(0.95);
  expect(Math.min(...spreads)).toBeGreaterThan(0);
  const times = books.map((book) => Date.parse(book.attributes["timestamp"] ?? ""));
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(400);
});

test("the same seed gives the same market, another seed another one", () => {
  const run = (seed: number) => {
    const { exchange, clock, events } = open({ seed });
    exchange.start();
    clock.advance(5_000);
    return JSON.stringify(events);
  };
  expect(run(1)).toBe(run(1));
  expect(run(1)).not.toBe(run(2));
});

test("an order of ours shows in the published book within a block", () => {
  const { exchange, clock, events } = open();
  exchange.start();
  clock.advance(1_000);
  placed(exchange, limit("mine", "buy", "0.4180", { quantity: "12345" }));
  events.length = 0;
  clock.advance(50);
  const book = events.find((e) => e.type === "OrderBookUpdate" && e.attributes["market_id"] === MARKET);
  expect(levelsOf(book, "bids")).toContainEqual(["0.418", "12345"]);
});

test("taking costs 5 bps, rounded up to six decimals, and moves position, cash and balances exactly", () => {
  const { exchange } = open();
  const ask = levelsOf(exchange.snapshot(MARKET)[1], "asks")[0];
  const fills: unknown[] = [];
  exchange.onAccountEvent((event) => event.type === "fill" && fills.push(event.fill));
  const order = placed(exchange, limit("t", "buy", ask?.[0] ?? "", { quantity: "333", timeInForce: "ioc" }));
  expect(order).toMatchObject({ status: "filled", filledQuantity: "333" });
  const priceTicks = BigInt(Math.round(Number(ask?.[0]) * TICKS));
  const notional = priceTicks * 333n * 100n; // millionths of the quote
  const fee = (notional * 5n + 9_999n) / 10_000n;
  const text = (millionths: bigint) => String(Number(millionths) / 1e6);
  expect(fills).toMatchObject([{ liquidity: "taker", quantity: "333", fee: text(fee), feeAsset: "USDC" }]);
  expect(exchange.standing(MARKET)).toEqual({
    position: "333",
    cash: text(-notional),
    fees: text(fee),
    volume: text(notional),
    fillCount: 1,
  });
  const total = (asset: string) => exchange.balances().find((balance) => balance.asset === asset)?.total;
  expect(total("SEI")).toBe("1000333");
  expect(total("USDC")).toBe(text(1_000_000_000_000n - notional - fee));
});

test("fills come in venue order: time, then id by bytes, is the order of arrival", () => {
  const { exchange, clock } = open();
  exchange.start();
  quote(exchange, clock, 20_000);
  const { fills } = exchange.fillsAfter({ market: MARKET, cursor: undefined, limit: 500 });
  expect(fills.length).toBeGreaterThan(10);
  const keys = fills.map((fill) => `${fill.timestamp}#${fill.fillId}`);
  expect(keys).toEqual([...new Set(keys)].sort());
});

test("pages of any size give every fill once, and the cursor of an empty page is usable", () => {
  const { exchange, clock } = open();
  const none = exchange.fillsAfter({ market: MARKET, cursor: undefined, limit: 10 });
  expect(none.fills).toEqual([]);
  exchange.start();
  quote(exchange, clock, 20_000);
  const seen: string[] = [];
  let cursor = none.nextCursor;
  for (;;) {
    const page = exchange.fillsAfter({ market: MARKET, cursor, limit: 7 });
    seen.push(...page.fills.map((fill) => fill.fillId));
    cursor = page.nextCursor;
    if (page.fills.length === 0) break;
  }
  expect(seen).toHaveLength(exchange.standing(MARKET).fillCount);
  expect(new Set(seen).size).toBe(seen.length);
  expect(exchange.fillsAfter({ market: MARKET, cursor, limit: 7 })).toEqual({ fills: [], nextCursor: cursor });
});

test.each(["-1", "x", "1.5", "01", "999999", ""])("a cursor that was never given (%s) is refused", (cursor) => {
  const { exchange } = open();
  expect(() => exchange.fillsAfter({ market: MARKET, cursor, limit: 5 })).toThrow(/^after must be/);
});

test("the same client order id again gives the first order, whatever else it says", () => {
  const { exchange } = open();
  const first = placed(exchange, limit("same", "buy", "0.4100"));
  const again = exchange.place(limit("same", "sell", "0.4300", { quantity: "1" }));
  expect(again).toEqual({ type: "duplicate", order: first });
  expect(exchange.openOrders()).toHaveLength(1);
});

test("a cancelled order keeps its state, and an unknown one is unknown", () => {
  const { exchange } = open();
  const { orderId } = placed(exchange, limit("c", "buy", "0.4100"));
  expect(exchange.cancel(orderId)).toMatchObject({ type: "cancelled", order: { status: "cancelled" } });
  expect(exchange.cancel(orderId)).toMatchObject({ type: "ended", order: { status: "cancelled" } });
  expect(exchange.cancel("O-9")).toEqual({ type: "unknown" });
  expect(exchange.orderByClientId("c")?.status).toBe("cancelled");
});

test("cancel all ends the orders of one market alone", () => {
  const { exchange } = open();
  const ids = ["a", "b"].map((id) => placed(exchange, limit(id, "buy", "0.4100")).orderId);
  placed(exchange, limit("other", "buy", "5.000", { market: "ATOM/USDC", quantity: "1" }));
  expect(exchange.cancelAll(MARKET)).toEqual(ids);
  expect(exchange.openOrders().map((order) => order.clientOrderId)).toEqual(["other"]);
});

test("a halted market takes no order and remembers none, but lets orders be cancelled", () => {
  const { exchange, events } = open();
  const { orderId } = placed(exchange, limit("before", "buy", "0.4100"));
  exchange.setMarketStatus(MARKET, "halted");
  expect(exchange.place(limit("x", "buy", "0.4100"))).toMatchObject({ type: "refused", reason: "market-halted" });
  expect(exchange.orderByClientId("x")).toBeUndefined();
  expect(exchange.cancel(orderId).type).toBe("cancelled");
  expect(events.at(-1)).toMatchObject({ type: "MarketStatus", attributes: { status: "halted", market_id: MARKET } });
  expect(exchange.snapshot(MARKET)[0]).toMatchObject({ type: "MarketStatus", attributes: { status: "halted" } });
});

test("open orders hold back their money, fee included, and more than there is is refused", () => {
  const { exchange } = open({ balances: { USDC: "100", SEI: "10" } });
  placed(exchange, limit("a", "buy", "0.4000", { quantity: "200" }));
  expect(exchange.balances()).toContainEqual({ asset: "USDC", total: "100", available: "19.96" });
  const refused = { type: "refused", reason: "insufficient-balance" };
  expect(exchange.place(limit("b", "buy", "0.4000", { quantity: "50" }))).toMatchObject(refused);
  expect(exchange.place(limit("c", "sell", "0.4500", { quantity: "11" }))).toMatchObject(refused);
  const sale = { price: undefined, orderType: "market", timeInForce: "ioc", quantity: "11" } as const;
  expect(exchange.place({ ...limit("d", "sell", ""), ...sale })).toMatchObject(refused);
});

test.each([
  ["market_id", { market: "DOGE/USDC" }],
  ["price", { price: "0.42151" }],
  ["price", { price: "-1" }],
  ["price", { price: "NaN" }],
  ["price", { price: undefined }],
  ["price", { orderType: "market" as const, timeInForce: "ioc" as const }],
  ["time_in_force", { orderType: "market" as const, price: undefined }],
  ["quantity", { quantity: "0" }],
  ["quantity", { quantity: "1.5" }],
])("an order whose %s does not fit is named: %j", (what, change) => {
  const { exchange } = open();
  expect(() => exchange.place({ ...limit("x", "buy", "0.4100"), ...change })).toThrow(InputError);
  expect(() => exchange.place({ ...limit("x", "buy", "0.4100"), ...change })).toThrow(new RegExp(`^${what} must be`));
});

test("ten times the speed shows in a tenth of the time the very same books", () => {
  const markets = [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  const books = (speed: number) => {
    const clock = makeDrivenClock();
    const exchange = makeSimulatedExchange({ clock, seed: 1, speed, markets });
    const shown: string[] = [];
    exchange.subscribe(({ attributes }) => shown.push(`${attributes["bids"]} ${attributes["asks"]}`));
    exchange.start();
    clock.advance(20_000 / speed);
    return shown;
  };
  expect(books(10)).toEqual(books(1));
  expect(books(10).length).toBeGreaterThan(50);
});

describe("what can be made to happen among the traders", () => {
  const open = () => {
    const clock = makeDrivenClock();
    const markets = [{ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
    const exchange = makeSimulatedExchange({ clock, seed: 3, markets });
    const trades: string[] = [];
    exchange.subscribe(({ type }) => type === "Trade" && trades.push(type));
    exchange.start();
    return { clock, exchange, trades, traders: exchange.traders("SEI/USDC") };
  };

  it("a shock moves the book with it", () => {
    const { clock, exchange, traders } = open();
    clock.advance(1_000);
    const before = Number(exchange.mid("SEI/USDC"));
    traders.jump(5);
    clock.advance(1_000);
    expect(Number(exchange.mid("SEI/USDC")) / before).toBeCloseTo(1.05, 2);
  });

  it("paused they trade nothing, and then again", () => {
    const { clock, traders, trades } = open();
    traders.pauseTraders(true);
    clock.advance(20_000);
    expect(trades).toEqual([]);
    traders.pauseTraders(false);
    clock.advance(20_000);
    expect(trades.length).toBeGreaterThan(10);
  });

  it("a side without quotes has no mid, until they come back", () => {
    const { clock, exchange, traders } = open();
    traders.emptySide("sell");
    clock.advance(1_000);
    expect(exchange.mid("SEI/USDC")).toBeUndefined();
    traders.emptySide(undefined);
    expect(exchange.mid("SEI/USDC")).toBeDefined();
  });
});
