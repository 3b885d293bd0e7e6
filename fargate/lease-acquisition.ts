/**
 * The way to a lease: takes a free one at once, and a held one when its record has not moved for a full term by our own
 * monotonic clock. Owns the waiting; what is done with the lease, and its renewal, is the lease's.
 */
import type { Heartbeat, LeaseRecord, LeaseTable } from "./lease-record.ts";
import type { LeaseValidity, Mark } from "./lease-validity.ts";
import type { Log } from "./log.ts";
import type { Clock, Rng } from "./seams.ts";

const LOOK_EVERY_MS = 1_000;
/** Two machines' monotonic clocks run at most this much apart, with room (NTP slews by 0.05 %). */
const CLOCK_RATE_MARGIN = 0.05;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 5_000;

export type LeaseGrant = {
  readonly epoch: number;
  readonly version: number;
  /** From before the write was sent that got it. */
  readonly mark: Mark;
  /** The term of the holder before, in milliseconds, who had not released it; null when there was none, or it had. */
  readonly takenFromMs: number | null;
};

type LeaseAcquisitionOptions = {
  readonly table: LeaseTable;
  readonly owner: string;
  readonly termMs: number;
  readonly validity: LeaseValidity;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly heartbeat: () => Heartbeat;
  readonly onLook: (record: LeaseRecord) => void;
  readonly onWait: (detail: string) => void;
  /** Resolves after that long, or earlier when the waiting ends. */
  readonly pause: (delayMs: number) => Promise<void>;
  readonly isStopped: () => boolean;
};

export class LeaseAcquisition {
  readonly #options: LeaseAcquisitionOptions;
  #watch: { readonly record: LeaseRecord; readonly sinceMs: number } | undefined;
  /** The write last sent, whose outcome may be unknown. */
  #attempt: LeaseGrant | undefined;

  constructor(options: LeaseAcquisitionOptions) {
    this.#options = options;
  }

  /** Whether the record may name us, whatever we know of it. */
  get hasAttempted(): boolean {
    return this.#attempt !== undefined;
  }

  /**
   * Resolves with the lease, or with null when it was stopped. It waits for ever if need be: a standby does just that. Its epoch is
   * above every record's that it read and above `epochMin`, whatever became of the record.
   */
  async run(epochMin: number): Promise<LeaseGrant | null> {
    const { table, isStopped, pause, log, onLook, onWait } = this.#options;
    let failures = 0;
    let epochSeen = epochMin;
    while (!isStopped()) {
      try {
        const record = await table.read();
        onLook(record);
        epochSeen = Math.max(epochSeen, record.epoch ?? 0);
        const grant = this.#grantIn(record);
        if (grant !== undefined) return grant;
        const untilMs = this.#takeInMs(record);
        if (untilMs > 0) {
          failures = 0;
          onWait(this.#watchDetail(record));
          await pause(Math.min(untilMs, LOOK_EVERY_MS * this.#jitter()));
          continue;
        }
        const taken = await this.#take(record, epochSeen + 1);
        if (taken !== undefined) return taken;
        onWait("another task wrote the lease in the same moment");
      } catch (error) {
        if (isStopped()) break;
        log.warn("the lease cannot be reached, it is tried again", { error });
        onWait(`the table cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      }
      failures += 1;
      await pause(Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 10)) * this.#jitter());
    }
    return null;
  }

  /** Our own write, seen in the record after its answer was lost. */
  #grantIn(record: LeaseRecord): LeaseGrant | undefined {
    const attempt = this.#attempt;
    const isOurs =
      record.owner === this.#options.owner && record.epoch === attempt?.epoch && record.version === attempt?.version;
    return isOurs ? attempt : undefined;
  }

  /** 0 when the record may be taken now: it is free, or was read unchanged a full term after it was first read. */
  #takeInMs(record: LeaseRecord): number {
    if (isFree(record)) return 0;
    // Taken after the answer: the record's write may have come at any moment before that, never later.
    const nowMs = this.#options.clock.now().monotonicMs;
    if (this.#watch === undefined || !isSame(this.#watch.record, record)) this.#watch = { record, sinceMs: nowMs };
    return Math.max(0, this.#waitMs(record) - (nowMs - this.#watch.sinceMs));
  }

  async #take(record: LeaseRecord, epoch: number): Promise<LeaseGrant | undefined> {
    const { table, owner, termMs, validity, clock, heartbeat } = this.#options;
    const target = { owner, epoch, version: (record.version ?? 0) + 1, termMs };
    const grant = {
      epoch: target.epoch,
      version: target.version,
      mark: validity.mark(clock.now()),
      takenFromMs: isFree(record) ? null : (record.termMs ?? termMs),
    };
    // The same write sent again keeps the first one's moment: either may be the one that is done.
    const isAgain = this.#attempt?.epoch === target.epoch && this.#attempt.version === target.version;
    if (!isAgain) this.#attempt = grant;
    const outcome = await table.replace(record, target, heartbeat());
    return outcome === "written" ? grant : undefined;
  }

  #watchDetail(record: LeaseRecord): string {
    const { owner, epoch } = record;
    const unchangedMs = this.#options.clock.now().monotonicMs - (this.#watch?.sinceMs ?? 0);
    return `held by ${owner}, epoch ${epoch ?? 0}, unchanged for ${toSeconds(unchangedMs)} of ${toSeconds(this.#waitMs(record))}`;
  }

  /** The longer of both terms: a deploy may change it, and the holder goes by its own. */
  #waitMs({ termMs }: LeaseRecord): number {
    return Math.max(this.#options.termMs, termMs ?? 0) * (1 + CLOCK_RATE_MARGIN);
  }

  /** Between 0.75 and 1.25, so that tasks do not knock together. */
  #jitter(): number {
    return 0.75 + this.#options.rng.next() / 2;
  }
}

function isFree({ owner }: LeaseRecord): boolean {
  return owner === undefined || owner === "";
}

function isSame(a: LeaseRecord, b: LeaseRecord): boolean {
  return a.owner === b.owner && a.epoch === b.epoch && a.version === b.version;
}

function toSeconds(durationMs: number): string {
  return `${(durationMs / 1_000).toFixed(1)} s`;
}
