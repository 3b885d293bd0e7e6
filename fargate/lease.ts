/**
 * The lease of a shard: at most one task at a time may place orders. Owns the holding of it: renewal, the doubt after a
 * freeze, its loss and its release, and the answer to "may an order be placed now". How it is acquired is
 * `lease-acquisition.ts`, how long it is valid `lease-validity.ts`, the item `lease-record.ts`. What the holder does then
 * (pull quotes, cancel, keep a quiet wait after a take-over) is the caller's.
 */
import { assert } from "../core/assert.ts";
import type { Instant } from "../core/units.ts";
import { withDeadline } from "./deadline.ts";
import { LeaseAcquisition, type LeaseGrant } from "./lease-acquisition.ts";
import { type Heartbeat, type LeaseRecord, LeaseTable } from "./lease-record.ts";
import type { Acquisition, LeaseEvent, LeaseOptions, LeaseState } from "./lease-types.ts";
import { LeaseValidity, type Mark } from "./lease-validity.ts";

const TERM_MS = 10_000;
/** A third of the term is what a freeze too short to be seen may cost: more than the second that the clocks may part. */
const TERM_MS_MIN = 3_000;
const RETRY_EVERY_MS = 1_000;
/** How often the clocks are compared when nobody asks. */
const TICK_MS = 500;
/** What is left after rounding must not be waited for in steps too small to move a clock. */
const PAUSE_MIN_MS = 1;
const RELEASE_ATTEMPTS_MAX = 3;
const RELEASE_WITHIN_MS = 10_000;

export class Lease {
  /** Unique to this process start, also when two tasks are configured alike. */
  readonly owner: string;
  readonly #options: LeaseOptions;
  readonly #table: LeaseTable;
  readonly #acquisition: LeaseAcquisition;
  readonly #validity: LeaseValidity;
  #phase: "waiting" | "holding" | "lost" | "released" = "waiting";
  #isStopped = false;
  #isAsked = false;
  #heldBy: string | null = null;
  #epoch: number | null = null;
  #version = 0;
  #detail = "";
  #told: LeaseEvent["type"] | undefined;
  /** The first of the renewals to `version` whose outcome is unknown. */
  #attempt: { readonly version: number; readonly mark: Mark } | undefined;
  /** When the next round may begin (monotonic): after a failure, and for one that ends a doubt. */
  #retryAtMs: number | undefined;
  #recheckAtMs = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | undefined;
  #stopTick: (() => void) | undefined;
  #release: Promise<boolean> | undefined;
  /** Who waits for the next look to end. */
  readonly #onLooked = new Set<() => void>();

  constructor(options: LeaseOptions) {
    const { client, tableName, shard, engineId, clock, rng, log, termMs = TERM_MS } = options;
    assert(termMs >= TERM_MS_MIN, `termMs must be at least ${TERM_MS_MIN}, was ${termMs}`);
    this.#options = options;
    const suffix = Math.floor(rng.next() * 2 ** 32);
    this.owner = `${engineId}/${suffix.toString(16).padStart(8, "0")}`;
    this.#table = new LeaseTable({ client, tableName, shard, clock, callTimeoutMs: termMs / 5 });
    this.#validity = new LeaseValidity(termMs);
    this.#acquisition = new LeaseAcquisition({
      table: this.#table,
      owner: this.owner,
      termMs,
      validity: this.#validity,
      clock,
      rng,
      log,
      heartbeat: () => this.#heartbeat(),
      onLook: ({ owner }) => {
        this.#heldBy = owner || null;
      },
      onWait: (detail) => {
        this.#detail = detail;
        options.onWait(detail);
      },
      pause: (delayMs) => this.#pause(delayMs),
      isStopped: () => this.#isStopped,
    });
  }

  /**
   * Waits for the lease, for ever if need be, and goes on renewing it. Once a process: a lost lease is not asked for again. Its
   * epoch is above `epochMin`, which other items of the table tell: the lease's own may have been lost.
   */
  async acquire(epochMin: number): Promise<Acquisition> {
    assert(!this.#isAsked, "a lease must be acquired once");
    this.#isAsked = true;
    const grant = await this.#acquisition.run(epochMin);
    if (grant === null || this.#isStopped) return { type: "stopped" };
    this.#hold(grant);
    return { type: "acquired", epoch: grant.epoch, takenFromMs: grant.takenFromMs };
  }

  /**
   * Why no order may be placed at `now`, or undefined when one may. Synchronous, for just before each write of a placing to
   * its socket: it judges by time alone, and compares the clocks, so that a process that was frozen is stopped at once.
   */
  reasonNotToPlace(now: Instant): string | undefined {
    if (this.#phase === "holding" && !this.#isStopped) {
      this.#observe(now);
      return this.#validity.reasonNotToPlace(now);
    }
    if (this.#phase === "holding") return "the lease is not renewed any more";
    return this.#phase === "waiting" ? "the lease is not ours yet" : `the lease is ${this.#phase}`;
  }

  /** Whether nobody else can have it now: what a holder says of the shard for good, such as its figures, it says then alone. */
  isSurelyOurs(now: Instant): boolean {
    if (!this.#isHolding) return false;
    this.#observe(now);
    return this.#validity.doubt === undefined && this.#validity.validForMs(now) > 0;
  }

  /**
   * Something speaks against believing that it is still ours: nothing may be placed until the record has been read again. Resolves
   * when that reading was answered or has failed, at once when it is not held.
   */
  async recheck(reason: string): Promise<void> {
    if (!this.#isHolding) return;
    const { clock, log } = this.#options;
    const now = clock.now();
    log.warn("the lease is in doubt", { owner: this.owner, reason });
    this.#validity.beginDoubt(reason);
    this.#table.interrupt("the lease is in doubt");
    this.#recheckAtMs = now.monotonicMs;
    this.#wake?.();
    this.#observe(now);
    await new Promise<void>((resolve) => {
      this.#onLooked.add(resolve);
    });
  }

  /**
   * Gives the lease back, so that the next task need not wait. From the call on nothing may be placed. Answers true when the
   * record is proven not to name us by our doing, false when it was lost or the table did not answer in three attempts or in
   * `withinMs`.
   */
  release(withinMs = RELEASE_WITHIN_MS): Promise<boolean> {
    if (this.#phase === "lost") return Promise.resolve(false);
    this.#release ??= this.#giveBack(withinMs);
    return this.#release;
  }

  /** Ends the waiting and the renewal. A lease that is not released is free for others a term later. */
  stop(): void {
    this.#isStopped = true;
    for (const resolve of this.#onLooked) resolve();
    this.#onLooked.clear();
    this.#stopTick?.();
    this.#table.interrupt("the lease is stopped");
    this.#wake?.();
  }

  state(): LeaseState {
    const now = this.#options.clock.now();
    const isHolding = this.#phase === "holding";
    const event = this.#eventAt(now);
    return {
      owner: this.owner,
      epoch: this.#epoch,
      heldBy: this.#heldBy,
      validForMs: isHolding ? this.#validity.validForMs(now) : null,
      status: event?.type ?? (this.#phase === "released" ? "released" : "waiting"),
      detail: event === undefined || event.type === "held" ? this.#detail : event.reason,
    };
  }

  #hold({ epoch, version, mark }: LeaseGrant): void {
    this.#phase = "holding";
    this.#heldBy = this.owner;
    this.#epoch = epoch;
    this.#version = version;
    this.#detail = "renewed in time";
    this.#validity.grant(mark);
    this.#tick();
    void this.#keep();
  }

  get #isHolding(): boolean {
    return this.#phase === "holding" && !this.#isStopped;
  }

  #tick(): void {
    if (!this.#isHolding) return;
    const { clock } = this.#options;
    const now = clock.now();
    this.#observe(now);
    const leftMs = this.#validity.placingForMs(now);
    this.#stopTick = clock.after(leftMs > 0 ? Math.min(TICK_MS, Math.max(PAUSE_MIN_MS, leftMs)) : TICK_MS, () =>
      this.#tick(),
    );
  }

  /** Compares the clocks, and tells what has changed. */
  #observe(now: Instant): void {
    if (this.#validity.observe(now)) {
      this.#options.log.warn("the lease is in doubt", { owner: this.owner, reason: this.#validity.doubt });
      // Whatever is under way was sent before the doubt and proves nothing of now.
      this.#table.interrupt("the lease is in doubt");
      this.#wake?.();
    }
    this.#tell(now);
  }

  async #keep(): Promise<void> {
    while (this.#isHolding) {
      // A doubt may wake it early, and may still have to wait.
      const inMs = this.#roundInMs(this.#options.clock.now());
      if (inMs > 0) await this.#pause(inMs);
      else await this.#round();
    }
  }

  /** A doubt is checked at once, but never more often than a failure is tried again. */
  #roundInMs(now: Instant): number {
    const { monotonicMs } = now;
    if (this.#validity.doubt !== undefined) return this.#recheckAtMs - monotonicMs;
    return this.#retryAtMs === undefined ? this.#validity.renewalInMs(now) : this.#retryAtMs - monotonicMs;
  }

  async #round(): Promise<void> {
    const now = this.#options.clock.now();
    const retryAtMs = this.#nextTryMs(now);
    if (this.#validity.doubt !== undefined) {
      if (!(await this.#look()) || !this.#isHolding) return;
      if (this.#validity.doubt === undefined) return;
    }
    this.#retryAtMs = retryAtMs;
    if (await this.#renew()) this.#retryAtMs = undefined;
    else if (this.#isHolding) await this.#look();
  }

  /** Answers whether the renewal is known to be done. */
  async #renew(): Promise<boolean> {
    const { clock, log } = this.#options;
    const { termMs = TERM_MS } = this.#options;
    const target = { owner: this.owner, epoch: this.#epochHeld, version: this.#version + 1, termMs };
    const { doubtsCount } = this.#validity;
    const mark = this.#validity.mark(clock.now());
    if (this.#attempt?.version !== target.version) this.#attempt = { version: target.version, mark };
    try {
      const seen = { ...target, version: this.#version };
      const outcome = await this.#table.replace(seen, target, this.#heartbeat());
      if (!this.#isHolding) return false;
      if (outcome === "written") {
        this.#adopt(target.version, mark);
        this.#confirm(doubtsCount);
        return true;
      }
      // Our own earlier write, or another owner: the record tells.
      this.#validity.beginDoubt("the renewal was refused, the record had changed");
      this.#tell(clock.now());
    } catch (error) {
      if (!this.#isHolding) return false;
      log.warn("the lease could not be renewed, it is tried again", { owner: this.owner, error });
    }
    return false;
  }

  /** Reads the record and believes it. Answers false when it could not be read. */
  async #look(): Promise<boolean> {
    const asking = [...this.#onLooked];
    try {
      return await this.#readRecord();
    } finally {
      for (const resolve of asking) {
        this.#onLooked.delete(resolve);
        resolve();
      }
    }
  }

  async #readRecord(): Promise<boolean> {
    const { clock, log } = this.#options;
    const { doubt, doubtsCount } = this.#validity;
    if (doubt !== undefined) this.#recheckAtMs = this.#nextTryMs(clock.now());
    try {
      const record = await this.#table.read();
      if (this.#isHolding) this.#believe(record, doubtsCount);
      return true;
    } catch (error) {
      if (!this.#isHolding) return false;
      log.warn("the lease could not be read, it is tried again", { owner: this.owner, error });
      this.#validity.failCheck();
      this.#tell(clock.now());
      return false;
    }
  }

  #believe(record: LeaseRecord, doubtsCount: number): void {
    this.#heldBy = record.owner || null;
    if (record.owner !== this.owner || record.epoch !== this.#epoch) {
      this.#lose(`held by ${record.owner || "nobody"}, epoch ${record.epoch ?? "absent"}`);
      return;
    }
    const version = record.version ?? 0;
    if (version !== this.#version) this.#adopt(version, this.#attempt?.version === version ? this.#attempt.mark : null);
    this.#confirm(doubtsCount);
  }

  /** The record stands at `version`; the write that put it there was sent at `mark`, or nobody knows. */
  #adopt(version: number, mark: Mark | null): void {
    this.#version = version;
    this.#attempt = undefined;
    this.#retryAtMs = undefined;
    if (mark !== null) this.#validity.grant(mark);
  }

  #confirm(doubtsCount: number): void {
    const now = this.#options.clock.now();
    this.#validity.confirm(doubtsCount, now);
    this.#observe(now);
  }

  #lose(reason: string): void {
    this.#options.log.error("the lease is lost", { owner: this.owner, epoch: this.#epoch, reason });
    this.#phase = "lost";
    this.#detail = reason;
    this.stop();
    this.#tell(this.#options.clock.now());
  }

  async #giveBack(withinMs: number): Promise<boolean> {
    const { clock, log, rng } = this.#options;
    const endMs = clock.now().monotonicMs + withinMs;
    const leftMs = () => Math.max(0, endMs - clock.now().monotonicMs);
    const wasHeld = this.#phase === "holding";
    this.#phase = "released";
    this.#detail = "being released";
    this.stop();
    let isUnknown = !wasHeld;
    for (let attempt = 1; wasHeld || this.#acquisition.hasAttempted; attempt += 1) {
      try {
        const outcome = await withDeadline(clock, leftMs(), "release the lease", () => this.#table.release(this.owner));
        if (outcome === "written" || isUnknown) break;
        this.#lose("the record names another owner");
        return false;
      } catch (error) {
        isUnknown = true;
        log.warn("the lease could not be released", { owner: this.owner, attempt, error });
        this.#detail = "not known to be released: the table did not answer";
        const delayMs = (RETRY_EVERY_MS / 2) * (0.5 + rng.next());
        if (attempt === RELEASE_ATTEMPTS_MAX || delayMs >= leftMs()) return false;
        await new Promise<void>((resolve) => clock.after(delayMs, resolve));
      }
    }
    this.#heldBy = null;
    this.#detail = "released";
    return true;
  }

  /** What stands now, as the caller is told it; undefined when the lease was never held or is released. */
  #eventAt(now: Instant): LeaseEvent | undefined {
    if (this.#phase === "lost") return { type: "lost", reason: this.#detail };
    if (this.#phase !== "holding") return undefined;
    const { doubt } = this.#validity;
    if (this.#validity.isExpiring(now)) {
      const leftMs = this.#validity.validForMs(now);
      const reason = `not renewed, the term ends in ${(leftMs / 1_000).toFixed(1)} s`;
      return { type: "expiring", reason: doubt === undefined ? reason : `${reason}; ${doubt}` };
    }
    return doubt === undefined ? { type: "held" } : { type: "doubt", reason: doubt };
  }

  #tell(now: Instant): void {
    const event = this.#eventAt(now);
    if (event === undefined || event.type === this.#told) return;
    this.#told = event.type;
    queueMicrotask(() => this.#options.onState(event));
  }

  #heartbeat(): Heartbeat {
    return { epochMs: this.#options.clock.now().epochMs, ...this.#options.heartbeat() };
  }

  get #epochHeld(): number {
    assert(this.#epoch !== null, "a lease that is held must have an epoch");
    return this.#epoch;
  }

  /** About a second from `now`, so that tasks do not knock together. */
  #nextTryMs(now: Instant): number {
    return now.monotonicMs + RETRY_EVERY_MS * (0.75 + this.#options.rng.next() / 2);
  }

  async #pause(delayMs: number): Promise<void> {
    if (delayMs <= 0 || this.#isStopped) return;
    const wholeMs = Math.max(PAUSE_MIN_MS, delayMs);
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(wholeMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
