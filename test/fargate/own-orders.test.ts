import { afterEach, beforeEach, expect, test } from "vitest";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { Orders } from "../../core/orders.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { makeCambrianVenue } from "../../fargate/cambrian/venue.ts";
import { makeSystemRng } from "../../fargate/clock.ts";
import { connectWebSocket } from "../../fargate/connect.ts";
import { type HttpClient, makeHttpClient } from "../../fargate/fetch.ts";
import { cancelAllOwnOrders } from "../../fargate/own-orders.ts";
import type { Clock } from "../../fargate/seams.ts";
import { Secret } from "../../fargate/secret.ts";
import type { Venue } from "../../fargate/venue.ts";
import { type CambrianApi, startCambrianApi } from "../../sim/cambrian-api/server.ts";
import { type Exchange, makeSimulatedExchange } from "../../sim/exchange/exchange.ts";
import { MARKET, makeCountingMetrics, makeRecordingLog } from "./cambrian/venue-case.ts";
import { makePacedClock, SYMBOL, until } from "./task-world.ts";

const clock = makePacedClock(10);
/** Of the start under test. */
const EPOCH = 14;
const nowMs = () => clock.now().monotonicMs;

let exchange: Exchange;
let api: CambrianApi;
let http: HttpClient;
let venue: Venue;
let budget: RequestBudget;
let placed: Orders;

beforeEach(async () => {
  const markets = [{ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  exchange = makeSimulatedExchange({ clock, seed: 7, markets });
  const keys = { apiKey: "the-key", secretKey: "the-secret" };
  api = await startCambrianApi({ ...keys, exchange, network: "testnet", clock, rng: makeSystemRng(), port: 0 });
  http = makeHttpClient(clock);
  budget = new RequestBudget();
  placed = new Orders();
  venue = makeCambrianVenue({
    markets: [MARKET],
    baseUrl: api.url,
    apiKey: new Secret(keys.apiKey),
    secretKey: new Secret(keys.secretKey),
    network: "testnet",
    clock,
    rng: makeSystemRng(),
    fetch: http.fetch,
    connect: connectWebSocket,
    budget,
    log: makeRecordingLog([]),
    metrics: makeCountingMetrics(new Map()),
    onEvent: () => undefined,
    fence: () => undefined,
  });
});

afterEach(async () => {
  await venue.stop();
  http.close();
  await api.close();
  exchange.stop();
});

function rest(clientOrderId: string): void {
  exchange.place({
    market: SYMBOL,
    side: "buy",
    orderType: "limit",
    price: "0.3",
    quantity: "10",
    timeInForce: "gtc",
    clientOrderId,
  });
}

/** An order that this start has sent and of which nothing is known. */
function sent(clientOrderId: string): void {
  const order = {
    clientOrderId,
    market: SYMBOL,
    side: "buy",
    level: 0,
    price: toTicks(3_000),
    size: toLots(10),
  } as const;
  placed.decided(order, nowMs());
}

/** An order that this start has placed, and whose answer has come. */
function restKnown(clientOrderId: string): void {
  rest(clientOrderId);
  sent(clientOrderId);
  const orderId = exchange.orderByClientId(clientOrderId)?.orderId ?? "";
  const { market, side, price, size } = placed.find(clientOrderId)!;
  const order = { orderId, clientOrderId, market, side, price, size, filled: toLots(0), status: "open" } as const;
  placed.apply({ type: "order-seen", order, at: clock.now() });
}

async function cancelAll(withinMs = 14_000, at: Venue = venue, by: Clock = clock): Promise<number | undefined> {
  const options = { venue: at, budget, clock: by, epoch: EPOCH, placed: () => placed.open() };
  return (await cancelAllOwnOrders(options, [SYMBOL], nowMs() + withinMs)).get(SYMBOL);
}

const openIds = () => exchange.openOrders().map((order) => order.clientOrderId);

test("orders of every start are ended within the rate limit, and strangers' are left alone", async () => {
  for (let n = 0; n < 15; n += 1) rest(`fm-${n}-SEIUSDC-b0-${n}`);
  rest("by-hand-1");
  rest("fmm-2-SEIUSDC-b0-1");
  expect(await cancelAll()).toBe(15);
  expect(openIds()).toEqual(["by-hand-1", "fmm-2-SEIUSDC-b0-1"]);
  expect(api.stats().refusedForRate).toBe(0);
});

test("orders of a later start are its own: they are left alone, and hold up nothing", async () => {
  rest(`fm-${EPOCH}-SEIUSDC-b0-1`);
  rest(`fm-${EPOCH + 1}-SEIUSDC-b0-1`);
  expect(await cancelAll()).toBe(1);
  expect(openIds()).toEqual([`fm-${EPOCH + 1}-SEIUSDC-b0-1`]);
});

test("two answers that show none are at least a block apart", async () => {
  const askedMs: number[] = [];
  const openOrders: Venue["openOrders"] = (market) => {
    askedMs.push(nowMs());
    return venue.openOrders(market);
  };
  const watched: Pick<Venue, "openOrders" | "execute"> = { openOrders, execute: (command) => venue.execute(command) };
  expect(await cancelAll(14_000, { ...venue, ...watched })).toBe(0);
  expect(askedMs).toHaveLength(2);
  expect(askedMs[1]! - askedMs[0]!).toBeGreaterThanOrEqual(400);
});

test("an answer that shows none proves nothing after one that failed", async () => {
  api.faults.inject({ route: "orders", when: "after", effect: { type: "garbage" } }, 3);
  const answers: string[] = [];
  const openOrders: Venue["openOrders"] = async (market) => {
    const orders = await venue.openOrders(market).catch((error: unknown) => {
      answers.push("failed");
      throw error;
    });
    answers.push(`${orders.value.length} open`);
    // The question after an empty answer fails, with its repeats.
    if (answers.length === 2) api.faults.inject({ route: "orders", when: "after", effect: { type: "garbage" } }, 3);
    return orders;
  };
  const execute: Venue["execute"] = (command) => venue.execute(command);
  expect(await cancelAll(14_000, { ...venue, openOrders, execute })).toBe(0);
  expect(answers).toEqual(["failed", "0 open", "failed", "0 open", "0 open"]);
});

test("without an order two answers that show none are enough, and one is not", async () => {
  expect(await cancelAll()).toBe(0);
  expect(api.stats().byRoute).toEqual({ orders: 2 });
});

test("while a placing may still arrive no answer is proof", async () => {
  const clientOrderId = "fm-3-SEIUSDC-b0-1";
  sent(clientOrderId);
  let isDone = false;
  const done = cancelAll().then((found) => {
    isDone = true;
    return found;
  });
  await until(() => (api.stats().byRoute.orders ?? 0) >= 4, "four answers have shown no order");
  expect(isDone).toBe(false);
  rest(clientOrderId);
  await until(() => openIds().length === 0, "the late order is ended");
  placed.apply({ type: "order-cancelled", market: SYMBOL, clientOrderId, at: clock.now() });
  expect(await done).toBe(1);
});

test("a placing whose fate was never told is waited for until it can no longer arrive", async () => {
  const sentMs = nowMs();
  sent("fm-3-SEIUSDC-b0-1");
  expect(await cancelAll()).toBe(0);
  expect(nowMs() - sentMs).toBeGreaterThanOrEqual(10_000);
});

test("cancels that get lost are sent again", async () => {
  rest("fm-1-SEIUSDC-b0-1");
  rest("fm-1-SEIUSDC-s0-2");
  api.faults.inject({ route: "cancel", when: "before", effect: { type: "drop" } }, 4);
  expect(await cancelAll()).toBe(2);
  expect(openIds()).toEqual([]);
});

test("orders that cannot be ended in time are named", async () => {
  rest("fm-1-SEIUSDC-b0-1");
  rest("by-hand-1");
  api.faults.inject({ route: "cancel", when: "before", effect: { type: "status", status: 503 } }, 1_000);
  await expect(cancelAll(1_000)).rejects.toThrow("orders of SEI/USDC must be ended, still open: fm-1-SEIUSDC-b0-1");
});

test("a suspended budget is looked at twenty times a second, so that its early end is seen, and never without a pause", async () => {
  const pauses: number[] = [];
  const counting: Clock = {
    now: () => clock.now(),
    after: (delayMs, callback) => {
      pauses.push(delayMs);
      return clock.after(delayMs, callback);
    },
  };
  const clientOrderId = "fm-14-SEIUSDC-b0-1";
  restKnown(clientOrderId);
  budget.suspend(Number.POSITIVE_INFINITY);
  const cancelling = cancelAll(14_000, venue, counting);
  await until(() => pauses.length >= 3, "it waits");
  expect(pauses.every((delayMs) => delayMs >= 1 && delayMs <= 50)).toBe(true);
  expect(exchange.orderByClientId(clientOrderId)?.status).toBe("open");
  budget.resume();
  await cancelling;
  expect(exchange.orderByClientId(clientOrderId)?.status).toBe("cancelled");
});

test("when the venue's list cannot be read, known orders are cancelled all the same, and nothing is called proven", async () => {
  const clientOrderId = "fm-3-SEIUSDC-b0-1";
  restKnown(clientOrderId);
  api.faults.inject({ route: "orders", when: "before", effect: { type: "drop" } }, 1_000);
  const failed = await cancelAll(2_000).catch((error: unknown) => error);
  expect(failed).toMatchObject({ errors: [{ code: "ORDERS_LEFT_OPEN", cause: { operation: "openOrders" } }] });
  expect(exchange.orderByClientId(clientOrderId)?.status).toBe("cancelled");
});

test("without an answer from the venue, what we placed and cannot prove ended is named", async () => {
  const clientOrderId = "fm-3-SEIUSDC-b0-1";
  rest(clientOrderId);
  sent(clientOrderId);
  api.faults.inject({ route: "any", when: "before", effect: { type: "drop" } }, 1_000);
  await expect(cancelAll(1_000)).rejects.toThrow(
    "still open: none shown, but that is not proven; not proven ended: fm-3-SEIUSDC-b0-1",
  );
});

test("a list that could not be read for a moment is asked for again", async () => {
  rest("fm-1-SEIUSDC-b0-1");
  api.faults.inject({ route: "orders", when: "after", effect: { type: "garbage" } }, 4);
  expect(await cancelAll()).toBe(1);
  expect(openIds()).toEqual([]);
});
