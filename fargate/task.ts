/**
 * The task: started in order, stopped in order. The six edges of the process come in from outside (`seams.ts` and the AWS
 * clients), so that a laptop, the cloud and the simulator run these same lines. Owns its phases and what may end it; its parts
 * are put together in `assembly.ts`.
 */
import { RequestBudget } from "../core/execution/request-budget.ts";
import type { MarketSettings } from "../core/market-engine.ts";
import type { Instant } from "../core/units.ts";
import { Announcer } from "./announcer.ts";
import { Assembly } from "./assembly.ts";
import { Control, type ControlOptions } from "./control.ts";
import { EmfMetrics } from "./emf.ts";
import { EngineMetrics } from "./engine-metrics.ts";
import { FillOutbox } from "./fill-outbox.ts";
import { type HealthParts, healthOf, livenessOf } from "./health.ts";
import { Lease } from "./lease.ts";
import type { LeaseEvent, Told } from "./lease-types.ts";
import { toMarketSettings } from "./market-settings.ts";
import { MinuteTable } from "./minute-table.ts";
import { MetricsPush } from "./otlp/push.ts";
import { RiskStore } from "./risk-store.ts";
import { type ChainAccount, makeChainAccount } from "./sei/chain-account.ts";
import { startSteps } from "./start-steps.ts";
import { Startup } from "./startup.ts";
import { StateTable } from "./state-table.ts";
import { AlarmWatch } from "./status/alarm-watch.ts";
import { History } from "./status/history.ts";
import type { Health } from "./status/server.ts";
import type { HistoryPoint, TaskState } from "./status/state.ts";
import { toTaskState } from "./status/task-state.ts";
import { type WatchedMetrics, watchMetrics } from "./status/watched-metrics.ts";
import { StrategyReload } from "./strategy-reload.ts";
import { TableViews } from "./table-views.ts";
import type { TaskCharge, TaskOptions } from "./task-options.ts";
import { type Metrics, makeMetrics } from "./telemetry.ts";
import { cambrianOf, requestLimitsOf } from "./venue-choice.ts";
import { VenueWatch } from "./venue-watch.ts";
import { windDown } from "./wind-down.ts";

const RECORD_INTERVAL_MS = 1_000;
const EARLIER_REQUESTS_MS = 1_100;

/** How long nothing is sent while the lease is read again; longer, and our own quotes have to go first. */
const DOUBT_MS_MAX = 2_000;

/** Of the stop's 30 s (CONTRACTS 8): for what is told and kept beside the orders and fills. */
const SETTLE_WITHIN_MS = 1_500;
/** For the table alone: a write that failed after 3 s leaves the lease's release one short attempt, whatever the term is. */
const TABLE_WITHIN_MS = 3_500;

/** How a stop went: `faults` is empty when no order is open and every fill is on the queue. */
export type StopReport = { readonly faults: readonly string[] };

export class Task {
  readonly metrics: Metrics;
  readonly #options: TaskOptions;
  readonly #watched: WatchedMetrics;
  readonly #settings: readonly MarketSettings[];
  readonly #startup: Startup;
  readonly #lease: Lease;
  readonly #control: Control;
  readonly #reload: StrategyReload;
  readonly #announcer: Announcer;
  readonly #outbox: FillOutbox;
  readonly #budget: RequestBudget;
  readonly #history = new History();
  readonly #engineMetrics: EngineMetrics;
  readonly #emf: EmfMetrics | undefined;
  readonly #push: MetricsPush;
  readonly #startedAt: Instant;
  readonly #chain: ChainAccount | undefined;
  readonly #views: TableViews;
  readonly #alarmWatch = new AlarmWatch();
  readonly #venueWatch: VenueWatch;
  #phase: TaskState["phase"] = "starting";
  #doubtsCount = 0;
  #assembly: Assembly | undefined;
  #starting: Promise<boolean> | undefined;
  #stopping: Promise<StopReport> | undefined;
  #cancelRecording: (() => void) | undefined;

  constructor(options: TaskOptions) {
    const { config, clock, rng, log, engineId } = options;
    this.#options = options;
    this.#settings = config.markets.map((market) => toMarketSettings(market, config.sei));
    const markets = config.markets.map((market) => market.symbol);
    const { shard } = config;
    const { writeFigures: write } = options;
    this.#emf = write === undefined ? undefined : new EmfMetrics({ shard, markets, clock, write });
    const registry = makeMetrics({ markets, endpoints: config.sei.wsUrls });
    this.#watched = watchMetrics(this.#emf?.watch(registry) ?? registry);
    this.metrics = this.#watched.metrics;
    this.#engineMetrics = new EngineMetrics(this.metrics);
    this.#startedAt = clock.now();
    this.#push = new MetricsPush({
      ...options,
      source: config.metricsPush,
      sender: { stage: config.stage, shard, startedMs: this.#startedAt.epochMs },
      registry,
      metrics: this.metrics,
      isInCharge: () => this.#lease.isSurelyOurs(clock.now()),
    });
    this.#chain = makeChainAccount(options, this.#settings);
    this.#startup = new Startup({ clock, rng, log });
    const limits = requestLimitsOf(config);
    const { recorder } = options;
    recorder?.budgetMade(limits);
    this.#budget = new RequestBudget(limits, (step) => recorder?.budgetUsed(step));
    // What an earlier process sent in its last second counts at the venue still.
    this.#budget.holdBack(EARLIER_REQUESTS_MS, clock.now());
    const table = { client: options.dynamodb, tableName: config.tableName };
    const { reportsFolder } = config.status;
    this.#views = new TableViews({ ...table, markets, reportsFolder, clock, log, metrics: this.metrics });
    this.#lease = new Lease({
      ...table,
      shard: config.shard,
      engineId,
      clock,
      rng,
      log,
      termMs: config.leaseTermMs,
      heartbeat: () => this.#heartbeat(),
      onState: (event) => this.#followLease(event),
      onWait: (detail) => this.#startup.show("win the lease", detail),
    });
    const onChange: ControlOptions["onChange"] = (market, control) => this.#assembly?.obey(market, control);
    const onStrategies: ControlOptions["onStrategies"] = (items) => this.#reload.takeItems(items);
    this.#control = new Control({ ...table, markets, engineId, clock, rng, log, onChange, onStrategies });
    this.#reload = new StrategyReload({
      config,
      source: options.configSource,
      clock,
      log,
      push: (event) => this.#assembly?.loop.push(event),
    });
    this.#announcer = new Announcer({ client: options.eventBridge, busName: config.eventBusName, clock, rng, log });
    const { sqs, onUseless } = options;
    const outbox = { client: sqs, queueUrl: config.fillsQueueUrl, clock, rng, log };
    this.#outbox = new FillOutbox({ ...outbox, metrics: this.metrics });
    this.#venueWatch = new VenueWatch(onUseless);
  }

  /** Runs the start-up. Resolves true once it quotes, false when it was stopped before; rejects with `StartupError`. */
  start(): Promise<boolean> {
    this.#record();
    this.#emf?.start();
    this.#chain?.start();
    this.#views.start();
    const { config, clock } = this.#options;
    const symbols = config.markets.map((market) => market.symbol);
    const steps = startSteps({
      config,
      control: this.#control,
      lease: this.#lease,
      clock,
      budget: this.#budget,
      epochMin: () => this.#stateTable().highestEpoch(config.shard, symbols),
      assemble: (epoch) => this.#assemble(epoch),
    });
    this.#starting = this.#startup.run(steps).then((ready) => {
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
    const { clock, log } = this.#options;
    const beganMs = clock.now().monotonicMs;
    // From here on the fence lets no placing past, whatever is under way.
    this.#phase = "stopping";
    this.#startup.stop();
    this.#assembly?.stopWatching();
    const isHeld = this.#lease.state().epoch !== null;
    if (!isHeld) this.#lease.stop();
    await this.#starting?.catch(() => false);
    const faults: string[] = [];
    if (this.#assembly !== undefined) {
      this.#assembly.stopWatching();
      this.#assembly.loop.stop();
      const shared = { outbox: this.#outbox, budget: this.#budget, clock, log, beganMs };
      faults.push(...(await windDown({ ...this.#assembly, ...shared, isTaken: this.#isTaken })));
    }
    faults.push(...(await this.#settle(faults.length === 0)));
    this.#chain?.stop();
    this.#views.stop();
    this.#reload.stop();
    this.#cancelRecording?.();
    this.#emf?.stop();
    return { faults };
  }

  /** What must outlive the task is written, and the lease given back when nothing of ours can be live any more. */
  async #settle(isClean: boolean): Promise<readonly string[]> {
    const { clock } = this.#options;
    const endMs = clock.now().monotonicMs + TABLE_WITHIN_MS;
    const faults: string[] = [];
    this.#recordEngine();
    const [isSettled] = await Promise.all([
      this.#control.settle(SETTLE_WITHIN_MS),
      // Before the lease is given back: after it the successor pushes.
      this.#push.finish(SETTLE_WITHIN_MS),
      this.#assembly?.keeper.save(),
      this.#assembly?.minutes.finish(SETTLE_WITHIN_MS),
    ]);
    if (!isSettled) faults.push("a kill could not be written to the control items");
    if (isClean && faults.length === 0) await this.#lease.release(endMs - clock.now().monotonicMs);
    this.#lease.stop();
    this.#control.stop();
    await this.#announcer.flush(SETTLE_WITHIN_MS);
    this.#announcer.stop();
    this.#assembly?.stop();
    this.#outbox.close();
    return faults;
  }

  state(): TaskState {
    const now = this.#options.clock.now();
    return toTaskState({
      engineId: this.#options.engineId,
      config: this.#options.config,
      startedAt: this.#startedAt,
      now,
      phase: this.#phase,
      startup: this.#startup.steps,
      lease: this.#lease.state(),
      control: this.#control.state(now),
      engine: this.#assembly?.engine,
      feed: this.#assembly?.feed.state(),
      venue: this.#assembly?.venue.state(),
      chain: this.#chain?.state() ?? null,
      ...this.#views.state(),
      alarms: this.#alarmWatch.alarms,
      strategyOf: (market) => this.#reload.state(market),
      outbox: this.#outbox.counts,
      metricsPush: this.#push.state(),
      watched: this.#watched,
      memoryRssBytes: this.#options.memoryRssBytes(),
    });
  }

  health(): Health {
    return healthOf(this.#healthParts());
  }

  /** Whether it can be of use by staying. */
  liveness(): Health {
    return livenessOf(this.#healthParts());
  }

  #healthParts(): HealthParts {
    return {
      phase: this.#phase,
      lease: this.#lease.state(),
      markets: this.#assembly?.engine.markets ?? [],
      now: this.#options.clock.now(),
    };
  }

  /** For who watches the task from its own process. */
  get charge(): TaskCharge {
    const { engine, venue } = this.#assembly ?? {};
    return { engine, venue, epoch: this.#lease.state().epoch, phase: this.#phase, startup: this.#startup.steps };
  }

  history(market: string): readonly HistoryPoint[] {
    return this.#history.points(market);
  }

  async #assemble(epoch: number): Promise<Assembly> {
    const { config, clock } = this.#options;
    this.#push.start();
    // The holder before us may have sent its last request just before it gave the lease back.
    this.#budget.holdBack(EARLIER_REQUESTS_MS, clock.now());
    // The wait for the lease may have been long: what operators have said meanwhile decides what is counted anew.
    await this.#control.readOnce();
    const assembly = await Assembly.make(
      {
        ...this.#options,
        makeVenue: this.#options.makeVenue ?? cambrianOf(this.#options.config),
        settings: this.#settings,
        metrics: this.metrics,
        budget: this.#budget,
        outbox: this.#outbox,
        stateTable: this.#stateTable(),
        riskStore: new RiskStore({ ...this.#table(), shard: config.shard, clock }),
        minuteTable: new MinuteTable({ ...this.#table(), clock }),
        control: this.#control,
        announcer: this.#announcer,
        fence: (market) => this.#reasonNotToPlace(market),
        isInCharge: () => this.#isInCharge,
        onDoubt: (reason) => this.#doubt(reason),
      },
      epoch,
    );
    this.#assembly = assembly;
    // What was said before there was anybody to hear it.
    for (const { market, control } of this.#control.state(clock.now()).markets) assembly.obey(market, control);
    this.#reload.start(this.#control.strategies);
    this.#control.start();
    return assembly;
  }

  /** The last word before a placing is written: the stop, the market's data, the lease, the control items. */
  #reasonNotToPlace(market: string): string | undefined {
    if (this.#phase === "stopping") return "the task is stopping";
    const now = this.#options.clock.now();
    const outdated = this.#assembly?.engine.market(market)?.reasonNotToWrite(now);
    if (outdated !== undefined) return outdated;
    return this.#lease.reasonNotToPlace(now) ?? this.#control.reasonNotToPlace(market, now);
  }

  /**
   * After a freeze another task may have the lease, and the venue counts the requests of both; an operator may have halted us. The
   * lease is read before anything is sent, the control items before anything is placed.
   */
  #doubt(reason: string): void {
    this.#doubtsCount += 1;
    const doubt = this.#doubtsCount;
    this.#budget.suspend(this.#options.clock.now().monotonicMs + DOUBT_MS_MAX);
    this.#control.distrust();
    void this.#lease.recheck(reason).then(() => {
      // A newer doubt gives up the check of the one before: that says nothing of the lease.
      if (doubt === this.#doubtsCount && !this.#isTaken) this.#budget.resume();
    });
  }

  #followLease(event: LeaseEvent): void {
    // In doubt the fence lets no placing past.
    if (event.type === "doubt") return;
    // The task that has it ends our orders, and the venue counts its requests with ours.
    if (event.type === "lost" && this.#isTaken) this.#budget.suspend(Number.POSITIVE_INFINITY);
    if (event.type === "held") {
      this.#assembly?.allow("lease");
      return;
    }
    this.#assembly?.halt("lease", `the lease: ${event.reason}`);
    if (event.type === "lost" && this.#phase !== "stopping") {
      this.#options.onUseless(`the lease is lost: ${event.reason}`);
    }
  }

  /** Whether what it says of the shard counts: in doubt it does, with the lease lost or given back it does not. */
  get #isInCharge(): boolean {
    const { status } = this.#lease.state();
    return status === "held" || status === "doubt" || status === "expiring";
  }

  /** Another task has the lease. */
  get #isTaken(): boolean {
    const { status, heldBy } = this.#lease.state();
    return status === "lost" && heldBy !== null;
  }

  #heartbeat(): Told {
    const feed = this.#assembly?.feed.state();
    const markets = this.#assembly?.engine.markets ?? [];
    return {
      feed: feed === undefined ? "not connected yet" : `${feed.status} ${feed.endpoint}`,
      openOrders: markets.reduce((sum, market) => sum + market.orders.open().length, 0),
      markets: this.#settings.map(({ market }) => market.symbol),
    };
  }

  #stateTable(): StateTable {
    return new StateTable({ ...this.#table(), clock: this.#options.clock });
  }

  #table() {
    return { client: this.#options.dynamodb, tableName: this.#options.config.tableName };
  }

  #record(): void {
    if (this.#assembly !== undefined && this.#phase !== "stopping") this.#venueWatch.follow(this.#assembly);
    if (this.#options.isUnwatched !== true) this.#watch();
    this.#cancelRecording = this.#options.clock.after(RECORD_INTERVAL_MS, () => this.#record());
  }

  /** What is only for who looks at the task: it takes more time than the market does. */
  #watch(): void {
    this.#recordEngine();
    const state = this.state();
    this.#history.record(state);
    this.#alarmWatch.look({ ...state, healthReasons: this.health().reasons });
  }

  #recordEngine(): void {
    if (this.#assembly !== undefined) this.#engineMetrics.record(this.#assembly.engine, this.#options.clock.now());
  }
}
