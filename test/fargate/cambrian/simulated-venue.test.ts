import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EngineEvent, VenueOrder } from "../../../core/events.ts";
import { RequestBudget } from "../../../core/execution/request-budget.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { makeCambrianVenue } from "../../../fargate/cambrian/venue.ts";
import { makeSystemClock, makeSystemRng } from "../../../fargate/clock.ts";
import { connectWebSocket } from "../../../fargate/connect.ts";
import { type HttpClient, makeHttpClient } from "../../../fargate/fetch.ts";
import { Secret } from "../../../fargate/secret.ts";
import type { Venue } from "../../../fargate/venue.ts";
import { type CambrianApi, startCambrianApi } from "../../../sim/cambrian-api/server.ts";
import { type Exchange, makeSimulatedExchange } from "../../../sim/exchange/exchange.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { MARKET, makeCountingMetrics, makeRecordingLog } from "./venue-case.ts";

const SYMBOL = "SEI/USDC";
const clock = makeSystemClock();

let exchange: Exchange;
let api: CambrianApi;
let http: HttpClient;
let venue: Venue;
let budget: RequestBudget;
let events: EngineEvent[];
let waiters: { readonly fits: (event: EngineEvent) => boolean; readonly resolve: (event: EngineEvent) => void }[];
let onStream: (connected: boolean) => void = () => undefined;

beforeEach(async () => {
  const markets = [{ symbol: SYMBOL, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  exchange = makeSimulatedExchange({ clock, seed: 7, markets });
  const rng = makeSeededRng(7, "latency");
  const keys = { apiKey: "the-key", secretKey: "the-secret" };
  api = await startCambrianApi({ ...keys, exchange, network: "testnet", clock, rng, port: 0, latencyMs: 0 });
  http = makeHttpClient(clock);
  budget = new RequestBudget();
  events = [];
  waiters = [];
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
    timeoutMs: 1_000,
    onEvent: (event) => {
      events.push(event);
      for (const waiter of waiters) if (waiter.fits(event)) waiter.resolve(event);
    },
    fence: () => undefined,
    onStream: (connected) => onStream(connected),
  });
});

afterEach(async () => {
  await venue.stop();
  http.close();
  await api.close();
  exchange.stop();
});

function next(fits: (event: EngineEvent) => boolean): Promise<EngineEvent> {
  return new Promise((resolve) => waiters.push({ fits, resolve }));
}

/** What became of an order; that it was written is told before. */
const outcomeOf = (clientOrderId: string) =>
  next(
    (event) =>
      event.type !== "order-sent" &&
      ("clientOrderId" in event ? event.clientOrderId : event.type === "order-seen" && event.order.clientOrderId) ===
        clientOrderId,
  );

let counter = 0;
function newId(): string {
  counter += 1;
  return `fm-1-SEIUSDC-b0-${counter}`;
}

/** Places a bid far below the market, or at any price. */
function place(clientOrderId: string, price = 3_000): Promise<EngineEvent> {
  const outcome = outcomeOf(clientOrderId);
  const requestId = budget.take("place", clock.now());
  if (requestId === undefined) throw new Error("the budget is spent");
  const order = { side: "buy", price: toTicks(price), size: toLots(10) } as const;
  venue.execute({ type: "place-order", requestId, market: SYMBOL, clientOrderId, ...order });
  return outcome;
}

async function placed(): Promise<VenueOrder> {
  const event = await place(newId());
  if (event.type !== "order-seen") throw new Error(`expected an order, was ${JSON.stringify(event)}`);
  return event.order;
}

function cancel({ orderId, clientOrderId }: VenueOrder): void {
  const requestId = budget.take("cancel", clock.now())!;
  venue.execute({ type: "cancel-order", requestId, market: SYMBOL, clientOrderId, orderId });
}

test("an order is placed, listed, asked for, cancelled, and then it is known to have ended", async () => {
  const order = await placed();
  expect(order).toMatchObject({ status: "open", price: 3_000, size: 10, filled: 0 });
  expect((await venue.openOrders(SYMBOL)).value).toEqual([order]);
  const { clientOrderId } = order;
  const cancelled = outcomeOf(clientOrderId);
  cancel(order);
  expect(await cancelled).toMatchObject({ type: "order-cancelled" });
  const seen = outcomeOf(clientOrderId);
  venue.execute({ type: "query-order", requestId: budget.take("query", clock.now())!, market: SYMBOL, clientOrderId });
  expect(await seen).toMatchObject({ type: "order-seen", order: { status: "cancelled" } });
});

test("a post-only order that would cross is rejected, and one of a halted market refused", async () => {
  expect(await place(newId(), 9_000)).toMatchObject({ type: "order-rejected" });
  exchange.setMarketStatus(SYMBOL, "halted");
  expect(await place(newId())).toMatchObject({ type: "order-rejected", reason: expect.stringMatching(/^422/) });
});

test.each(["before", "after"] as const)(
  "a placing whose answer is lost %s it took effect is unknown until it is looked up",
  async (when) => {
    api.faults.inject({ route: "place", when, effect: { type: "drop" } });
    const clientOrderId = newId();
    expect(await place(clientOrderId)).toMatchObject({ type: "place-unknown" });
    const found = outcomeOf(clientOrderId);
    venue.execute({
      type: "query-order",
      requestId: budget.take("query", clock.now())!,
      market: SYMBOL,
      clientOrderId,
    });
    expect(await found).toMatchObject({ type: when === "before" ? "order-absent" : "order-seen" });
  },
);

test("balances are exact and an empty history has no fills", async () => {
  const { value: balances } = await venue.balances();
  expect(balances.find(({ asset }) => asset === "USDC")).toMatchObject({ total: 1_000_000n * 10n ** 18n });
  expect((await venue.fillsAfter(SYMBOL, undefined)).value).toMatchObject({ fills: [], more: false });
});

describe("the stream", () => {
  const connection = (wanted: boolean) =>
    new Promise<void>((resolve) => {
      onStream = (connected) => {
        if (connected === wanted) resolve();
      };
    });

  test("order states come over it, and again after it was cut", async () => {
    const opened = connection(true);
    venue.start();
    await opened;
    const shown = next((event) => event.type === "order-seen" && event.order.status === "cancelled");
    cancel(await placed());
    await shown;
    const lost = connection(false);
    api.faults.dropStreams();
    await lost;
    await connection(true);
    expect(venue.state().streamConnected).toBe(true);
  });
});

test("sending whatever the budget allows through three windows, the venue refuses none for its rate", async () => {
  while (api.stats().requests < 22) {
    const outcomes: Promise<EngineEvent>[] = [];
    while (budget.nextFreeMs("place", clock.now()) === 0) {
      outcomes.push(place(newId()));
    }
    const cancelId = budget.take("cancel", clock.now());
    if (cancelId !== undefined) {
      const clientOrderId = newId();
      outcomes.push(outcomeOf(clientOrderId));
      venue.execute({ type: "cancel-order", requestId: cancelId, market: SYMBOL, clientOrderId, orderId: "O-unknown" });
    }
    await Promise.all(outcomes);
    await new Promise<void>((resolve) =>
      clock.after(Math.max(1, Math.min(20, budget.nextFreeMs("cancel", clock.now()))), resolve),
    );
  }
  expect(api.stats()).toMatchObject({ refusedForRate: 0, refusedForPlacements: 0, refusedForSignature: 0 });
});
