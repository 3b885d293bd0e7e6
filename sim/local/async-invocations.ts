/**
 * Invocations nobody waits for, as EventBridge and the Scheduler make them: queued, tried again after failures, then
 * dropped with an error in the log. Owns the retries; its waiting list is bounded.
 */
import type { Log } from "../../fargate/log.ts";
import type { Clock } from "../../fargate/seams.ts";
import type { InvocationResult } from "./lambda-runtime.ts";

/** Lambda tries an asynchronous event twice more, after one and then two minutes (AWS Lambda guide, "asynchronous"). */
const RETRY_DELAYS_MS: readonly number[] = [60_000, 120_000];

const PENDING_MAX = 1_000;

export type AsyncInvocationsOptions = {
  readonly clock: Clock;
  readonly log: Log;
  invoke(functionName: string, event: unknown): Promise<InvocationResult>;
};

export class AsyncInvocations {
  readonly #options: AsyncInvocationsOptions;
  readonly #cancelRetries = new Set<() => void>();
  #running = 0;
  #stopped = false;

  constructor(options: AsyncInvocationsOptions) {
    this.#options = options;
  }

  /** Invocations under way; those that wait for a retry are not counted. */
  get running(): number {
    return this.#running;
  }

  /** Takes the event; false when too many wait. */
  accept(functionName: string, event: unknown): boolean {
    if (this.#stopped || this.#running + this.#cancelRetries.size >= PENDING_MAX) return false;
    void this.#attempt(functionName, event, 0);
    return true;
  }

  /** Forgets what waits for a retry. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancelRetries) cancel();
    this.#cancelRetries.clear();
  }

  async #attempt(functionName: string, event: unknown, retries: number): Promise<void> {
    this.#running += 1;
    const result = await this.#options.invoke(functionName, event);
    this.#running -= 1;
    if (result.kind === "returned" || this.#stopped) return;
    const delayMs = RETRY_DELAYS_MS[retries];
    const { log, clock } = this.#options;
    if (delayMs === undefined) {
      log.error("event dropped after its last retry", { functionName, ...result });
      return;
    }
    log.warn("function failed on an event", { functionName, retryInMs: delayMs, ...result });
    const cancel = clock.after(delayMs, () => {
      this.#cancelRetries.delete(cancel);
      void this.#attempt(functionName, event, retries + 1);
    });
    this.#cancelRetries.add(cancel);
  }
}
