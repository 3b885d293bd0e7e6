/**
 * A bound on how long each of many calls may take, all with the same time. Owns one timer for all of them, set for the oldest: each call
 * would else make one, an `AbortController` and three promises. What a late answer means is the caller's.
 */
import { DeadlineError } from "./deadline.ts";
import type { CancelSignal, Clock } from "./seams.ts";

/** What an `AbortController` and its signal are, as far as a request needs them. */
export class Cancellation implements CancelSignal {
  #listeners: (() => void)[] | undefined;
  #isAborted = false;

  get aborted(): boolean {
    return this.#isAborted;
  }

  /** Tells the listeners, once. */
  abort(): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener();
  }

  /** Each is told once, whatever the options say: an abort comes once. */
  addEventListener(_type: "abort", listener: () => void): void {
    if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    const place = this.#listeners?.indexOf(listener) ?? -1;
    if (place >= 0) this.#listeners?.splice(place, 1);
  }
}

type Waiting = { readonly dueMs: number; readonly expire: () => void; isOver: boolean };

export class CallDeadlines {
  readonly #clock: Clock;
  readonly #withinMs: number;
  readonly #what: string;
  /** The oldest first; those that are over leave when they come to the front. At most one for each call that is under way or was since. */
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #stopTimer: (() => void) | undefined;

  /** `what` stands in the error of a call that took too long. */
  constructor(clock: Clock, withinMs: number, what: string) {
    this.#clock = clock;
    this.#withinMs = withinMs;
    this.#what = what;
  }

  /**
   * Settles as `answer` does, or rejects with `DeadlineError` once the time is over from now, and then cancels the call; a later outcome
   * is dropped.
   */
  within<Result>(answer: Promise<Result>, cancellation: Cancellation): Promise<Result> {
    return new Promise((resolve, reject) => {
      const expire = () => {
        reject(new DeadlineError(this.#what, this.#withinMs));
        cancellation.abort();
      };
      const waiting: Waiting = { dueMs: this.#clock.now().monotonicMs + this.#withinMs, expire, isOver: false };
      this.#waiting.push(waiting);
      this.#underWay += 1;
      this.#stopTimer ??= this.#clock.after(this.#withinMs, this.#look);
      answer.then(
        (result) => {
          this.#end(waiting);
          resolve(result);
        },
        (error: unknown) => {
          this.#end(waiting);
          reject(error);
        },
      );
    });
  }

  #end(waiting: Waiting): void {
    if (waiting.isOver) return;
    waiting.isOver = true;
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    // A timer that is left would keep a process that ends.
    this.#waiting.length = 0;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** The clock may be a hair behind its own timers: the oldest is due when the timer that was set for it comes. */
  readonly #look = (): void => {
    this.#stopTimer = undefined;
    const nowMs = this.#clock.now().monotonicMs;
    const late: Waiting[] = [];
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (!first.isOver && first.dueMs > nowMs) break;
      this.#waiting.shift();
      if (!first.isOver) late.push(first);
    }
    const [next] = this.#waiting;
    if (next !== undefined) this.#stopTimer = this.#clock.after(Math.max(0, next.dueMs - nowMs), this.#look);
    for (const each of late) {
      this.#end(each);
      each.expire();
    }
  };
}
