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

export class QuotingLoop {
  readonly #options: QuotingLoopOptions;
  #scheduled = false;
  #stopTimer: (() => void) | undefined;
  #lastTurn: Instant | undefined;
  #stopped = false;

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
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

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
      const booksSince = this.#applyAll();
      if (this.#stopped) return;
      const commands = this.#decide();
      if (commands.length > 0) this.#execute(commands, booksSince);
    } catch (error) {
      this.stop();
      this.#options.onCrash(error);
    }
  }

  #decide(): readonly Command[] {
    const { engine, clock, recorder } = this.#options;
    const now = clock.now();
    recorder?.deciding();
    const commands = engine.decide(now);
    recorder?.decided(now, commands);
    return commands;
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

  /** Applies what is queued. Answers when each market's first new book was read (monotonic ms). */
  #applyAll(): ReadonlyMap<string, number> {
    const { engine, queue, onFill } = this.#options;
    const booksSince = new Map<string, number>();
    for (const event of queue.drain()) {
      if (event.type === "book-update" && !booksSince.has(event.market)) {
        booksSince.set(event.market, event.at.monotonicMs);
      }
      const isNewFill = this.#apply(event);
      if (isNewFill && event.type === "fill") onFill(event.fill, engine.market(event.fill.market)?.midMoney());
    }
    return booksSince;
  }

  #execute(commands: readonly Command[], booksSince: ReadonlyMap<string, number>): void {
    const { clock, execute, metrics } = this.#options;
    const lastOf = new Map<string, number>();
    for (const command of commands) {
      execute(command);
      if (booksSince.has(command.market)) lastOf.set(command.market, clock.now().monotonicMs);
    }
    for (const [market, writtenMs] of lastOf) {
      const seconds = (writtenMs - (booksSince.get(market) ?? writtenMs)) / 1_000;
      metrics.observe("flashmm_tick_to_wire_seconds", { market }, seconds);
    }
  }
}
