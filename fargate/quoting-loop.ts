/**
 * The loop: drains what has arrived, applies it, decides once, executes. One turn handles everything read from the sockets in
 * one go, so a burst of books costs one decision. Owns no opinion; that is the engine's.
 */
import type { Command } from "../core/commands.ts";
import type { Engine } from "../core/engine.ts";
import type { EngineEvent, Fill } from "../core/events.ts";
import type { Instant } from "../core/units.ts";
import { isMarketEvent } from "./recording/journal.ts";
import type { Recorder } from "./recording/recorder.ts";
import type { Clock } from "./seams.ts";
import type { EventQueue } from "./sei/event-queue.ts";
import type { Metrics } from "./telemetry.ts";

/** Decisions happen on facts; this often without one, for what only time makes due: old books, queries, freed budget. */
const IDLE_DECISION_MS = 50;

/** A turn that comes this late means that the process stood still: a frozen machine, a starved processor, a stuck loop. */
const STALL_MS = 2_000;

/** A frozen machine may stop its monotonic clock with it: then only the wall clock tells of the time that is gone. */
const CLOCKS_APART_MS = 1_000;

export type QuotingLoopOptions = {
  readonly engine: Engine;
  readonly queue: EventQueue;
  /** Sends one command; returns once its bytes are on the socket. Its outcome comes back as an event. */
  readonly execute: (command: Command) => void;
  /** A fill not seen before, with the mid of its market when it was taken (10^-18 quote currency; undefined without a book). */
  readonly onFill: (fill: Fill, midMoney: bigint | undefined) => void;
  /** The process may have stood still, or its clocks have parted: told before anything is decided. */
  readonly onDoubt: (reason: string) => void;
  /** Takes down what moves the engine. */
  readonly recorder?: Recorder | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Called with whatever the engine throws: a bug, after which nothing may be sent any more. */
  readonly onCrash: (error: unknown) => void;
  /** Decisions come this often without a fact; 50 ms unless told. */
  readonly idleDecisionMs?: number;
};

/** A market's first new book of a turn, and its last order: when they were read and written (monotonic ms). */
type Tick = { readonly market: string; readonly readMs: number; writtenMs: number | undefined };

/** What is chained to it runs with the micro-tasks. `queueMicrotask` makes an object and a bound function for each call. */
const SOON = Promise.resolve();

export class QuotingLoop {
  readonly #options: QuotingLoopOptions;
  #scheduled = false;
  #stopTimer: (() => void) | undefined;
  #lastTurn: Instant | undefined;
  #stopped = false;
  /** Of this turn: the markets with a new book, and the commands of its decision that are out. */
  readonly #ticks: Tick[] = [];
  readonly #written: Command[] = [];

  constructor(options: QuotingLoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#armTimer();
  }

  /** Ends the deciding. Facts are still applied: fills and proofs that come while stopping count. */
  stop(): void {
    if (!this.#stopped) this.#options.engine.decidesNoMore(this.#options.clock.now());
    this.#stopped = true;
    this.#stopTimer?.();
  }

  /** Hands over a fact; it is applied with everything else that arrives before the current read is done. */
  push(event: EngineEvent): void {
    this.#options.queue.push(event);
    this.wake();
  }

  /** Facts were put on the queue. */
  wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void SOON.then(this.#takeTurn);
  }

  readonly #takeTurn = (): void => {
    this.#scheduled = false;
    this.#turn();
  };

  #armTimer(): void {
    this.#stopTimer = this.#options.clock.after(this.#options.idleDecisionMs ?? IDLE_DECISION_MS, () => {
      this.#turn();
      if (!this.#stopped) this.#armTimer();
    });
  }

  #turn(): void {
    try {
      // What is stopped makes no turns of its own, so that silence says nothing.
      if (!this.#stopped) this.#noteStall();
      this.#applyAll();
      if (this.#stopped) return;
      this.#decide();
      this.#noteWrites();
    } catch (error) {
      this.stop();
      this.#options.onCrash(error);
    }
  }

  /** Cancels are written while the rest is still thought over, the rest in its order. */
  #decide(): void {
    const { engine, clock, recorder } = this.#options;
    const now = clock.now();
    recorder?.deciding();
    this.#written.length = 0;
    let commands: readonly Command[];
    try {
      commands = engine.decide(now, this.#execute);
    } catch (error) {
      // What is out by now stands on the tape too: a repetition ends at the same decision.
      recorder?.decided(now, [...this.#written]);
      throw error;
    }
    recorder?.decided(now, commands);
    for (let i = this.#written.length; i < commands.length; i += 1) {
      const command = commands[i];
      if (command !== undefined) this.#execute(command);
    }
  }

  #apply(event: EngineEvent): boolean {
    const { engine, recorder } = this.#options;
    if (recorder !== undefined) {
      const market = isMarketEvent(event) ? engine.market(event.market) : undefined;
      recorder.applying(event, market?.sent.ownSizes(event.at.monotonicMs) ?? []);
    }
    return engine.apply(event);
  }

  /** Told before anything that is read after it: what waited in the sockets meanwhile looks new and is old. */
  #noteStall(): void {
    const { clock, onDoubt } = this.#options;
    const at = clock.now();
    const { monotonicMs, epochMs } = this.#lastTurn ?? at;
    this.#lastTurn = at;
    const durationMs = at.monotonicMs - monotonicMs;
    const apartMs = at.epochMs - epochMs - durationMs;
    if (durationMs > STALL_MS || apartMs > CLOCKS_APART_MS) {
      this.#apply({ type: "stalled", durationMs: durationMs + Math.max(0, apartMs), at });
    }
    if (durationMs > STALL_MS || Math.abs(apartMs) > CLOCKS_APART_MS) {
      onDoubt(`no turn for ${Math.round(durationMs)} ms, the wall clock ${Math.round(apartMs)} ms off in it`);
    }
  }

  /** Applies what is queued. */
  #applyAll(): void {
    const { engine, queue, onFill } = this.#options;
    this.#ticks.length = 0;
    for (const event of queue.drain()) {
      if (event.type === "book-update" && this.#tickOf(event.market) === undefined) {
        this.#ticks.push({ market: event.market, readMs: event.at.monotonicMs, writtenMs: undefined });
      }
      const isNewFill = this.#apply(event);
      if (isNewFill && event.type === "fill") onFill(event.fill, engine.market(event.fill.market)?.midMoney());
    }
  }

  readonly #execute = (command: Command): void => {
    const { clock, execute } = this.#options;
    this.#written.push(command);
    execute(command);
    const tick = this.#tickOf(command.market);
    if (tick !== undefined) tick.writtenMs = clock.now().monotonicMs;
  };

  /** From a market's first new book of the turn to the last of its orders. */
  #noteWrites(): void {
    for (const { market, readMs, writtenMs } of this.#ticks) {
      if (writtenMs === undefined) continue;
      this.#options.metrics.observe("flashmm_tick_to_wire_seconds", { market }, (writtenMs - readMs) / 1_000);
    }
  }

  #tickOf(market: string): Tick | undefined {
    for (const tick of this.#ticks) if (tick.market === market) return tick;
    return undefined;
  }
}
