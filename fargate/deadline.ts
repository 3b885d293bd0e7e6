/** A bound on how long something may take, by the task's own clock. Owns no retry: the caller decides what a late answer means. */
import type { Clock } from "./seams.ts";

/** Nothing came in time; whether the other side did it is unknown. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE_EXCEEDED";

  constructor(what: string, withinMs: number) {
    super(`${what} took longer than ${withinMs} ms`);
    this.name = "DeadlineError";
  }
}

/** Runs `work` and rejects with `DeadlineError` after `withinMs`, aborting its signal; a later outcome is dropped. */
export async function withDeadline<Result>(
  clock: Clock,
  withinMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  // Begun before anything else is made: an order's bytes are written in it.
  const working = work(controller.signal);
  const late = Promise.withResolvers<never>();
  const stopTimer = clock.after(withinMs, () => {
    const error = new DeadlineError(what, withinMs);
    late.reject(error);
    controller.abort(error);
  });
  try {
    return await Promise.race([working, late.promise]);
  } finally {
    stopTimer();
  }
}
