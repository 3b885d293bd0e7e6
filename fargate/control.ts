/**
 * Whether a market may be quoted, as operators and the engine's own kills say: reads the control items about twice a second
 * and combines the item of all markets with the market's own. Owns the reading and what it means; the items are
 * `control-table.ts`'s, the kills `control-latches.ts`'s, and cancelling is the loop's.
 *
 * - Halted when either item is halted or killed; a known halt stays one while the items cannot be read.
 * - No item means running. One that cannot be understood is never running: the market is unreadable at once.
 * - When no whole reading came for longer than 5 s the markets are unreadable, which counts as a halt. The age is monotonic
 *   and counted from the moment before the last good reading was sent, so neither a slow answer nor a step of the wall clock
 *   makes old words look new. A machine that was frozen may have stopped that clock too: `distrust` is for that.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { assert } from "../core/assert.ts";
import type { Instant } from "../core/units.ts";
import { Latches } from "./control-latches.ts";
import {
  ALL_MARKETS,
  type ControlItem,
  type ControlItems,
  type ControlReading,
  ControlTable,
} from "./control-table.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import type { StrategyItems } from "./strategy-item.ts";

/** From a request's event to the task's obedience are two seconds (CONTRACTS 6): most of it is the function's. */
const READ_INTERVAL_MS = 500;
const UNREADABLE_AFTER_MS = 5_000;

export type MarketControl =
  /** `reason` begins with which item says so: `ALL: …` or `SEI/USDC: …`. */
  | { readonly state: "halted"; readonly reason: string; readonly by: string; readonly at: string }
  /** `at`: the newest word of an operator; null when there was none. */
  | { readonly state: "running"; readonly at: string | null }
  | { readonly state: "unreadable"; readonly reason: string };

/** Detail of `Quoting Halted` once the venue has confirmed that nothing is live; `withinMs` from the first sight of the halt. */
export type ConfirmedHalt = {
  readonly market: string;
  readonly reason: string;
  readonly by: string;
  readonly at: string;
  readonly confirmedAt: string;
  readonly withinMs: number;
};

export type ControlState = {
  readonly readable: boolean;
  /** Milliseconds since the last good reading was sent; null before the first. */
  readonly readAgeMs: number | null;
  readonly markets: readonly { readonly market: string; readonly control: MarketControl }[];
  /** The engine's own kills, and whether each stands in the table yet. */
  readonly kills: readonly {
    readonly scope: string;
    readonly reason: string;
    readonly at: string;
    readonly isWritten: boolean;
  }[];
};

export type ControlOptions = {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Symbols; words about other markets are passed over. */
  readonly markets: readonly string[];
  /** Who the engine's own kills are by. */
  readonly engineId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** Told once a market at the first reading, and at each change. */
  readonly onChange: (market: string, control: MarketControl) => void;
  /** Told at each reading. Whatever stands in these items, it never halts a market. */
  readonly onStrategies?: (items: StrategyItems) => void;
};

/** `sentMs`: monotonic, before the question was sent. */
type Reading = ControlReading & { readonly sentMs: number; readonly doubts: number };

type Told = { readonly control: MarketControl; readonly since: Instant; isConfirmed: boolean };

export class Control {
  readonly #options: ControlOptions;
  readonly #table: ControlTable;
  readonly #latches: Latches;
  readonly #scopes: readonly string[];
  readonly #told = new Map<string, Told>();
  #items: ControlItems = new Map();
  #strategies: StrategyItems = new Map();
  /** Monotonic, before the last good reading was sent. */
  #readMs: number | undefined;
  #failures = 0;
  /** How often the process was in doubt of its time: readings that were sent before say nothing. */
  #doubts = 0;
  #isAsking = false;
  #isStarted = false;
  #cancelRound: () => void = () => undefined;
  #cancelAge: () => void = () => undefined;
  #isStopped = false;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#table = new ControlTable(options);
    this.#latches = new Latches({ ...options, table: this.#table });
    this.#scopes = [ALL_MARKETS, ...options.markets];
  }

  /** One reading, for the start. Rejects when the items cannot be read or understood: then nothing may be quoted. */
  async readOnce(): Promise<ReadonlyMap<string, MarketControl>> {
    this.#take(await this.#ask());
    for (const scope of this.#scopes) {
      const item = this.#items.get(scope);
      if (item instanceof Error) throw item;
    }
    const now = this.#options.clock.now();
    return new Map(this.#options.markets.map((market) => [market, this.controlOf(market, now)]));
  }

  /** Reads on, each time half a second after the last answer, until `stop`. */
  start(): void {
    this.#isStarted = true;
    void this.#round();
  }

  /**
   * The process may have stood still, its monotonic clock with it: what was read may be older than it looks. Nothing may be placed
   * until a reading that is sent from now on; asks at once.
   */
  distrust(): void {
    this.#doubts += 1;
    this.#readMs = undefined;
    if (this.#isAsking || this.#isStopped || !this.#isStarted) return;
    this.#cancelRound();
    void this.#round();
  }

  /** The operators' parameters of strategies, as last read. */
  get strategies(): StrategyItems {
    return this.#strategies;
  }

  /** Ends reading and writing; a kill that is not written yet is lost to the next task: `settle` first. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRound();
    this.#cancelAge();
    this.#latches.stop();
  }

  /** Why no order may be placed at this moment, or undefined. Never waits: to be asked right before each placing is written. */
  reasonNotToPlace(market: string, now: Instant): string | undefined {
    const control = this.controlOf(market, now);
    switch (control.state) {
      case "running":
        return undefined;
      case "halted":
        return `halted by ${control.by}, ${control.reason}`;
      case "unreadable":
        return control.reason;
    }
  }

  controlOf(market: string, now: Instant): MarketControl {
    assert(this.#options.markets.includes(market), `${market} must be among the markets of the control`);
    return this.#haltOf(market) ?? this.#unreadable(market, now) ?? this.#runningOf(market);
  }

  /**
   * The engine's own kill (a loss limit, a repeated execution): effective when the call returns, written until it stands in
   * the table, lifted by an operator's later resume alone. To be called once a breach, with a reason that names it.
   */
  latch(scope: string, reason: string): void {
    assert(this.#scopes.includes(scope), `${scope} must be ALL or among the markets of the control`);
    this.#latches.set(scope, reason);
    for (const market of this.#options.markets) {
      if (scope === ALL_MARKETS || scope === market) this.#tell(market);
    }
  }

  /** Answers true once every kill stands in the table, false after `withinMs`. */
  async settle(withinMs: number): Promise<boolean> {
    return await this.#latches.settle(withinMs);
  }

  /**
   * The venue shows nothing live of a market that may not be quoted: the halt as it may be announced. Answers once a halt,
   * and undefined when the market is running.
   */
  confirmHalt(market: string, now: Instant): ConfirmedHalt | undefined {
    const told = this.#told.get(market);
    if (told === undefined || told.isConfirmed || told.control.state === "running") return undefined;
    told.isConfirmed = true;
    const { control, since } = told;
    const seenAt = new Date(since.epochMs).toISOString();
    const word = control.state === "halted" ? control : { by: this.#options.engineId, at: seenAt };
    const confirmedAt = new Date(now.epochMs).toISOString();
    const withinMs = Math.round(now.monotonicMs - since.monotonicMs);
    return { market, reason: control.reason, by: word.by, at: word.at, confirmedAt, withinMs };
  }

  state(now: Instant): ControlState {
    return {
      readable: this.#isFresh(now),
      readAgeMs: this.#readMs === undefined ? null : Math.round(now.monotonicMs - this.#readMs),
      markets: this.#options.markets.map((market) => ({ market, control: this.controlOf(market, now) })),
      kills: this.#scopes.flatMap((scope) => {
        const latch = this.#latches.get(scope);
        return latch === undefined ? [] : [{ scope, reason: latch.reason, at: latch.at, isWritten: latch.isWritten }];
      }),
    };
  }

  async #round(): Promise<void> {
    this.#isAsking = true;
    const doubts = this.#doubts;
    const reading = await this.#ask().catch((error: unknown) => ({ error }));
    this.#isAsking = false;
    if (this.#isStopped) return;
    if ("error" in reading) this.#failed(reading.error);
    else this.#take(reading);
    const waitMs = doubts === this.#doubts ? READ_INTERVAL_MS : 0;
    this.#cancelRound = this.#options.clock.after(waitMs, () => void this.#round());
  }

  async #ask(): Promise<Reading> {
    const sentMs = this.#options.clock.now().monotonicMs;
    return { sentMs, doubts: this.#doubts, ...(await this.#table.read()) };
  }

  #take({ sentMs, doubts, items, strategies }: Reading): void {
    // Two readings may overlap at the start: the one sent later stands.
    if (this.#isStopped || doubts !== this.#doubts || sentMs < (this.#readMs ?? sentMs)) return;
    if (this.#failures > 0) this.#options.log.info("control items are read again", { failures: this.#failures });
    this.#failures = 0;
    this.#readMs = sentMs;
    this.#items = items;
    this.#strategies = strategies;
    this.#latches.follow(this.#scopes, items, sentMs);
    this.#tellAll();
    this.#watchAge();
    this.#options.onStrategies?.(strategies);
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures === 1) this.#options.log.warn("control items could not be read", { error });
    this.#tellAll();
  }

  /** Readings fail slowly: the age is told when it is reached, not when the next one has failed. */
  #watchAge(): void {
    this.#cancelAge();
    const { clock } = this.#options;
    const now = clock.now();
    if (!this.#isFresh(now)) return;
    const leftMs = (this.#readMs ?? 0) + UNREADABLE_AFTER_MS - now.monotonicMs;
    this.#cancelAge = clock.after(leftMs + 1, () => {
      this.#tellAll();
      this.#watchAge();
    });
  }

  #isFresh(now: Instant): boolean {
    return this.#readMs !== undefined && now.monotonicMs - this.#readMs <= UNREADABLE_AFTER_MS;
  }

  #haltOf(market: string): MarketControl | undefined {
    for (const scope of [ALL_MARKETS, market]) {
      const halt = this.#latches.get(scope) ?? this.#itemOf(scope, "halted");
      if (halt === undefined) continue;
      return { state: "halted", reason: `${scope}: ${halt.reason}`, by: halt.by, at: halt.at };
    }
    return undefined;
  }

  #unreadable(market: string, now: Instant): MarketControl | undefined {
    if (this.#readMs === undefined) return { state: "unreadable", reason: "the control items were never read" };
    if (!this.#isFresh(now)) {
      return { state: "unreadable", reason: `the control items were not read for ${UNREADABLE_AFTER_MS / 1_000} s` };
    }
    for (const scope of [ALL_MARKETS, market]) {
      const item = this.#items.get(scope);
      if (item instanceof Error) return { state: "unreadable", reason: item.message };
    }
    return undefined;
  }

  #runningOf(market: string): MarketControl {
    const times = [ALL_MARKETS, market].map((scope) => this.#itemOf(scope, "running")?.at ?? "");
    return { state: "running", at: times.sort().at(-1) || null };
  }

  #itemOf(scope: string, state: ControlItem["state"]): ControlItem | undefined {
    const item = this.#items.get(scope);
    return item === undefined || item instanceof Error || item.state !== state ? undefined : item;
  }

  #tellAll(): void {
    for (const market of this.#options.markets) this.#tell(market);
  }

  #tell(market: string): void {
    const { clock, log, onChange } = this.#options;
    const now = clock.now();
    const control = this.controlOf(market, now);
    const told = this.#told.get(market);
    if (told !== undefined && isSame(told.control, control)) return;
    // Another reason for a halt is not another halt: what was confirmed still is.
    const goesOn = told !== undefined && told.control.state !== "running" && control.state !== "running";
    const since = goesOn ? told.since : now;
    this.#told.set(market, { control, since, isConfirmed: goesOn && told.isConfirmed });
    log.info("control of a market", { market, control });
    onChange(market, control);
  }
}

/** A later word of an operator is news also where the market was running: it may be meant for what the engine does to itself. */
function isSame(a: MarketControl, b: MarketControl): boolean {
  if (a.state === "running" && b.state === "running") return a.at === b.at;
  if (a.state === "running" || b.state === "running") return false;
  if (a.state === "unreadable" || b.state === "unreadable") return a.state === b.state && a.reason === b.reason;
  return a.reason === b.reason && a.by === b.by && a.at === b.at;
}
