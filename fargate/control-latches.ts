/**
 * The engine's own kills: true in memory the moment they are spoken, and written to the control items until they stand there,
 * so that they outlive the task. Owns when a kill is written and what lifts it.
 *
 * The order of words is that of their times. Every write carries its time and changes nothing when an item of a later time
 * stands there; operators' requests are written by the same rule (`lambdas/operator-control`). From this follows:
 *
 * - A kill never overwrites a later word of an operator, however late its retries arrive and whatever answer was lost.
 * - A kill is lifted only by a `running` item of a later time than its own. An older one is what stood before the kill: it
 *   lifts nothing, and the kill is written over it. No item at all lifts nothing either.
 * - The clocks of the engine and of the operator differ, and ours may step back. A kill is always later than what the engine
 *   had read before it: its time is at least a millisecond past that. Without this a clock that lags would make each kill look
 *   older than the last resume, and the kill would not kill. A clock that leads makes a resume look older than the kill:
 *   then the market stays halted, the log says so, and the operator resumes once more. That errs on the safe side.
 * - A kill is per item: resuming all markets does not lift the kill of one, nor the other way round.
 * - What the table says after each reading decides again: when a kill was written and the item is neither it nor a later word
 *   (deleted, or overwritten by someone with an equal time), it is written once more.
 */
import type { ControlItem, ControlItems, ControlTable } from "./control-table.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";

const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 2_000;
const REASON_CHARACTERS_MAX = 500;

export type Latch = Pick<ControlItem, "reason" | "by" | "at" | "atMs"> & {
  /** Whether it stands in the table, or a later word does. */
  readonly isWritten: boolean;
};

export type LatchesOptions = {
  readonly table: ControlTable;
  readonly engineId: string;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
};

type Entry = {
  readonly reason: string;
  readonly at: string;
  readonly atMs: number;
  /** Monotonic, when the table answered that it stands; undefined before. */
  writtenMs: number | undefined;
};

export class Latches {
  readonly #options: LatchesOptions;
  readonly #entries = new Map<string, Entry>();
  /** Newest time read of each item. */
  readonly #seenMs = new Map<string, number>();
  readonly #writers = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #settled = new Set<() => void>();
  #isStopped = false;

  constructor(options: LatchesOptions) {
    this.#options = options;
  }

  get(scope: string): Latch | undefined {
    const entry = this.#entries.get(scope);
    if (entry === undefined) return undefined;
    const { reason, at, atMs, writtenMs } = entry;
    return { reason, by: this.#options.engineId, at, atMs, isWritten: writtenMs !== undefined };
  }

  /**
   * Kills at once, and begins to write. The same reason again while it is latched is the same breach told twice and changes
   * nothing; another reason is a further breach, of a later time.
   */
  set(scope: string, reason: string): void {
    const shown = reason.slice(0, REASON_CHARACTERS_MAX).toWellFormed();
    const standing = this.#entries.get(scope);
    if (standing?.reason === shown) return;
    const { clock, log } = this.#options;
    const known = Math.max(this.#seenMs.get(scope) ?? -1, standing?.atMs ?? -1);
    const atMs = Math.max(Math.floor(clock.now().epochMs), known + 1);
    const entry = { reason: shown, at: new Date(atMs).toISOString(), atMs, writtenMs: undefined };
    this.#entries.set(scope, entry);
    log.error("quoting is killed", { scope, reason: shown, killedAt: entry.at });
    void this.#write(scope);
  }

  /** What a reading sent at `sentMs` (monotonic) means for the kills of `scopes`. */
  follow(scopes: readonly string[], items: ControlItems, sentMs: number): void {
    for (const scope of scopes) {
      const item = items.get(scope);
      // What cannot be understood neither lifts a kill nor is worth a write at each reading: it halts by itself.
      if (item instanceof Error) continue;
      if (item !== undefined) this.#seenMs.set(scope, Math.max(this.#seenMs.get(scope) ?? -1, item.atMs));
      this.#followItem(scope, item, sentMs);
    }
  }

  /** Answers true once every kill stands in the table, false after `withinMs`. */
  async settle(withinMs: number): Promise<boolean> {
    if (this.#isSettled) return true;
    return await new Promise<boolean>((resolve) => {
      const settle = (isSettled: boolean) => {
        stopTimer();
        this.#settled.delete(onSettled);
        resolve(isSettled);
      };
      const onSettled = () => settle(true);
      const stopTimer = this.#options.clock.after(withinMs, () => settle(false));
      this.#settled.add(onSettled);
    });
  }

  /** Ends the writing; what is killed stays killed in this process. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#waiting) cancel();
    this.#waiting.clear();
  }

  #followItem(scope: string, item: ControlItem | undefined, sentMs: number): void {
    const { log } = this.#options;
    const entry = this.#entries.get(scope);
    if (entry === undefined) return;
    if (item?.state === "running" && item.atMs > entry.atMs) {
      log.info("a kill was lifted", { scope, reason: entry.reason, liftedBy: item.by, liftedAt: item.at });
      this.#entries.delete(scope);
      this.#tellSettled();
      return;
    }
    const stands = item?.state === "halted" && item.atMs >= entry.atMs;
    if (stands || entry.writtenMs === undefined || sentMs < entry.writtenMs) return;
    const found = item === undefined ? null : { state: item.state, by: item.by, at: item.at };
    log.warn("a kill is not in the table any more, it is written again", { scope, killedAt: entry.at, found });
    entry.writtenMs = undefined;
    void this.#write(scope);
  }

  /** Writes until the newest kill of the scope stands, one call at a time. It has no last attempt, only a bounded pace. */
  async #write(scope: string): Promise<void> {
    if (this.#writers.has(scope)) return;
    this.#writers.add(scope);
    let attempts = 0;
    for (let entry = this.#dueEntry(scope); entry !== undefined; entry = this.#dueEntry(scope)) {
      if (attempts > 0) await this.#pause(attempts);
      attempts += 1;
      // Lifted or replaced while it waited.
      if (this.#dueEntry(scope) === entry) await this.#attempt(scope, entry, attempts);
    }
    this.#writers.delete(scope);
    this.#tellSettled();
  }

  #dueEntry(scope: string): Entry | undefined {
    const entry = this.#entries.get(scope);
    return this.#isStopped || entry?.writtenMs !== undefined ? undefined : entry;
  }

  async #attempt(scope: string, entry: Entry, attempts: number): Promise<void> {
    const { table, engineId, clock, log } = this.#options;
    try {
      const outcome = await table.writeHalt(scope, { reason: entry.reason, by: engineId, at: entry.at });
      entry.writtenMs = clock.now().monotonicMs;
      log.info("a kill stands in the table", { scope, outcome, killedAt: entry.at, attempts });
    } catch (error) {
      log.warn("a kill could not be written, it is tried again", { scope, killedAt: entry.at, attempts, error });
    }
  }

  /** Doubles from 250 ms to 2 s, between half of it and all of it. */
  async #pause(attempts: number): Promise<void> {
    const fullMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts - 1, 8));
    const delayMs = fullMs * (0.5 + this.#options.rng.next() / 2);
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#waiting.delete(cancel);
        resolve();
      };
      const stopTimer = this.#options.clock.after(delayMs, end);
      const cancel = () => {
        stopTimer();
        resolve();
      };
      this.#waiting.add(cancel);
    });
  }

  get #isSettled(): boolean {
    return [...this.#entries.values()].every((entry) => entry.writtenMs !== undefined);
  }

  #tellSettled(): void {
    if (this.#isSettled) for (const onSettled of [...this.#settled]) onSettled();
  }
}
