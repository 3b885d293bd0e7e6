import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Exchange, makeSimulatedExchange } from "../../../sim/exchange/exchange.ts";
import type { PlaceRequest } from "../../../sim/exchange/order-entry.ts";
import { makeDrivenClock } from "./driven-clock.ts";

const MARKET = "SEI/USDC";
let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flashmm-journal-"));
  file = join(folder, "journal.jsonl");
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(clock = makeDrivenClock()): Exchange {
  return makeSimulatedExchange({
    clock,
    seed: 5,
    journal: file,
    markets: [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }],
  });
}

function order(
  id: string,
  side: "buy" | "sell",
  price: string,
  tif: PlaceRequest["timeInForce"] = "gtc",
): PlaceRequest {
  const fixed = { market: MARKET, orderType: "limit", quantity: "500" } as const;
  return { ...fixed, side, price, timeInForce: tif, clientOrderId: id };
}

/** Everything the account can be asked. */
function account(exchange: Exchange): unknown {
  return {
    open: exchange.openOrders(),
    fills: exchange.fillsAfter({ market: MARKET, cursor: undefined, limit: 500 }),
    balances: exchange.balances(),
    standing: exchange.standing(MARKET),
    named: ["a", "b", "c", "d", "e"].map((id) => exchange.orderByClientId(id)),
  };
}

function trade(exchange: Exchange): void {
  exchange.place(order("a", "buy", "0.4300", "ioc"));
  exchange.place(order("b", "sell", "0.4100", "post_only"));
  exchange.place(order("c", "buy", "0.4100"));
  const resting = exchange.place(order("d", "buy", "0.4101"));
  exchange.place(order("e", "sell", "0.4400"));
  if (resting.type === "placed") exchange.cancel(resting.order.orderId);
}

test("an exchange killed at any moment comes back with its fills, money, ids and open orders", () => {
  const first = open();
  trade(first);
  const before = account(first);
  // Not stopped: a kill closes nothing.
  const again = open(makeDrivenClock(Date.UTC(2026, 0, 2, 4)));
  expect(account(again)).toEqual(before);
  expect(again.journal).toEqual({ records: 9, tornBytes: 0 });
  const next = again.place(order("f", "buy", "0.4000"));
  expect(next).toMatchObject({ type: "placed", order: { orderId: "O-000000000006" } });
  const fill = again.place(order("g", "buy", "0.4300", "ioc"));
  expect(fill).toMatchObject({ order: { status: "filled" } });
  const { fills } = again.fillsAfter({ market: MARKET, cursor: "1", limit: 5 });
  expect(fills.map((entry) => entry.fillId)).toEqual(["F-000000000002"]);
});

test("restored orders rest in the book and can be cancelled", () => {
  trade(open());
  const again = open();
  const bids: [string, string][] = JSON.parse(again.snapshot(MARKET)[1]?.attributes["bids"] ?? "[]");
  const ours = again.openOrders().find((entry) => entry.clientOrderId === "c");
  expect(ours?.status).toBe("open");
  expect(again.cancelAll(MARKET)).toHaveLength(2);
  expect(open().openOrders()).toEqual([]);
  expect(bids).toContainEqual(["0.41", "500"]);
});

test("venue time never steps back over a restart, whatever the clock says", () => {
  const late = Date.UTC(2026, 5, 1);
  open(makeDrivenClock(late)).place(order("a", "buy", "0.4300", "ioc"));
  const again = open(makeDrivenClock(late - 60_000));
  again.place(order("b", "buy", "0.4300", "ioc"));
  const { fills } = again.fillsAfter({ market: MARKET, cursor: undefined, limit: 5 });
  expect(fills[1]?.timestamp).toBe(fills[0]?.timestamp);
});

test("a last line torn anywhere is cut off and reported, and the rest stands", () => {
  trade(open());
  const whole = readFileSync(file);
  const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
  for (const cut of [1, 10, whole.length - lastLine - 1]) {
    writeFileSync(file, whole.subarray(0, lastLine + cut));
    const again = open();
    expect(again.journal).toEqual({ records: 8, tornBytes: cut });
    // The torn record was the cancel of "d": nobody was told of it, so the order rests.
    expect(again.orderByClientId("d")?.status).toBe("open");
    again.cancelAll(MARKET);
    expect(open().journal?.tornBytes).toBe(0);
  }
});

test.each([
  ["no JSON", "{nonsense"],
  ["an unknown record", '{"type":"guess"}'],
  ["the end of no order", '{"type":"end","orderId":"O-000000000099","status":"cancelled"}'],
  [
    "a fill of an ended order",
    '{"type":"fill","fillId":"F-000000000002","orderId":"O-000000000001","price":"0.42","quantity":"1","fee":"0","liquidity":"maker","timestamp":"2026-01-02T03:04:05.000Z"}',
  ],
  ["a second account", '{"type":"account","version":1,"accountId":"flashmm-simulated","balances":{}}'],
])("a whole line that is %s stops the exchange and is named", (_name, line) => {
  trade(open());
  appendFileSync(file, `${line}\n`);
  expect(open).toThrow(/line 10 of the journal/);
});
