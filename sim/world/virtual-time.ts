/**
 * Virtual time: one queue of what is due, moved on only while nothing is under way. Owns the order of everything that happens
 * in a simulated world; what happens is its callers'. Not for production: an hour passes in seconds.
 */
import { setImmediate } from "node:timers/promises";
import { assert } from "../../core/assert.ts";
import type { Clock } from "../../fargate/seams.ts";

const START_EPOCH_MS = Date.UTC(2026, 0, 2);
/** Far above any world; more means that something schedules without end. */
const SCHEDULED_MAX = 1_000_000;
/** So many events without time passing mean a loop that waits for nothing. */
const AT_ONE_MOMENT_MAX = 20_000;
/** Waiting for something longer than this, in virtual time, is waiting in vain. */
const UNTIL_MS = 3_600_000;
/** Turns of the real loop that work may be under way without an end, about a minute. */
const TURNS_UNDER_WAY_MAX = 20_000_000;
/** A turn of the real loop all the same after so many events: signals and the like wait for it. */
const STEPS_WITHOUT_TURN_MAX = 100;
/** Due times are whole microseconds, so that sums of them are read and compared easily. */
const PER_MS = 1_000;
const NOW = Promise.resolve();

type Entry = { readonly dueMs: number; readonly sequence: number; run: (() => void) | undefined };

export class VirtualTime {
  #nowMs = 0;
  #sequence = 0;
  #underWay = 0;
  #atThisMoment = 0;
  /** A binary heap: earliest first, then in the order of scheduling. */
  readonly #heap: Entry[] = [];
  readonly #observers = new Set<() => void>();
  readonly #isPure: boolean;
  readonly #startEpochMs: number;
  #stepsSinceTurn = 0;

  /**
   * `isPure`: nothing that is not marked as under way waits for more than promises, so that a turn of the real loop is not needed
   * after every event. It takes longer than most events. `startMinute`: the world begins so many minutes past the hour.
   */
  constructor({ isPure = false, startMinute = 0 }: { readonly isPure?: boolean; readonly startMinute?: number } = {}) {
    this.#isPure = isPure;
    this.#startEpochMs = START_EPOCH_MS + startMinute * 60_000;
  }

  /** The world's own clock, which nothing can stop. */
  readonly clock: Clock = {
    now: () => ({ monotonicMs: this.#nowMs, epochMs: Math.floor(this.#startEpochMs + this.#nowMs) }),
    after: (delayMs, callback) => this.after(delayMs, callback),
  };

  /** Milliseconds since the world's beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** What is due some day. */
  get scheduled(): number {
    return this.#heap.length;
  }

  /** The same moment as the world's wall clock tells it. */
  get epochMs(): number {
    return this.#startEpochMs + this.#nowMs;
  }

  /** Calls back once after `delayMs`, at least 0. What is due at one moment happens in the order it was asked for. */
  after(delayMs: number, callback: () => void): () => void {
    assert(this.#heap.length < SCHEDULED_MAX, `at most ${SCHEDULED_MAX} events must be scheduled`);
    // A delay, however short, takes time: else a timer that is set anew until its moment has come would never see it come.
    const delayMicros = delayMs > 0 ? Math.max(1, Math.round(delayMs * PER_MS)) : 0;
    const dueMs = Math.round(this.#nowMs * PER_MS + delayMicros) / PER_MS;
    this.#sequence += 1;
    const entry: Entry = { dueMs, sequence: this.#sequence, run: callback };
    this.#push(entry);
    return () => {
      entry.run = undefined;
    };
  }

  /** Marks work outside of this time as under way; time stands until the returned function is called (again: nothing). */
  begin(): () => void {
    this.#underWay += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#underWay -= 1;
    };
  }

  /** Counts `work` as under way, so that no timer overtakes it. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const end = this.begin();
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Calls back after every event, once all that it led to at once is done. What it throws ends the waiting. Returns what ends it. */
  onEvent(observer: () => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Lets time pass until `isDone`, looking after every event. Rejects when `withinMs` have passed, or nothing is left to happen. */
  async until(isDone: () => boolean, what: string, withinMs = UNTIL_MS): Promise<void> {
    const endMs = this.#nowMs + withinMs;
    await this.#happens(() => {
      if (isDone()) return undefined;
      const next = this.#peek();
      if (next === undefined) throw new Error(`nothing is left to happen, waiting until ${what}`);
      if (next.dueMs <= endMs) return next;
      this.#nowMs = endMs;
      throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    });
  }

  /** Lets `durationMs` pass. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    await this.#happens(() => {
      const next = this.#peek();
      return next !== undefined && next.dueMs <= endMs ? next : undefined;
    });
    this.#nowMs = endMs;
  }

  /** Lets time pass until the promise settles, and answers as it does. */
  async settled<Result>(promise: Promise<Result>, what: string, withinMs = UNTIL_MS): Promise<Result> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await this.until(() => isSettled, what, withinMs);
    return await promise;
  }

  /** Makes the global `Date.now` tell this time, for code that asks it (circuit breakers do). Returns what restores it. */
  takeOverDate(): () => void {
    const real = Date.now;
    const virtual = (): number => Math.floor(this.epochMs);
    Date.now = virtual;
    return () => {
      if (Date.now === virtual) Date.now = real;
    };
  }

  /** Makes `AbortSignal.timeout` end by this time. Returns what restores it. */
  takeOverTimeouts(): () => void {
    const real = AbortSignal.timeout;
    const virtual = (delayMs: number): AbortSignal => {
      const controller = new AbortController();
      this.after(delayMs, () => controller.abort(new DOMException("The operation was aborted", "TimeoutError")));
      return controller.signal;
    };
    AbortSignal.timeout = virtual;
    return () => {
      if (AbortSignal.timeout === virtual) AbortSignal.timeout = real;
    };
  }

  /**
   * Lets events happen, one after the other, until there is none; rejects with what is thrown. Callbacks in place of promises of its own:
   * they would take as long as most events.
   */
  #happens(next: () => Entry | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const guarded = (act: () => void) => () => {
        try {
          act();
        } catch (error) {
          reject(error);
        }
      };
      const go = guarded(() => {
        const entry = next();
        if (entry === undefined) return resolve();
        this.#step(entry);
        this.#drain(happened, reject);
      });
      const happened = guarded(() => {
        for (const observe of this.#observers) observe();
        go();
      });
      this.#drain(go, reject);
    });
  }

  #step(entry: Entry): void {
    this.#pop();
    this.#atThisMoment = entry.dueMs > this.#nowMs ? 0 : this.#atThisMoment + 1;
    // The message only where it is needed: writing the moment down takes as long as the rest of a step.
    if (this.#atThisMoment >= AT_ONE_MOMENT_MAX) assert(false, `time must pass, stood still at ${this.#nowMs} ms`);
    this.#nowMs = Math.max(this.#nowMs, entry.dueMs);
    entry.run?.();
  }

  /** Calls back once everything that was set off is done: after every micro-task and tick, or a turn of the real loop. */
  #drain(then: () => void, onError: (error: unknown) => void): void {
    this.#stepsSinceTurn += 1;
    if (!this.#isPure || this.#stepsSinceTurn >= STEPS_WITHOUT_TURN_MAX) {
      this.#turn().then(then, onError);
      return;
    }
    // Asked for in a micro-task, a tick comes once no micro-task is left. Nothing in a pure world uses ticks of its own.
    process.nextTick(() => {
      // As `queueMicrotask` would, which makes an asynchronous resource of each.
      if (this.#underWay === 0) void NOW.then(then);
      else this.#turn().then(then, onError);
    });
  }

  /** One turn of the real loop comes after every micro-task and tick; more of them while work is under way. */
  async #turn(): Promise<void> {
    this.#stepsSinceTurn = 0;
    await setImmediate();
    for (let turn = 0; this.#underWay > 0; turn += 1) {
      assert(turn < TURNS_UNDER_WAY_MAX, "work under way must come to an end");
      await setImmediate();
    }
  }

  #peek(): Entry | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) this.#pop();
    return this.#heap[0];
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (isBefore(last, child)) break;
      heap[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
}
