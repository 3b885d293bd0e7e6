/**
 * In which hours a task could write a minute of its own, with a mid: it was in charge, read books and reached the table for some minutes of
 * that hour without a break. Owns this record; who is able is `checks.ts`'s to say.
 */
import { hourOf } from "../../../core/accounting/hourly.ts";

const HOUR_MS = 3_600_000;
/** A whole minute by the wall, at the worst two for its end to come, and what a table that was away keeps the writing waiting. */
const SURELY_MS = 5 * 60_000;

export class MinuteWatch {
  /** Since when each task has been able (epoch milliseconds). */
  readonly #sinceMs = new Map<string, number>();
  readonly #hours = new Set<string>();

  /** Each second: whether the task is able now; `epochMs` is the world's. */
  note(task: string, isAble: boolean, epochMs: number): void {
    if (!isAble) {
      this.#sinceMs.delete(task);
      return;
    }
    const sinceMs = this.#sinceMs.get(task) ?? epochMs;
    this.#sinceMs.set(task, sinceMs);
    const inHourMs = epochMs - Math.max(sinceMs, epochMs - (epochMs % HOUR_MS));
    if (inHourMs >= SURELY_MS) this.#hours.add(hourOf(new Date(epochMs).toISOString()));
  }

  /** Whether a minute of the hour (`YYYY-MM-DDTHH`) must have been written. */
  mustHave(hour: string): boolean {
    return this.#hours.has(hour);
  }

  /** Whether a minute of an hour before it must have been written. */
  mustHaveBefore(hour: string): boolean {
    return [...this.#hours].some((each) => each < hour);
  }
}
