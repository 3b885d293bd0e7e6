/**
 * The whole world of a task in one process: simulated exchange, Sei node and order API, a real table and queue on loopback
 * ports, and tasks as `process.ts` makes them. What a task sends to the order API is written down, nothing is changed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { parseScaled } from "../../core/decimal.ts";
import { makeSystemClock, makeSystemRng } from "../../fargate/clock.ts";
import type { Config } from "../../fargate/config.ts";
import { connectWebSocket } from "../../fargate/connect.ts";
import { makeHttpClient } from "../../fargate/fetch.ts";
import type { Clock, HttpRequest } from "../../fargate/seams.ts";
import type { MarketState } from "../../fargate/status/state.ts";
import { Task } from "../../fargate/task.ts";
import type { TaskOptions } from "../../fargate/task-options.ts";
import { startCambrianApi } from "../../sim/cambrian-api/server.ts";
import type { ExchangeFill } from "../../sim/exchange/account-records.ts";
import { makeSimulatedExchange } from "../../sim/exchange/exchange.ts";
import { makeSeededRng } from "../../sim/exchange/seeded-rng.ts";
import { startSeiNode } from "../../sim/sei-node/node.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder, startQueue, startTable } from "./driven-world.ts";
import { loadPlainConfig } from "./plain-config.ts";

export const SYMBOL = "SEI/USDC";
const KEYS = { apiKey: "the-key", secretKey: "the-secret" };
const POLL_MS = 5;
const UNTIL_MS = 8_000;

export type TaskWorld = Awaited<ReturnType<typeof startTaskWorld>>;
export type WorldTask = Awaited<ReturnType<TaskWorld["makeTask"]>>;

/** Waits for a condition, looking every few milliseconds. Fails with `what` when it does not come true in time. */
export async function until(condition: () => boolean, what: string, withinMs = UNTIL_MS): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await sleep(POLL_MS);
  }
}

/** The real clock, but all time passes `pace` times as fast. */
export function makePacedClock(pace: number): Clock {
  const real = makeSystemClock();
  const start = real.now();
  const passed = () => (real.now().monotonicMs - start.monotonicMs) * pace;
  return {
    now: () => ({ monotonicMs: passed(), epochMs: start.epochMs + Math.floor(passed()) }),
    after: (delayMs, callback) => real.after(delayMs / pace, callback),
  };
}

/**
 * Starts everything but a task. `pace` is how fast time passes for task, venue and node alike, so that limits and time-outs
 * mean the same; `speed` is the market's time over theirs.
 */
export async function startTaskWorld(options: { seed?: number; pace?: number; speed?: number; symbol?: string } = {}) {
  const { seed = 7, pace = 4, speed = 1, symbol = SYMBOL } = options;
  await using starting = new AsyncDisposableStack();
  const clock = makePacedClock(pace);
  const rng = makeSeededRng(seed, "world");
  const markets = [{ symbol, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  const exchange = makeSimulatedExchange({ clock, seed, speed, markets });
  starting.defer(() => exchange.stop());
  const api = await startCambrianApi({ ...KEYS, exchange, network: "testnet", clock, rng, port: 0 });
  starting.defer(() => api.close());
  const node = await startSeiNode({ source: exchange, clock, rng });
  starting.defer(() => node.close());
  const [queue, table] = await Promise.all([startQueue(), startTable()]);
  starting.defer(() => queue.stop());
  starting.defer(() => table.stop());
  exchange.start();

  const config = loadPlainConfig({
    SEI_WS_URLS: node.endpoints.map((endpoint) => endpoint.wsUrl).join(),
    SEI_REST_URL: node.endpoints.map((endpoint) => endpoint.restUrl).join(),
    CAMBRIAN_BASE_URL: api.url,
    CAMBRIAN_API_KEY: KEYS.apiKey,
    CAMBRIAN_SECRET_KEY: KEYS.secretKey,
    CAMBRIAN_TESTNET: "true",
    FILLS_QUEUE_URL: queue.queueUrl,
    TABLE_NAME: table.tableName,
  });
  const running = starting.move();

  /** A task that is not started yet; it is stopped with the world if the test did not. */
  const makeTask = (changes: Partial<TaskOptions> & { readonly configured?: (config: Config) => Config } = {}) => {
    const { configured, ...edges } = changes;
    const taskClock = edges.clock ?? clock;
    const recorder = makeRecorder();
    const requests: HttpRequest[] = [];
    const crashes: unknown[] = [];
    const useless: string[] = [];
    const http = makeHttpClient(taskClock);
    const dynamodb = edges.dynamodb ?? table.makeClient(new VirtualTime());
    const eventBridge = edges.eventBridge ?? new EventBridgeClient({ region: "us-east-1" });
    const sqs = edges.sqs ?? queue.makeClient(new VirtualTime());
    const task = new Task({
      config: configured?.(config) ?? config,
      engineId: "task-under-test",
      clock: taskClock,
      rng: makeSystemRng(),
      connect: connectWebSocket,
      fetch: (request) => {
        if (!request.url.startsWith(api.url)) return http.fetch(request);
        const fence = () => {
          const reason = request.fence?.();
          if (reason === undefined) requests.push(request);
          return reason;
        };
        return http.fetch({ ...request, fence });
      },
      log: recorder.log,
      memoryRssBytes: () => process.memoryUsage.rss(),
      onCrash: (error) => crashes.push(error),
      onUseless: (reason) => useless.push(reason),
      ...edges,
      dynamodb,
      sqs,
      eventBridge,
    });
    running.defer(async () => {
      await task.stop();
      http.close();
      dynamodb.destroy();
      sqs.destroy();
      eventBridge.destroy();
    });
    const { lines, records } = recorder;
    return { task, requests, crashes, useless, lines, records, stop: () => task.stop(), market: () => marketOf(task) };
  };

  return {
    clock,
    exchange,
    api,
    node,
    queue,
    table,
    config,
    makeTask,
    /** Every fill of the account since its beginning. */
    fills: (): readonly ExchangeFill[] =>
      exchange.fillsAfter({ market: SYMBOL, cursor: undefined, limit: 10_000 }).fills,
    openSides: () => new Set(exchange.openOrders(SYMBOL).map((order) => order.side)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Waits until our orders rest at the exchange on both sides and the task says that it quotes. */
export async function quotesBothSides(world: TaskWorld, { market }: WorldTask, withinMs?: number): Promise<void> {
  await until(() => world.openSides().size === 2 && market()?.quoting === true, "both sides are quoted", withinMs);
}

/** What engine and exchange must agree on, in one form: amounts as integers of 10^-18. */
export function enginesFigures(market: MarketState | undefined) {
  return figures({ ...market, fillCount: market?.fillCount ?? -1 });
}

export function exchangesFigures({ exchange }: TaskWorld) {
  return figures(exchange.standing(SYMBOL));
}

function figures(of: { position?: string; fees?: string; volume?: string; fillCount: number }) {
  const amount = (text: string | undefined) => parseScaled(text ?? "absent", 18, "amount");
  return {
    position: amount(of.position),
    fees: amount(of.fees),
    volume: amount(of.volume),
    fillCount: of.fillCount,
  };
}

function marketOf(task: Task): MarketState | undefined {
  return task.state().markets[0];
}
