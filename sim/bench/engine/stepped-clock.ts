/**
 * The task's clock in a benchmark: it runs as the real one while a tick is under way, and between two ticks steps over the second that
 * a market would take for it, with every timer that is due in it. So the request budget, the orders' ages and all that the task does
 * beside its quotes are those of a market of one book a second, and a thousand ticks take seconds. Owns that time alone.
 */
import type { Clock } from "../../../fargate/seams.ts";
import { VirtualTime } from "../../world/virtual-time.ts";

export class SteppedClock {
  readonly time = new VirtualTime();
  /** When time began to run by itself: real monotonic, and the difference of the wall clocks. Undefined while it stands or steps. */
  #running: { readonly realMs: number; readonly epochAheadMs: number } | undefined;
  /** What it jumped over since, timers left where they are. */
  #jumpedMs = 0;
  /** It never goes back: timers that were jumped over see the time at which they come. */
  #leastMs = 0;

  readonly clock: Clock = {
    now: () => ({ monotonicMs: this.time.nowMs + this.#aheadMs(), epochMs: this.#epochMs() }),
    after: (delayMs, callback) => this.time.after(delayMs + this.#aheadMs(), callback),
  };

  /** Steps over `durationMs` with all that is due in it, and lets time run by itself. */
  async step(durationMs: number): Promise<void> {
    await this.stop();
    await this.time.pass(durationMs);
    this.#running = { realMs: performance.now(), epochAheadMs: Math.floor(this.time.epochMs) - Date.now() };
  }

  /** Jumps over `durationMs` while time runs: nothing that is due in it happens before the next step. */
  jump(durationMs: number): void {
    const running = this.#running;
    if (running === undefined) throw new Error("time must run when it jumps");
    this.#jumpedMs += durationMs;
    this.#running = { ...running, epochAheadMs: running.epochAheadMs + durationMs };
  }

  /** Time stands from here on, so that others can be measured in between. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    const elapsedMs = this.#jumpedMs + performance.now() - this.#running.realMs;
    this.#leastMs = this.time.nowMs + elapsedMs;
    this.#running = undefined;
    this.#jumpedMs = 0;
    await this.time.pass(elapsedMs);
  }

  /** How far what is told is ahead of the timers. */
  #aheadMs(): number {
    if (this.#running !== undefined) return this.#jumpedMs + performance.now() - this.#running.realMs;
    return Math.max(0, this.#leastMs - this.time.nowMs);
  }

  /** While time runs, by the machine's own wall clock, which is asked as the real one is. */
  #epochMs(): number {
    if (this.#running !== undefined) return Date.now() + this.#running.epochAheadMs;
    return Math.floor(this.time.epochMs + this.#aheadMs());
  }
}
