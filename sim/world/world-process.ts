/**
 * One process of a simulated world: whether it lives, runs or is frozen, and its own two clocks. Everything that leaves it and
 * everything that comes to it passes here, so that a crash ends all of it and a freeze holds all of it back. Owns no wire.
 */
import { assert } from "../../core/assert.ts";
import type { Clock } from "../../fargate/seams.ts";
import type { RouteName } from "../cambrian-api/routes.ts";
import type { VirtualTime } from "./virtual-time.ts";

const WALL_OFF_MS_MAX = 3_000;
/** A freeze as long as in which another process may have come. */
const LONG_MS = 5_000;
/** Things that a frozen process is owed; a longer freeze than any scenario's. */
const HELD_MAX = 1_000_000;

/**
 * Where in a call something can happen to its process:
 * - `before-write`: decided, and nothing written;
 * - `after-write`: on its way, and the call has not returned;
 * - `after-effect`: the other side has done it, and has not answered;
 * - `answer-arrived`: the answer is at the process, and nobody has read it.
 */
export type CallMoment = "before-write" | "after-write" | "after-effect" | "answer-arrived";

/** A call of the venue's by its name, or one to another place. */
export type CallName = RouteName | "table" | "queue" | "bus" | "chain" | "metrics" | "x" | "files" | "grafana";

/** The `nth` such call from the asking on, 1 the first; of calls to AWS perhaps only those whose target and body match. */
export type CrashPoint = {
  readonly moment: CallMoment;
  readonly call: CallName;
  readonly nth: number;
  readonly matching?: RegExp;
};

/** A request to AWS as sent: its `x-amz-target`, and its body. */
export type AwsQuestion = { readonly target: string; readonly body: string };

type Timer = { readonly dueMs: number; readonly callback: () => void; stop: () => void; isOver: boolean };
type Plan = { readonly point: CrashPoint; left: number; readonly act: () => void };

const nothing = (): void => undefined;

export class WorldProcess {
  readonly name: string;
  readonly #time: VirtualTime;
  readonly #onCrash: (() => void)[] = [];
  #plans: Plan[] = [];
  #state: "running" | "frozen" | "dead" = "running";
  #frozenAtMs = 0;
  #isMonotonicFrozen = false;
  #isSuspended = false;
  /** By how much the process' clocks are behind or ahead of the world's. */
  #monotonicLostMs = 0;
  #wallShiftMs = 0;
  #isKeyOld = false;
  #thawedMs = Number.NEGATIVE_INFINITY;
  #stoodMs = 0;
  #lastStoodMs = 0;
  #wokenMs = Number.NEGATIVE_INFINITY;
  /** Told each answer of AWS that it reads: what was asked, the answer's body, and how long it took. */
  onRead: ((request: AwsQuestion, answer: string, tookMs: number) => void) | undefined;
  #heldOutgoing: (() => void)[] = [];
  #heldTimers: Timer[] = [];
  #heldIncoming: (() => void)[] = [];

  readonly clock: Clock = {
    now: () => ({
      monotonicMs: this.#monotonicMs(),
      epochMs: Math.floor(this.#time.epochMs + this.#wallShiftMs),
    }),
    after: (delayMs, callback) => this.#after(delayMs, callback),
  };

  constructor(name: string, time: VirtualTime) {
    this.name = name;
    this.#time = time;
  }

  get state(): "running" | "frozen" | "dead" {
    return this.#state;
  }

  /** World time of its last thaw. */
  get thawedMs(): number {
    return this.#thawedMs;
  }

  /** How long it stood still before its last thaw. */
  get lastStoodMs(): number {
    return this.#lastStoodMs;
  }

  /** How long it has stood still, in all freezes that are over. */
  get stoodMs(): number {
    return this.#stoodMs;
  }

  /** World time of its last thaw after five seconds or more. */
  get wokenMs(): number {
    return this.#wokenMs;
  }

  /** The end, at once and for ever: nothing of it runs any more. What it has sent still arrives. */
  crash(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#plans = [];
    this.#heldOutgoing = [];
    this.#heldTimers = [];
    this.#heldIncoming = [];
    for (const act of this.#onCrash) act();
  }

  /** Crashes it when the point is reached, which is told first. Answers what gives that up. */
  crashAt(point: CrashPoint, onReached: () => void = () => undefined): () => void {
    return this.#plan(point, () => {
      onReached();
      this.crash();
    });
  }

  /** Freezes it when the point is reached; before a write, the write happens at the thaw. Answers what gives that up. */
  freezeAt(point: CrashPoint, monotonic: "goes-on" | "stands-still" = "goes-on"): () => void {
    return this.#plan(point, () => this.freeze(monotonic));
  }

  /**
   * Nothing of it runs until the thaw; what comes for it waits. The wall clock always goes on, as it does for a stopped
   * process; the monotonic one may stand still, as that of a stopped machine does.
   */
  freeze(monotonic: "goes-on" | "stands-still" = "goes-on"): void {
    if (this.#state !== "running") return;
    this.#state = "frozen";
    this.#frozenAtMs = this.#time.nowMs;
    this.#isMonotonicFrozen = monotonic === "stands-still";
  }

  /**
   * As Lambda freezes an environment that has answered: nothing of it runs until the thaw, and what it wrote in this very moment, which
   * nobody has waited for, has not left it yet.
   */
  suspend(): void {
    if (this.#state !== "running") return;
    this.freeze("goes-on");
    this.#isSuspended = true;
  }

  /** Something written at a moment (world time) gets on its way, unless the process was suspended in the same moment: then at the thaw. */
  leave(writtenMs: number, act: () => void): void {
    if (this.#isSuspended && this.#frozenAtMs === writtenMs) this.emit(act);
    else act();
  }

  /** Goes on: first what it was about to write, then timers that are due, then what has come for it. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.#state = "running";
    const frozenMs = this.#time.nowMs - this.#frozenAtMs;
    this.#thawedMs = this.#time.nowMs;
    this.#lastStoodMs = frozenMs;
    this.#stoodMs += frozenMs;
    if (frozenMs >= LONG_MS) this.#wokenMs = this.#time.nowMs;
    if (this.#isMonotonicFrozen) this.#monotonicLostMs += frozenMs;
    this.#isMonotonicFrozen = false;
    this.#isSuspended = false;
    const [outgoing, timers, incoming] = [this.#heldOutgoing, this.#heldTimers, this.#heldIncoming];
    [this.#heldOutgoing, this.#heldTimers, this.#heldIncoming] = [[], [], []];
    for (const act of outgoing) this.#time.after(0, () => this.emit(act));
    for (const timer of timers.toSorted((a, b) => a.dueMs - b.dueMs)) this.#arm(timer);
    for (const act of incoming) this.#time.after(0, () => this.deliver(act));
  }

  /** Whether the venue takes what it signs: by a key that counts, with a wall clock at most 5 s off (CONTRACTS 3), less the way. */
  get canSign(): boolean {
    return !this.#isKeyOld && Math.abs(this.#wallShiftMs) < WALL_OFF_MS_MAX;
  }

  /** The venue has another key from now on than the one that it was started with. */
  keyIsOld(): void {
    this.#isKeyOld = true;
  }

  /** The wall clock is set, by so much forward or back. */
  jumpWall(byMs: number): void {
    this.#wallShiftMs += byMs;
  }

  /** Something leaves the process: now, at the thaw, or never. */
  emit(act: () => void): void {
    this.#pass(act, this.#heldOutgoing);
  }

  /** Something comes to the process: now, at the thaw, or never. */
  deliver(act: () => void): void {
    this.#pass(act, this.#heldIncoming);
  }

  /** Says that a call has come to a moment, at which a plan may wait; `request` is its text. Answers whether the process still runs. */
  reached(moment: CallMoment, call: CallName, request: () => string = () => ""): boolean {
    if (this.#plans.length === 0) return this.#state === "running";
    for (const plan of [...this.#plans]) {
      if (plan.point.moment !== moment || plan.point.call !== call) continue;
      if (plan.point.matching?.test(request()) === false) continue;
      plan.left -= 1;
      if (plan.left > 0) continue;
      this.#plans = this.#plans.filter((each) => each !== plan);
      plan.act();
    }
    return this.#state === "running";
  }

  /** What the world does when it crashes: cut its sockets. */
  onCrash(act: () => void): void {
    this.#onCrash.push(act);
  }

  #plan(point: CrashPoint, act: () => void): () => void {
    assert(Number.isSafeInteger(point.nth) && point.nth > 0, `nth must be a count from 1, was ${point.nth}`);
    const plan: Plan = { point, left: point.nth, act };
    this.#plans.push(plan);
    return () => {
      this.#plans = this.#plans.filter((each) => each !== plan);
    };
  }

  #pass(act: () => void, held: (() => void)[]): void {
    if (this.#state === "dead") return;
    if (this.#state === "running") {
      act();
      return;
    }
    assert(held.length < HELD_MAX, `a frozen process must be owed at most ${HELD_MAX} things`);
    held.push(act);
  }

  #monotonicMs(): number {
    const reference = this.#state === "frozen" && this.#isMonotonicFrozen ? this.#frozenAtMs : this.#time.nowMs;
    return reference - this.#monotonicLostMs;
  }

  #after(delayMs: number, callback: () => void): () => void {
    if (this.#state === "dead") return () => undefined;
    const timer: Timer = {
      dueMs: this.#monotonicMs() + Math.max(0, delayMs),
      callback,
      stop: nothing,
      isOver: false,
    };
    this.#arm(timer);
    return () => {
      timer.isOver = true;
      timer.stop();
    };
  }

  #arm(timer: Timer): void {
    if (timer.isOver) return;
    timer.stop = this.#time.after(timer.dueMs - this.#monotonicMs(), () => this.#fire(timer));
  }

  #fire(timer: Timer): void {
    if (timer.isOver || this.#state === "dead") return;
    if (this.#state === "frozen") {
      this.#heldTimers.push(timer);
      return;
    }
    // Its time may have stood still meanwhile. A thousandth of a millisecond is what due times are rounded to.
    if (timer.dueMs - this.#monotonicMs() > 0.001) {
      this.#arm(timer);
      return;
    }
    timer.isOver = true;
    timer.callback();
  }
}
