/**
 * What exists once the lease is won: engine, loop, venue, feed and everything around them, put together in one place. Owns the
 * wiring and the order in which the parts end; what each does is its own, and when they are made is `task.ts`'s.
 */
import type { Books, KnownFills } from "../core/accounting/pnl.ts";
import { Engine } from "../core/engine.ts";
import type { EngineEvent, Fill, HaltSource } from "../core/events.ts";
import type { RequestBudget } from "../core/execution/request-budget.ts";
import type { Market } from "../core/market.ts";
import type { MarketSettings } from "../core/market-engine.ts";
import type { LossSnapshot } from "../core/risk/loss-watch.ts";
import type { Announcer } from "./announcer.ts";
import type { Config } from "./config.ts";
import type { Control, MarketControl } from "./control.ts";
import { EngineWatch } from "./engine-watch.ts";
import type { FillOutbox } from "./fill-outbox.ts";
import { FillTracker } from "./fill-tracker.ts";
import type { Log } from "./log.ts";
import { toShardLimits } from "./market-settings.ts";
import { MinuteRecorder } from "./minute-recorder.ts";
import type { MinuteTable } from "./minute-table.ts";
import { watchOrders } from "./order-watch.ts";
import { QuotingLoop } from "./quoting-loop.ts";
import { Reconciler } from "./reconciler.ts";
import type { EngineStart } from "./recording/journal.ts";
import type { Recorder } from "./recording/recorder.ts";
import { followReferencePrice } from "./reference-price.ts";
import { RiskKeeper } from "./risk-keeper.ts";
import type { RiskStore } from "./risk-store.ts";
import type { Clock, Connect, Fetch, Rng } from "./seams.ts";
import { EventQueue } from "./sei/event-queue.ts";
import { type Feed, makeFeed } from "./sei/feed.ts";
import type { StateTable } from "./state-table.ts";
import type { Metrics } from "./telemetry.ts";
import type { Venue } from "./venue.ts";
import { gasAssetsOf, type MakeVenue, requestLimitsOf } from "./venue-choice.ts";
import { keepWarm, restingInTurn } from "./warm-up.ts";

/**
 * Each market's fill history is read this often. Two lookups a second are kept from placings and cancels, a reading that finds
 * fills takes two, and open orders are asked for as well: more than two markets take longer in turn.
 */
const FILLS_LOOK_MS = 5_000;
const FILLS_LOOK_MARKET_MS = 2_500;
const FILLS_UNREAD_LOOKS_MAX = 4;

export type AssemblyOptions = {
  readonly config: Config;
  readonly engineId: string;
  readonly settings: readonly MarketSettings[];
  readonly clock: Clock;
  readonly rng: Rng;
  readonly connect: Connect;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly recorder?: Recorder | undefined;
  readonly makeVenue: MakeVenue;
  readonly budget: RequestBudget;
  readonly outbox: FillOutbox;
  readonly stateTable: StateTable;
  readonly riskStore: RiskStore;
  readonly minuteTable: MinuteTable;
  readonly control: Control;
  readonly announcer: Announcer;
  /** Why no order of a market may be placed now; asked right before each placing is written. */
  readonly fence: (market: string) => string | undefined;
  /** Whether this task may still speak for the shard: one that has lost its lease halts nobody's markets. */
  readonly isInCharge: () => boolean;
  /** See `TaskOptions`. */
  readonly isColdAllowed?: boolean;
  /** See `QuotingLoop`. */
  readonly idleDecisionMs?: number;
  /** See `QuotingLoop`. */
  readonly onDoubt: (reason: string) => void;
  readonly onCrash: (error: unknown) => void;
};

export class Assembly {
  readonly epoch: number;
  readonly engine: Engine;
  readonly loop: QuotingLoop;
  readonly venue: Venue;
  readonly feed: Feed;
  /** By market. */
  readonly trackers = new Map<string, FillTracker>();
  readonly reconciler: Reconciler;
  readonly keeper: RiskKeeper;
  readonly minutes: MinuteRecorder;
  readonly #options: AssemblyOptions;
  readonly #watch: EngineWatch;
  readonly #stopWarming: () => void;
  #stopWatchingOrders: (() => void) | undefined;
  #stopReferences: readonly (() => void)[] = [];
  /** When an operator last said of a market that it may run, as far as was read; empty while it was halted from the first. */
  readonly #runningAt = new Map<string, string>();

  /** Reads the books and the risk of earlier starts, makes everything, and opens the connections. Nothing is quoted yet. */
  static async make(options: AssemblyOptions, epoch: number): Promise<Assembly> {
    const memory = await options.riskStore.load();
    const baselines = new Map(memory.baselines);
    for (const market of memory.differing)
      if (resumedSince(memory.writtenAtMs, [market], options)) baselines.delete(market);
    // What earlier starts have paid in gas is in no books: the balance is taken as it is then.
    const gasAssets = gasAssetsOf(options.config);
    for (const { market } of options.settings) if (gasAssets.has(market.base)) baselines.delete(market.symbol);
    const trackers = new Map<string, FillTracker>();
    const books = new Map<string, Books>();
    const known = new Map<string, KnownFills>();
    const made: { assembly?: Assembly } = {};
    for (const { market } of options.settings) {
      const tracker = makeTracker(options, market, epoch, () => made.assembly);
      const loaded = await tracker.load();
      books.set(market.symbol, loaded.books);
      known.set(market.symbol, loaded.known);
      trackers.set(market.symbol, tracker);
    }
    const { loss } = memory;
    const symbols = options.settings.map(({ market }) => market.symbol);
    const resumed = loss?.latch !== undefined && resumedSince(loss.latch.atMs, symbols, options);
    const assembly = new Assembly(options, {
      epoch,
      trackers,
      books,
      known,
      baselines,
      loss: resumed ? undefined : loss,
    });
    made.assembly = assembly;
    assembly.#open();
    return assembly;
  }

  private constructor(
    options: AssemblyOptions,
    kept: {
      readonly epoch: number;
      readonly trackers: ReadonlyMap<string, FillTracker>;
      readonly books: ReadonlyMap<string, Books>;
      readonly known: ReadonlyMap<string, KnownFills>;
      readonly baselines: ReadonlyMap<string, bigint>;
      readonly loss: LossSnapshot | undefined;
    },
  ) {
    this.#options = options;
    this.epoch = kept.epoch;
    for (const [market, tracker] of kept.trackers) this.trackers.set(market, tracker);
    const { config, settings, clock, log, metrics, budget, stateTable } = options;
    const { epoch, books, known, loss, baselines } = kept;
    const start: EngineStart = {
      markets: settings,
      limits: toShardLimits(config),
      inFlightMax: requestLimitsOf(config).placementsInFlight,
      fillsUnreadMsMax: FILLS_UNREAD_LOOKS_MAX * fillsLookMs(settings.length),
      epoch,
      books,
      known,
      loss,
      baselines,
    };
    options.recorder?.engineMade(start);
    this.engine = new Engine({ ...start, budget });
    const queue = new EventQueue();
    const { idleDecisionMs } = options;
    this.loop = new QuotingLoop({
      ...(idleDecisionMs === undefined ? {} : { idleDecisionMs }),
      engine: this.engine,
      queue,
      clock,
      metrics,
      recorder: options.recorder,
      execute: (command) => this.venue.execute(command),
      onFill: (fill, midMoney) => this.trackers.get(fill.market)?.seen(fill, midMoney),
      onDoubt: options.onDoubt,
      onCrash: options.onCrash,
    });
    const push = (event: EngineEvent) => this.loop.push(event);
    this.venue = this.#makeVenue(push);
    this.feed = makeFeed({
      ...options,
      endpoints: config.sei.wsUrls,
      markets: new Map(settings.map(({ market }) => [market.symbol, market])),
      stalenessMs: config.sei.stalenessMs,
      queue,
      onEvents: () => this.loop.wake(),
    });
    this.reconciler = new Reconciler({ engine: this.engine, venue: this.venue, stateTable, push, clock, log });
    this.keeper = new RiskKeeper({ engine: this.engine, epoch: kept.epoch, store: options.riskStore, clock, log });
    const { minutes: meter } = this.engine;
    const table = options.minuteTable;
    this.minutes = new MinuteRecorder({
      ...options,
      ...{ meter, table, markets: this.#symbols, epoch: kept.epoch },
      takeMarkouts: (market) => this.engine.market(market)?.markouts.takeFinished() ?? [],
    });
    this.#watch = new EngineWatch({
      ...options,
      engine: this.engine,
      venue: this.venue,
      feed: () => this.feed.state(),
      push,
    });
    const resting = restingInTurn(this.engine);
    this.#stopWarming =
      options.isColdAllowed === true ? () => undefined : keepWarm(clock, () => this.venue.rehearse(resting()));
  }

  #open(): void {
    this.venue.start();
    this.feed.start();
    this.loop.start();
    this.#watch.start();
    const push = (event: EngineEvent) => this.loop.push(event);
    this.#stopReferences = this.#options.config.markets.flatMap(({ symbol: market, referencePrice: source }) =>
      source === undefined ? [] : [followReferencePrice({ ...this.#options, market, source, push })],
    );
  }

  /**
   * What earlier tasks left open is ended: from here on the venue may show an order that it had not shown then, and the rest of a start
   * may take as long as the market data does.
   */
  watchOrders(): void {
    const { clock, log } = this.#options;
    const onRead = (event: EngineEvent) => this.loop.push(event);
    this.#stopWatchingOrders ??= watchOrders({ venue: this.venue, markets: this.#symbols, clock, log, onRead });
  }

  /** The start-up is done: what goes on for ever begins. */
  quote(): void {
    this.reconciler.start();
    this.keeper.start();
    this.minutes.start();
    this.allow("start-up");
  }

  /** Halts every market in the name of `by`. */
  halt(by: HaltSource, reason: string): void {
    const at = this.#options.clock.now();
    for (const market of this.#symbols) this.loop.push({ type: "quoting-halted", market, by, reason, at });
  }

  allow(by: HaltSource): void {
    const at = this.#options.clock.now();
    for (const market of this.#symbols) this.loop.push({ type: "quoting-allowed", market, by, at });
  }

  /** Hands the word of the control items to the engine. */
  obey(market: string, control: MarketControl): void {
    const at = this.#options.clock.now();
    if (control.state === "unreadable") {
      this.loop.push({ type: "quoting-halted", market, by: "control", reason: control.reason, at });
      return;
    }
    this.loop.push({ type: "quoting-allowed", market, by: "control", at });
    const before = this.#runningAt.get(market);
    if (control.state === "running") {
      const said = control.at ?? "";
      this.#runningAt.set(market, said);
      this.loop.push({ type: "quoting-allowed", market, by: "operator", at });
      // What stood there at the start was said before this task; anything later is meant for it.
      if (before !== undefined && said > before) this.loop.push({ type: "operator-resumed", market, at });
      return;
    }
    if (before === undefined) this.#runningAt.set(market, "");
    const reason = `halted by ${control.by}, ${control.reason}`;
    this.loop.push({ type: "quoting-halted", market, by: "operator", reason, at });
  }

  /** Ends what goes on beside the orders; the way out itself is `wind-down.ts`'s. */
  stopWatching(): void {
    this.#stopWatchingOrders?.();
    for (const stop of this.#stopReferences) stop();
    this.reconciler.stop();
    this.keeper.stop();
    for (const tracker of this.trackers.values()) tracker.stop();
  }

  stop(): void {
    this.stopWatching();
    this.minutes.stop();
    this.#watch.stop();
    this.#stopWarming();
  }

  get #symbols(): readonly string[] {
    return this.#options.settings.map(({ market }) => market.symbol);
  }

  #makeVenue(onEvent: (event: EngineEvent) => void): Venue {
    return this.#options.makeVenue({
      ...this.#options,
      markets: this.#options.settings.map(({ market }) => market),
      onEvent,
      // What the stream missed while it was away is in the history.
      onStream: (isConnected) => {
        if (isConnected) for (const tracker of this.trackers.values()) tracker.lookNow();
      },
    });
  }
}

/** Whether an operator has let these markets go on after that moment (epoch ms): what had halted them is counted anew then. */
function resumedSince(atMs: number, markets: readonly string[], { control, clock }: AssemblyOptions): boolean {
  return markets.every((market) => {
    const word = control.controlOf(market, clock.now());
    return word.state === "running" && word.at !== null && Date.parse(word.at) > atMs;
  });
}

function fillsLookMs(markets: number): number {
  return Math.max(FILLS_LOOK_MS, markets * FILLS_LOOK_MARKET_MS);
}

function makeTracker(
  options: AssemblyOptions,
  market: Market,
  epoch: number,
  assembly: () => Assembly | undefined,
): FillTracker {
  const { clock } = options;
  const push = (event: EngineEvent) => assembly()?.loop.push(event);
  return new FillTracker({
    ...options,
    market,
    epoch,
    pollIntervalMs: fillsLookMs(options.settings.length),
    fillsAfter: (cursor) => {
      const made = assembly();
      if (made === undefined) throw new Error("the venue must be made before its fills are read");
      return made.venue.fillsAfter(market.symbol, cursor);
    },
    onFill: (fill: Fill) => push({ type: "fill", fill, at: clock.now() }),
    onHistoryRead: (askedMs) => push({ type: "fills-read", market: market.symbol, askedMs, at: clock.now() }),
  });
}
