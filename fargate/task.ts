/**
 * The task: everything put together, started in order and stopped in order. The six edges of the process come in from
 * outside (`seams.ts` and the AWS clients), so that a laptop, the cloud and the simulator run these same lines.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Books } from "../core/accounting/pnl.ts";
import { assert } from "../core/assert.ts";
import { formatScaled, MONEY_DECIMALS } from "../core/decimal.ts";
import { Engine } from "../core/engine.ts";
import type { EngineEvent, Fill } from "../core/events.ts";
import { RequestBudget } from "../core/execution/request-budget.ts";
import type { Market } from "../core/market.ts";
import type { MarketSettings } from "../core/market-engine.ts";
import type { Instant } from "../core/units.ts";
import { makeCambrianVenue } from "./cambrian/venue.ts";
import type { Config } from "./config.ts";
import { EngineMetrics } from "./engine-metrics.ts";
import { FillOutbox } from "./fill-outbox.ts";
import { FillTracker } from "./fill-tracker.ts";
import type { Log } from "./log.ts";
import { toMarketSettings } from "./market-settings.ts";
import { watchOrders } from "./order-watch.ts";
import { QuotingLoop } from "./quoting-loop.ts";
import type { Clock, Connect, Fetch, Rng } from "./seams.ts";
import { ChainAccount } from "./sei/chain-account.ts";
import { EventQueue } from "./sei/event-queue.ts";
import { type Feed, makeFeed } from "./sei/feed.ts";
import { makeSeiRest } from "./sei/rest.ts";
import { Startup, type StartupStep } from "./startup.ts";
import { StateTable } from "./state-table.ts";
import { History } from "./status/history.ts";
import { reasonsOf } from "./status/market-state.ts";
import type { Health } from "./status/server.ts";
import type { HistoryPoint, TaskState } from "./status/state.ts";
import { toTaskState } from "./status/task-state.ts";
import { type WatchedMetrics, watchMetrics } from "./status/watched-metrics.ts";
import { type Metrics, makeMetrics } from "./telemetry.ts";
import type { Venue } from "./venue.ts";
import { keepWarm } from "./warm-up.ts";
import { endOwnOrders, START_ORDERS_WITHIN_MS, windDown } from "./wind-down.ts";

const RECORD_INTERVAL_MS = 1_000;
const EARLIER_REQUESTS_MS = 1_100;

/**
 * Each market's fill history is read this often. Two lookups a second are kept from placings and cancels, a reading that finds
 * fills takes two, and open orders are asked for as well: more than two markets take longer in turn.
 */
const FILLS_LOOK_MS = 5_000;
const FILLS_LOOK_MARKET_MS = 2_500;
const FILLS_UNREAD_LOOKS_MAX = 4;

export type TaskOptions = {
  readonly config: Config;
  readonly engineId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly connect: Connect;
  readonly fetch: Fetch;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly log: Log;
  readonly memoryRssBytes: () => number;
  /** A bug was found: the task decides nothing any more and must be stopped. */
  readonly onCrash: (error: unknown) => void;
};

/** How a stop went: `faults` is empty when no order is open and every fill is on the queue. */
export type StopReport = { readonly faults: readonly string[] };

/** What exists once the epoch and the books are known. */
type Running = {
  readonly epoch: number;
  readonly engine: Engine;
  readonly loop: QuotingLoop;
  readonly venue: Venue;
  readonly feed: Feed;
};

export class Task {
  readonly metrics: Metrics;
  readonly #options: TaskOptions;
  readonly #watched: WatchedMetrics;
  readonly #settings: readonly MarketSettings[];
  readonly #startup: Startup;
  readonly #stateTable: StateTable;
  readonly #outbox: FillOutbox;
  readonly #budget: RequestBudget;
  readonly #fillsLookMs: number;
  readonly #history = new History();
  readonly #engineMetrics: EngineMetrics;
  readonly #startedAt: Instant;
  readonly #chain: ChainAccount | undefined;
  readonly #trackers = new Map<string, FillTracker>();
  #phase: TaskState["phase"] = "starting";
  #running: Running | undefined;
  #isCircuitClosed = true;
  #starting: Promise<boolean> | undefined;
  #stopping: Promise<StopReport> | undefined;
  #cancelRecording: (() => void) | undefined;
  #stopWarming: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(options: TaskOptions) {
    const { config, clock, rng, log } = options;
    this.#options = options;
    this.#settings = config.markets.map(toMarketSettings);
    const markets = config.markets.map((market) => market.symbol);
    this.#watched = watchMetrics(makeMetrics({ markets, endpoints: config.sei.wsUrls }));
    this.metrics = this.#watched.metrics;
    this.#engineMetrics = new EngineMetrics(this.metrics);
    this.#startedAt = clock.now();
    this.#chain = this.#makeChain();
    this.#startup = new Startup({ clock, rng, log });
    const { requestsPerSecond, placementsInFlight } = config.cambrian;
    this.#budget = new RequestBudget({ requestsPerSecond, placementsInFlight });
    // What an earlier process sent in its last second counts at the venue still.
    this.#budget.holdBack(EARLIER_REQUESTS_MS, clock.now());
    this.#fillsLookMs = Math.max(FILLS_LOOK_MS, markets.length * FILLS_LOOK_MARKET_MS);
    this.#stateTable = new StateTable({ client: options.dynamodb, tableName: config.tableName, clock });
    const metrics = this.metrics;
    this.#outbox = new FillOutbox({ client: options.sqs, queueUrl: config.fillsQueueUrl, clock, rng, log, metrics });
  }

  /** Runs the start-up. Resolves true once it quotes, false when it was stopped before; rejects with `StartupError`. */
  start(): Promise<boolean> {
    this.#record();
    this.#chain?.start();
    this.#starting = this.#startup.run(this.#steps()).then((ready) => {
      if (ready && this.#phase === "starting") this.#phase = "running";
      return ready;
    });
    return this.#starting;
  }

  /** No new order, every order cancelled and that proven, every fill on the queue. Never rejects; asked again it is the same stop. */
  stop(): Promise<StopReport> {
    this.#stopping ??= this.#stopOnce();
    return this.#stopping;
  }

  async #stopOnce(): Promise<StopReport> {
    this.#phase = "stopping";
    this.#startup.stop();
    for (const tracker of this.#trackers.values()) tracker.stop();
    this.#stopWatching?.();
    await this.#starting?.catch(() => false);
    this.#running?.loop.stop();
    const faults =
      this.#running === undefined
        ? []
        : await windDown({ ...this.#running, ...this.#shared(), trackers: this.#trackers });
    this.#stopWarming?.();
    this.#chain?.stop();
    this.#outbox.close();
    this.#cancelRecording?.();
    return { faults };
  }

  state(): TaskState {
    return toTaskState({
      engineId: this.#options.engineId,
      config: this.#options.config,
      startedAt: this.#startedAt,
      now: this.#options.clock.now(),
      phase: this.#phase,
      startup: this.#startup.steps,
      epoch: this.#running?.epoch ?? null,
      feed: this.#running?.feed.state(),
      venue: this.#running?.venue.state(),
      markets: this.#running?.engine.markets ?? [],
      chain: this.#chain?.state() ?? null,
      outbox: this.#outbox.counts,
      watched: this.#watched,
      memoryRssBytes: this.#options.memoryRssBytes(),
    });
  }

  /** Healthy while every market quotes or has just begun to; otherwise the reasons. */
  health(): Health {
    if (this.#phase !== "running") return { healthy: false, reasons: [`the task is ${this.#phase}`] };
    const now = this.#options.clock.now();
    const reasons = (this.#running?.engine.markets ?? []).flatMap((market) =>
      reasonsOf(market, now).map((reason) => `${market.settings.market.symbol}: ${reason}`),
    );
    return { healthy: reasons.length === 0, reasons };
  }

  history(market: string): readonly HistoryPoint[] {
    return this.#history.points(market);
  }

  #steps(): readonly StartupStep[] {
    const symbols = this.#settings.map(({ market }) => market.symbol);
    return [
      { step: "take a new epoch and load the books", run: () => this.#assemble() },
      {
        step: "end our open orders",
        run: () => endOwnOrders({ ...this.#assembled(), ...this.#shared() }, START_ORDERS_WITHIN_MS),
      },
      { step: "catch up with the venue's fills", run: () => this.#catchUp() },
      { step: "read the balances", run: () => this.#readBalances() },
      { step: "have fresh market data", run: () => this.#awaitBooks() },
      {
        step: "quote",
        run: async () => {
          const { loop } = this.#assembled();
          const at = this.#options.clock.now();
          this.#stopWatching ??= this.#watchOrders(symbols);
          for (const market of symbols) loop.push({ type: "quoting-allowed", market, by: "start-up", at });
          return symbols.join(", ");
        },
      },
    ];
  }

  /** Makes everything that needs the epoch and the books, once, and opens the connections. */
  async #assemble(): Promise<string> {
    const { config, clock, log } = this.#options;
    const epoch = await this.#stateTable.raiseEpoch(config.shard);
    const books = new Map<string, Books>();
    for (const { market } of this.#settings) {
      const tracker = this.#makeTracker(market, epoch);
      books.set(market.symbol, await tracker.load());
      this.#trackers.set(market.symbol, tracker);
    }
    const engine = new Engine({
      markets: this.#settings,
      epoch,
      budget: this.#budget,
      books,
      fillsUnreadMsMax: FILLS_UNREAD_LOOKS_MAX * this.#fillsLookMs,
    });
    const queue = new EventQueue();
    const venue = this.#makeVenue((event) => loop.push(event));
    const loop = new QuotingLoop({
      engine,
      queue,
      clock,
      metrics: this.metrics,
      execute: (command) => venue.execute(command),
      onFill: (fill, midMoney) => this.#trackers.get(fill.market)?.seen(fill, midMoney),
      onCrash: this.#options.onCrash,
    });
    const markets = new Map(this.#settings.map(({ market }) => [market.symbol, market]));
    const { sei } = config;
    const feed = makeFeed({
      ...this.#edges(),
      endpoints: sei.wsUrls,
      markets,
      stalenessMs: sei.stalenessMs,
      queue,
      onEvents: () => loop.wake(),
    });
    this.#running = { epoch, engine, loop, venue, feed };
    venue.start();
    feed.start();
    loop.start();
    this.#stopWarming = keepWarm(clock, () => venue.rehearse());
    log.info("task assembled", { epoch, markets: [...markets.keys()] });
    return `epoch ${epoch}, ${[...books].map(([symbol, { fillCount }]) => `${symbol} ${fillCount} fills`).join(", ")}`;
  }

  #makeTracker(market: Market, epoch: number): FillTracker {
    const { engineId, clock, rng, log } = this.#options;
    return new FillTracker({
      market,
      engineId,
      epoch,
      clock,
      rng,
      log,
      metrics: this.metrics,
      outbox: this.#outbox,
      stateTable: this.#stateTable,
      pollIntervalMs: this.#fillsLookMs,
      fillsAfter: (cursor) => this.#assembled().venue.fillsAfter(market.symbol, cursor),
      onFill: (fill: Fill) => this.#assembled().loop.push({ type: "fill", fill, at: clock.now() }),
      onHistoryRead: (askedMs) => {
        this.#assembled().loop.push({ type: "fills-read", market: market.symbol, askedMs, at: clock.now() });
      },
    });
  }

  #makeVenue(onEvent: (event: EngineEvent) => void): Venue {
    const { cambrian } = this.#options.config;
    return makeCambrianVenue({
      ...this.#edges(),
      ...cambrian,
      timeoutMs: cambrian.requestTimeoutMs,
      fetch: this.#options.fetch,
      budget: this.#budget,
      markets: this.#settings.map(({ market }) => market),
      onEvent,
      // What the stream missed while it was away is in the history.
      onStream: (isConnected) => {
        if (isConnected) for (const tracker of this.#trackers.values()) tracker.lookNow();
      },
    });
  }

  #watchOrders(markets: readonly string[]): () => void {
    const { clock, log } = this.#options;
    const { venue, loop } = this.#assembled();
    return watchOrders({ venue, markets, clock, log, onRead: (event) => loop.push(event) });
  }

  #makeChain(): ChainAccount | undefined {
    const { config, fetch, clock, log } = this.#options;
    const { address, restUrls } = config.sei;
    if (address === undefined) return undefined;
    const contracts = config.markets.flatMap(({ contractAddr }, index) => {
      const market = this.#settings[index]?.market;
      return contractAddr === undefined || market === undefined ? [] : [{ market, contractAddress: contractAddr }];
    });
    return new ChainAccount({
      rest: makeSeiRest({ baseUrls: restUrls, fetch, clock }),
      address,
      contracts,
      clock,
      log,
    });
  }

  #shared() {
    const { clock, log } = this.#options;
    return { budget: this.#budget, clock, log };
  }

  #edges() {
    const { clock, rng, connect, log } = this.#options;
    return { clock, rng, connect, log, metrics: this.metrics };
  }

  #assembled(): Running {
    assert(this.#running !== undefined, "the task must be assembled before its parts are used");
    return this.#running;
  }

  async #catchUp(): Promise<string> {
    await Promise.all([...this.#trackers.values()].map((tracker) => tracker.catchUp()));
    const counts = this.#assembled().engine.markets.map(
      ({ settings, books }) => `${settings.market.symbol} ${books.fillCount}`,
    );
    return `fills known: ${counts.join(", ")}`;
  }

  async #readBalances(): Promise<string> {
    const balances = await this.#assembled().venue.balances();
    return balances.map(({ asset, total }) => `${formatScaled(total, MONEY_DECIMALS)} ${asset}`).join(", ") || "none";
  }

  async #awaitBooks(): Promise<string> {
    const { engine, feed } = this.#assembled();
    const missing = engine.markets.filter((market) => market.watch.book === undefined);
    if (missing.length > 0) {
      throw new Error(`no book yet of ${missing.map((market) => market.settings.market.symbol).join(", ")}`);
    }
    return `from ${feed.state().endpoint}`;
  }

  #record(): void {
    const { clock } = this.#options;
    const now = clock.now();
    for (const market of this.#running?.engine.markets ?? []) this.#engineMetrics.record(market, now);
    if (this.#running !== undefined) this.#followCircuit(this.#running, now);
    this.#history.record(this.state());
    this.#cancelRecording = clock.after(RECORD_INTERVAL_MS, () => this.#record());
  }

  /** While the order API fails, placings are refused here anyway: quotes that cannot be moved are better not there. */
  #followCircuit({ loop, venue }: Running, at: Instant): void {
    const isClosed = venue.state().circuit === 0;
    if (isClosed === this.#isCircuitClosed) return;
    this.#isCircuitClosed = isClosed;
    for (const { market } of this.#settings) {
      const word = { market: market.symbol, by: "venue", at } as const;
      if (isClosed) loop.push({ type: "quoting-allowed", ...word });
      else loop.push({ type: "quoting-halted", ...word, reason: "the order API fails, its circuit breaker is open" });
    }
  }
}
