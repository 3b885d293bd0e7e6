/**
 * The way of one asynchronous event to its function, as Lambda has it (AWS Lambda guide, "asynchronous"): tried again after a failure, held while
 * there is no concurrency, dropped past its age. Owns these steps; what the function does is the caller's.
 */
import type { VirtualTime } from "../virtual-time.ts";

/** After one minute, then after two. */
const RETRY_MS: readonly number[] = [60_000, 120_000];
/** An event that found no concurrency comes again so much later, and longer each time up to five minutes; here at a steady pace. */
const THROTTLED_AGAIN_MS = 20_000;

export type EventDelivery = {
  readonly time: Pick<VirtualTime, "nowMs" | "after">;
  /** World time of the event itself. */
  readonly beganMs: number;
  readonly retriesMax: number;
  readonly eventAgeMs: number;
  /** Whether no function is invoked now. */
  readonly isThrottled: () => boolean;
  /** One invocation; answers whether it has not to be tried again. */
  readonly invoke: () => Promise<boolean>;
};

export async function deliverEvent(delivery: EventDelivery): Promise<"done" | "dropped"> {
  const { time, beganMs, retriesMax, eventAgeMs, isThrottled, invoke } = delivery;
  const wait = (delayMs: number) => new Promise<void>((resolve) => time.after(delayMs, resolve));
  let retries = 0;
  while (time.nowMs - beganMs <= eventAgeMs) {
    if (isThrottled()) {
      await wait(THROTTLED_AGAIN_MS);
      continue;
    }
    if (await invoke()) return "done";
    const delayMs = retries < retriesMax ? RETRY_MS[retries] : undefined;
    if (delayMs === undefined) return "dropped";
    retries += 1;
    await wait(delayMs);
  }
  return "dropped";
}
