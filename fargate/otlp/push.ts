/**
 * Pushes the task's figures on, every fifteen seconds while the task has its shard's lease: two tasks that pushed the same series would
 * make every counter jump to and fro. Owns when, how often and what is said of it. Beside the hot path: nothing waits for it, one push at
 * a time is under way, and one that is lost is made up for by the next, since counters are sent as counted since the start.
 */
import type { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { withDeadline } from "../deadline.ts";
import type { Log } from "../log.ts";
import type { Clock, Fetch, Rng } from "../seams.ts";
import type { PushState } from "../status/state.ts";
import type { Metrics, Registry } from "../telemetry.ts";
import { makeMessage, type Sender } from "./message.ts";
import { outcomeOf, type PushOutcome } from "./outcome.ts";
import { readSecretTarget, type SecretReading } from "./secret-target.ts";
import { authorizationOf, isTokenShownIn, type PushSource, type PushTarget } from "./target.ts";

const INTERVAL_MS = 15_000;
const ANSWER_WITHIN_MS = 10_000;
/** After failures in a row the pause doubles up to this: the alert on a silent task waits for two minutes. */
const BACKOFF_MS_MAX = 60_000;
/** What the other side may ask us to wait. */
const RETRY_AFTER_MS_MAX = 300_000;

/** A secret that holds no target is looked at this often: each reading is a paid request. */
const LOOK_AGAIN_MS = 300_000;
/** One whose target fails, or that could not be read, is read again no sooner: the token may have been changed. */
const READ_AGAIN_MS = 60_000;

const NOT_IN_CHARGE = "the lease is not the task's for sure";

export type MetricsPushOptions = {
  /** Undefined: nothing is pushed. */
  readonly source: PushSource | undefined;
  /** Needed where the source is a secret. */
  readonly secrets?: SecretsManagerClient | undefined;
  readonly registry: Pick<Registry, "collect">;
  readonly metrics: Pick<Metrics, "increment">;
  readonly sender: Sender;
  /** Whether this task has the lease for sure; asked again right before the bytes are written. */
  readonly isInCharge: () => boolean;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
};

export class MetricsPush {
  readonly #options: MetricsPushOptions;
  #state: PushState;
  #target: PushTarget | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #said: string | undefined;
  #isStarted = false;
  #isEnding = false;
  #cancelTimer: (() => void) | undefined;
  #giveUp: AbortController | undefined;

  constructor(options: MetricsPushOptions) {
    this.#options = options;
    const { source, clock } = options;
    if (source?.type === "given") this.#target = source.target;
    const standing =
      source === undefined
        ? { status: "off" as const, detail: "not configured" }
        : { status: "waiting" as const, detail: "the task has no lease yet" };
    this.#state = { ...standing, sinceMs: clock.now().epochMs, pushes: 0, failures: 0, lastPushAtMs: null };
  }

  /** The first push goes out at once, so that the counters' zeros are known before anything is counted. Again it does nothing. */
  start(): void {
    if (this.#options.source === undefined || this.#isStarted || this.#isEnding) return;
    this.#isStarted = true;
    void this.#rehearse().then(() => this.#turn());
  }

  /** The last push, of the figures as they are now; resolves after `withinMs` at the latest, and nothing is pushed after it. */
  async finish(withinMs: number): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#cancelTimer?.();
    // The newer figures take the place of those on their way.
    this.#giveUp?.abort();
    if (!this.#isStarted || this.#target === undefined || !this.#options.isInCharge()) return;
    this.#judge(await this.#push(this.#target, withinMs));
  }

  state(): PushState {
    return this.#state;
  }

  /** The first message takes some 30 ms, the next ones one: it is made before anything is quoted, whenever the target is known. */
  async #rehearse(): Promise<void> {
    const { registry, sender, clock } = this.#options;
    try {
      makeMessage(await registry.collect(), sender, clock.now().epochMs);
    } catch {
      // The first push says so.
    }
  }

  async #turn(): Promise<void> {
    if (this.#isEnding) return;
    const { clock } = this.#options;
    const beganMs = clock.now().monotonicMs;
    const pauseMs = await this.#pushInTurn();
    if (this.#isEnding) return;
    const leftMs = beganMs + pauseMs - clock.now().monotonicMs;
    this.#cancelTimer = clock.after(Math.max(0, leftMs), () => void this.#turn());
  }

  /** Answers after how long the next turn comes. */
  async #pushInTurn(): Promise<number> {
    const target = await this.#currentTarget();
    if ("pauseMs" in target) return target.pauseMs;
    if (this.#isEnding) return INTERVAL_MS;
    const outcome = await this.#push(target, ANSWER_WITHIN_MS);
    // At the stop the push was given up for the last one.
    return this.#isEnding ? INTERVAL_MS : this.#judge(outcome);
  }

  /** The target as it is known; read first where nobody has told it, and again after failures. */
  async #currentTarget(): Promise<PushTarget | { readonly pauseMs: number }> {
    const { source, secrets, clock } = this.#options;
    const isOld = this.#failures > 0 && clock.now().monotonicMs - this.#readMs >= READ_AGAIN_MS;
    if (this.#target !== undefined && (source?.type !== "secret" || !isOld)) return this.#target;
    if (source?.type !== "secret" || secrets === undefined) {
      this.#say("off", "the task has no access to secrets");
      return { pauseMs: LOOK_AGAIN_MS };
    }
    this.#readMs = clock.now().monotonicMs;
    return this.#take(await readSecretTarget(secrets, clock, source.arn));
  }

  #take(reading: SecretReading): PushTarget | { readonly pauseMs: number } {
    if (reading.type === "target") {
      this.#target = reading.target;
      return reading.target;
    }
    // What cannot be read says nothing against what was read before.
    if (reading.type === "unread" && this.#target !== undefined) return this.#target;
    this.#target = undefined;
    this.#failures = 0;
    this.#say("off", reading.reason);
    return { pauseMs: reading.type === "off" ? LOOK_AGAIN_MS : READ_AGAIN_MS };
  }

  /** Never rejects. */
  async #push(target: PushTarget, withinMs: number): Promise<PushOutcome> {
    const { registry, sender, isInCharge, fetch, clock } = this.#options;
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    const headers = {
      authorization: authorizationOf(target),
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
    };
    const fence = () => (isInCharge() ? undefined : NOT_IN_CHARGE);
    try {
      const response = await withDeadline(clock, withinMs, "the push of the metrics", async (late) => {
        const body = makeMessage(await registry.collect(), sender, clock.now().epochMs);
        const signal = AbortSignal.any([late, giveUp.signal]);
        return await fetch({ method: "POST", url: target.url, headers, body, signal, fence });
      });
      return outcomeOf(response, target);
    } catch (error) {
      if (!isInCharge()) return { type: "fenced" };
      const reason = error instanceof Error ? error.message : "unknown error";
      return { type: "no-answer", reason: isTokenShownIn(reason, target) ? "(not shown)" : reason };
    }
  }

  /** Counts and tells the outcome; answers the pause after it. */
  #judge(outcome: PushOutcome): number {
    const { clock, rng, metrics } = this.#options;
    if (outcome.type === "fenced") {
      this.#say("waiting", NOT_IN_CHARGE);
      return INTERVAL_MS;
    }
    if (outcome.type !== "taken") metrics.increment("flashmm_metrics_push_errors_total", { kind: outcome.type });
    if (outcome.type === "taken" || outcome.type === "partial") {
      this.#failures = 0;
      const { pushes } = this.#state;
      this.#state = { ...this.#state, pushes: pushes + 1, lastPushAtMs: clock.now().epochMs };
      if (outcome.type === "taken") this.#say("working", "the figures are taken");
      else this.#say("working", "the figures are taken in part", outcome.reason);
      return INTERVAL_MS;
    }
    this.#failures += 1;
    this.#state = { ...this.#state, failures: this.#state.failures + 1 };
    this.#say("failing", DETAILS[outcome.type], outcome.reason);
    const backoffMs = Math.min(BACKOFF_MS_MAX, INTERVAL_MS * 2 ** Math.min(this.#failures - 1, 10));
    const askedMs = Math.min(RETRY_AFTER_MS_MAX, outcome.retryAfterMs ?? 0);
    return Math.max(askedMs, backoffMs * (0.9 + 0.1 * rng.next()));
  }

  /** The log has a line when it changes; the reason alone, which may be another each time, makes none. */
  #say(status: PushState["status"], what: string, reason?: string): void {
    const { clock, log } = this.#options;
    const isNews = this.#said !== what;
    const detail = reason === undefined ? what : `${what}: ${reason}`;
    this.#state = { ...this.#state, status, detail, sinceMs: isNews ? clock.now().epochMs : this.#state.sinceMs };
    this.#said = what;
    if (!isNews) return;
    const tell = status === "failing" || reason !== undefined ? log.warn : log.info;
    tell("metrics push", { status, detail });
  }
}

const DETAILS: Record<Exclude<PushOutcome["type"], "taken" | "partial" | "fenced">, string> = {
  "no-answer": "no answer came",
  throttled: "the other side asks for fewer pushes",
  failed: "the other side failed",
  refused: "the push was refused",
};
