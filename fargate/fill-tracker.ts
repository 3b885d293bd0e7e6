/**
 * No fill of a market is ever lost: the stream's go to the outbox at once, the venue's history tells what the stream missed,
 * and the durable checkpoint moves only over fills that the queue has acknowledged. A crash leads to sending again, which
 * the ledger knows by the fill's id. Owns the reading and the checkpoint; the sending is the outbox's.
 */
import { type Books, emptyBooks, type KnownFills } from "../core/accounting/pnl.ts";
import { assert } from "../core/assert.ts";
import type { Fill } from "../core/events.ts";
import type { Market } from "../core/market.ts";
import { makeFillMessage, toMessageBody } from "../core/messages.ts";
import { withDeadline } from "./deadline.ts";
import type { FillOutbox } from "./fill-outbox.ts";
import { FillProgress, SETTLE_MS } from "./fill-progress.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";
import type { FillCheckpoint, StateTable } from "./state-table.ts";
import type { Metrics } from "./telemetry.ts";
import { type Answered, type FillsPage, VenueError } from "./venue.ts";

const POLL_INTERVAL_MS = 5_000;
const READ_TIMEOUT_MS = 15_000;
const PAGES_PER_POLL_MAX = 40;
const OUTBOX_FULL_WAIT_MS = 50;
const START_ATTEMPTS_MAX = 8;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5_000;
const REWIND_INTERVAL_MS = 60_000;
/** At the stop, of the time that is left after the queue has everything; what is over is the checkpoint's. */
const CLOSE_WITHIN_MS = 2_500;

const NO_FILLS: FillCheckpoint = {
  cursor: undefined,
  books: emptyBooks(),
  overlap: { cursor: undefined, after: undefined, fills: [] },
};

export type FillTrackerOptions = {
  readonly market: Market;
  readonly engineId: string;
  /** Of this task: a checkpoint of a later epoch is never overwritten. */
  readonly epoch: number;
  /** The venue's fills of this market after a cursor; from the very first without one. */
  readonly fillsAfter: (cursor: string | undefined) => Promise<Answered<FillsPage>>;
  readonly outbox: FillOutbox;
  readonly stateTable: StateTable;
  /** Takes each fill of the history, whether the stream told it or not: the engine knows repeats by their id. */
  readonly onFill: (fill: Fill) => void;
  /** The history was read to its end, by a reading that began at this monotonic moment; every fill in it was handed to `onFill`. */
  readonly onHistoryRead: (askedAtMs: number) => void;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Between two looks into the venue's history; default 5,000. */
  readonly pollIntervalMs?: number;
};

export type FillTrackerEnd = {
  /** The history was read to its end once more. */
  readonly historyRead: boolean;
  /** Every fill known is acknowledged by the queue. */
  readonly allSent: boolean;
};

export class FillTracker {
  readonly #options: FillTrackerOptions;
  #progress: FillProgress | undefined;
  #readCursor: string | undefined;
  /** The reading is still in what the checkpoint says is safe. */
  #isInOverlap = false;
  #stopTimer: (() => void) | undefined;
  #tick: Promise<void> = Promise.resolve();
  #endPause: () => void = () => undefined;
  #isStopped = false;
  #isSuperseded = false;
  #isUnsaved = false;
  #isRewindDue = false;
  /** Monotonic moment of the last rewind. */
  #rewoundMs = 0;
  #savesCount = 0;
  #outOfOrderTold = 0;

  constructor(options: FillTrackerOptions) {
    this.#options = options;
  }

  /** Fills not yet behind the durable checkpoint. */
  get heldCount(): number {
    return this.#progress?.heldCount ?? 0;
  }

  /** First: reads the checkpoint and answers with the books in it, and the fills they are of, which the engine starts with. */
  async load(): Promise<{ readonly books: Books; readonly known: KnownFills }> {
    const { market, stateTable } = this.#options;
    const checkpoint = (await stateTable.loadFills(market.symbol)) ?? NO_FILLS;
    this.#progress = new FillProgress(market, checkpoint);
    this.#rewind();
    return { books: checkpoint.books, known: checkpoint.overlap };
  }

  /**
   * Second: hands every fill after the checkpoint to the engine and to the outbox, then goes on looking every few seconds.
   * Rejects with the venue's error when the history cannot be read in eight attempts.
   */
  async catchUp(): Promise<void> {
    // A start-up that tries again comes here again: one reading at a time, and one chain of ticks.
    await this.#tick;
    this.#cancelTick();
    const reading = this.#readAll();
    this.#tick = reading.catch(() => undefined);
    await reading;
    this.#scheduleTick();
  }

  async #readAll(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      try {
        if (await this.#readPages()) return;
        failures = 0;
        await this.#pause(OUTBOX_FULL_WAIT_MS);
      } catch (error) {
        failures += 1;
        this.#noteReadFailure(error);
        if (failures >= START_ATTEMPTS_MAX) throw error;
        await this.#pause(this.#retryMs(failures));
      }
    }
  }

  /** Looks into the history at once, a minute back: the stream was away, and whatever it missed is there. */
  lookNow(): void {
    this.#isRewindDue = true;
    if (this.#stopTimer === undefined || this.#isStopped) return;
    this.#cancelTick();
    this.#startTick();
  }

  /** A fill that the engine has just taken from the stream, with the mid at that moment (10^-18 quote). Returns at once. */
  seen(fill: Fill, midAtFill: bigint | undefined): void {
    const progress = this.#loaded();
    progress.see(fill, midAtFill);
    this.#offerAll(progress);
  }

  /** Ends the ticks, without a last look or checkpoint: what is not safe is read again at the next start. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelTick();
    this.#endPause();
  }

  /** The stop: ends the ticks, reads the history once more, waits for the queue and writes the checkpoint, within `withinMs`. */
  async finish(withinMs: number): Promise<FillTrackerEnd> {
    this.stop();
    const { clock, outbox } = this.#options;
    const endMs = clock.now().monotonicMs + withinMs;
    const leftMs = () => Math.max(0, endMs - clock.now().monotonicMs);
    // Two readings at a time could mix up the cursors: the one under way ends first.
    const historyRead = await this.#within(leftMs(), () => this.#tick.then(() => this.#readToEnd(leftMs)));
    const flush = async () => (await outbox.flush(leftMs())) && !this.#loaded().hasUnoffered;
    let allSent = await flush();
    if (historyRead && allSent && leftMs() > CLOSE_WITHIN_MS) {
      await this.#within(CLOSE_WITHIN_MS, () => this.#closeLastPage(leftMs));
      // It may have shown more.
      allSent = await flush();
    }
    await this.#within(leftMs(), () => this.#saveProgress().then(() => true));
    return { historyRead, allSent };
  }

  #loaded(): FillProgress {
    assert(this.#progress !== undefined, "the fill tracker must be loaded before it is used");
    return this.#progress;
  }

  #scheduleTick(): void {
    if (this.#isStopped) return;
    this.#cancelTick();
    this.#stopTimer = this.#options.clock.after(this.#options.pollIntervalMs ?? POLL_INTERVAL_MS, () => {
      this.#stopTimer = undefined;
      this.#startTick();
    });
  }

  #startTick(): void {
    this.#tick = this.#runTick().then(() => this.#scheduleTick());
  }

  #cancelTick(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** The venue may put a fill in its history before ones that it showed already: the last minute is read once more. */
  #rewind(): void {
    const { cursor, overlap } = this.#loaded().checkpoint;
    this.#readCursor = overlap.cursor;
    this.#isInOverlap = overlap.cursor !== cursor;
    this.#isRewindDue = false;
    this.#rewoundMs = this.#options.clock.now().monotonicMs;
  }

  async #runTick(): Promise<void> {
    const { monotonicMs } = this.#options.clock.now();
    if (this.#isRewindDue || monotonicMs - this.#rewoundMs >= REWIND_INTERVAL_MS) this.#rewind();
    try {
      await this.#readPages();
    } catch (error) {
      this.#noteReadFailure(error);
    }
    await this.#saveProgress();
  }

  /** At the stop: as often as it takes, since a fill seen now is a fill not sent again after the restart. */
  async #readToEnd(leftMs: () => number): Promise<boolean> {
    for (let failures = 0; leftMs() > 0; ) {
      try {
        if (await this.#readPages()) return true;
        await this.#pause(OUTBOX_FULL_WAIT_MS);
      } catch (error) {
        failures += 1;
        this.#noteReadFailure(error);
        await this.#pause(Math.min(this.#retryMs(failures), leftMs()));
      }
    }
    return false;
  }

  /**
   * The last page is safe once a later look shows nothing more of its moment. Left open, the next start would read its fills again, and
   * count them as those of orders that it does not know.
   */
  async #closeLastPage(leftMs: () => number): Promise<boolean> {
    const progress = this.#loaded();
    if (progress.advance()) this.#isUnsaved = true;
    if (progress.heldCount === 0) return true;
    await this.#pause(SETTLE_MS);
    return await this.#readToEnd(leftMs);
  }

  /** Reads on from where the last reading ended. Answers true at the end of the history, false where it had to pause. */
  async #readPages(): Promise<boolean> {
    const { fillsAfter, clock, onFill } = this.#options;
    const progress = this.#loaded();
    for (let pages = 0; pages < PAGES_PER_POLL_MAX; pages += 1) {
      this.#offerAll(progress);
      if (progress.advance()) this.#isUnsaved = true;
      progress.makeRoom();
      if (progress.isFull || progress.hasUnoffered) return false;
      const cursor = this.#readCursor;
      const reading = () => fillsAfter(cursor);
      const answer = await withDeadline(clock, READ_TIMEOUT_MS, "reading the venue's fills", reading).catch(
        (error: unknown) => this.#passOverlap(error),
      );
      if (answer === undefined) continue;
      const { fills, nextCursor = cursor, more } = answer.value;
      const { askedMs: askedAtMs } = answer;
      for (const fill of progress.addPage({ fills, nextCursor, askedAtMs, readAtMs: clock.now().monotonicMs })) {
        onFill(fill);
      }
      this.#readCursor = nextCursor;
      if (nextCursor === progress.checkpoint.cursor) this.#isInOverlap = false;
      this.#tellOutOfOrder(progress);
      this.#offerAll(progress);
      if (!more || nextCursor === cursor) {
        this.#options.onHistoryRead(askedAtMs);
        return !progress.hasUnoffered;
      }
    }
    return false;
  }

  /**
   * What is safe is read again as a precaution alone: where the venue has the last minute of it no more (a chain's nodes prune their blocks), the
   * reading goes on behind it.
   */
  #passOverlap(error: unknown): undefined {
    const { cursor } = this.#loaded().checkpoint;
    if (!this.#isInOverlap || !(error instanceof VenueError) || error.code !== "BEHIND") throw error;
    this.#options.log.warn("the last fills cannot be read again, the history is read on behind them", {
      cursor,
      error,
    });
    this.#isInOverlap = false;
    this.#readCursor = cursor;
  }

  #offerAll(progress: FillProgress): void {
    const { market, engineId, outbox } = this.#options;
    for (const tracked of progress.unoffered) {
      const { fill, midAtFill } = tracked;
      const body = toMessageBody(makeFillMessage({ fill, market, engineId, midAtFill }));
      const onSent = () => {
        tracked.isSent = true;
      };
      if (!outbox.offer({ fillId: fill.fillId, body, onSent })) return;
      progress.offered(tracked);
    }
  }

  /** Moves the durable checkpoint as far as the queue's acknowledgements allow. A failed write is made up for at the next tick. */
  async #saveProgress(): Promise<void> {
    const { market, epoch, stateTable, log, metrics } = this.#options;
    const progress = this.#loaded();
    if (progress.advance()) this.#isUnsaved = true;
    if (!this.#isUnsaved || this.#isSuperseded) return;
    this.#isUnsaved = false;
    this.#savesCount += 1;
    try {
      const at = { epoch, version: this.#savesCount };
      const outcome = await stateTable.saveFills(market.symbol, progress.checkpoint, at);
      if (outcome === "saved") return;
      this.#isSuperseded = true;
      metrics.increment("flashmm_fill_processing_errors_total", { kind: "checkpoint-superseded" });
      log.error("a later task keeps the fills checkpoint, this one writes it no more", {
        market: market.symbol,
        epoch,
      });
    } catch (error) {
      this.#isUnsaved = true;
      metrics.increment("flashmm_fill_processing_errors_total", { kind: "checkpoint" });
      log.warn("the fills checkpoint could not be written", { market: market.symbol, error });
    }
  }

  #noteReadFailure(error: unknown): void {
    const { market, log, metrics } = this.#options;
    metrics.increment("flashmm_fill_processing_errors_total", { kind: "history" });
    log.warn("the venue's fills could not be read", { market: market.symbol, error });
  }

  #tellOutOfOrder(progress: FillProgress): void {
    const fresh = progress.outOfOrder - this.#outOfOrderTold;
    if (fresh === 0) return;
    const { market, log, metrics } = this.#options;
    this.#outOfOrderTold = progress.outOfOrder;
    metrics.increment("flashmm_fill_processing_errors_total", { kind: "out-of-order" }, fresh);
    log.error("the venue's history showed fills older than ones already safe", { market: market.symbol, fills: fresh });
  }

  /** Runs `work` and answers with its word, or false when it took longer. */
  async #within(withinMs: number, work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await withDeadline(this.#options.clock, withinMs, "finishing the fills", work);
    } catch (error) {
      this.#options.log.warn("the fills could not be finished in time", { market: this.#options.market.symbol, error });
      return false;
    }
  }

  /** Ends early when the tracker is stopped meanwhile. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Doubles from 250 ms to 5 s, between half of it and all of it. */
  #retryMs(failures: number): number {
    const fullMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 16));
    return fullMs * (0.5 + this.#options.rng.next() / 2);
  }
}
