/**
 * The task's clock in a benchmark: it runs as the real one while a tick is under way, and between two ticks steps over the second that
 * a market would take for it, with every timer that is due in it. So the request budget, the orders' ages and all that the task does
 * beside its quotes are those of a market of one book a second, and a thousand ticks take seconds. Owns that time alone.
 */
import type { Clock } from "../../../fargate/seams.ts";
import { VirtualTime } from "../../world/virtual-time.ts";

export class SteppedClock {
  readonly time = new VirtualTime();
  /** When time began to run by itself: real monotonic, and the difference of the wall clocks. Undefined during a step. */
  #running: { readonly realMs: number; readonly epochAheadMs: number } | undefined;

  readonly clock: Clock = {
    now: () => {
      const running = this.#running;
      if (running === undefined) return this.time.clock.now();
      return {
        monotonicMs: this.time.nowMs + (performance.now() - running.realMs),
        epochMs: Date.now() + running.epochAheadMs,
      };
    },
    after: (delayMs, callback) => this.time.after(delayMs, callback),
  };

  /** Steps over `durationMs` once all that is under way is done, and lets time run by itself. */
  async step(durationMs: number): Promise<void> {
    await this.stop();
    await this.time.pass(durationMs);
    this.#running = { realMs: performance.now(), epochAheadMs: Math.floor(this.time.epochMs) - Date.now() };
  }

  /** Time stands from here on, so that others can be measured in between. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    const elapsedMs = performance.now() - this.#running.realMs;
    this.#running = undefined;
    await this.time.pass(elapsedMs);
  }
}
