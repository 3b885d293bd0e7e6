/**
 * A Lambda function of a simulated world: its execution environments, each a process of its own with its own ways to AWS and to the
 * venue, its time-out, and its end in the midst of a call. Owns when an environment lives; what an invocation does is its caller's.
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Fetch } from "../../../fargate/seams.ts";
import type { Fetch as FunctionFetch } from "../../../lambdas/cambrian-client.ts";
import type { Timing } from "../../../lambdas/timing.ts";
import { makeSeededRng } from "../../exchange/seeded-rng.ts";
import { type AwsDepth, type AwsServices, type AwsWeather, makeAwsAccess } from "../aws-access.ts";
import type { Network } from "../network.ts";
import type { VirtualTime } from "../virtual-time.ts";
import { type CrashPoint, WorldProcess } from "../world-process.ts";

/** What an invocation has at hand. */
export type Place = {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly fetch: FunctionFetch;
  /** The same way with a body. */
  readonly exchange: Fetch;
  readonly timing: Timing;
  readonly process: WorldProcess;
  readonly timeLeftMs: () => number;
};

export type FunctionCloud = {
  readonly time: VirtualTime;
  readonly network: Network;
  readonly services: AwsServices;
  readonly weather: AwsWeather;
  readonly depth: AwsDepth;
  readonly seed: number;
};

type Environment = Omit<Place, "timeLeftMs">;

/** `failed`: it threw. `ended`: it was killed, or ran out of time. */
export type Invoked<Result> =
  | { readonly type: "done"; readonly result: Result }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "ended" };

export class FunctionHost {
  readonly name: string;
  readonly #cloud: FunctionCloud;
  readonly #timeoutMs: number;
  /** Warm, and with nothing to do. */
  readonly #idle: Environment[] = [];
  readonly #busy = new Set<Environment>();
  /** How many invocations each environment has had, by its process. */
  readonly #invocationsOf = new Map<string, number>();
  #plans: CrashPoint[] = [];
  #made = 0;
  invocations = 0;
  failures = 0;
  kills = 0;

  constructor(name: string, cloud: FunctionCloud, timeoutMs: number) {
    this.name = name;
    this.#cloud = cloud;
    this.#timeoutMs = timeoutMs;
  }

  /** The next invocation is killed at that point, if it comes there. */
  killAt(point: CrashPoint): void {
    this.#plans.push(point);
  }

  /** What runs now is killed, wherever it is. */
  killNow(): void {
    for (const { process } of [...this.#busy]) process.crash();
  }

  /** Which invocation of its own, counted from 1, the process of an environment is at or was last; 0 before the first. */
  invocationOf(process: string): number {
    return this.#invocationsOf.get(process) ?? 0;
  }

  /** Never rejects. */
  async invoke<Result>(work: (place: Place) => Promise<Result>): Promise<Invoked<Result>> {
    const environment = this.#idle.pop() ?? this.#make();
    environment.process.thaw();
    this.#busy.add(environment);
    this.invocations += 1;
    const { name } = environment.process;
    this.#invocationsOf.set(name, this.invocationOf(name) + 1);
    const giveUps = this.#plans.splice(0).map((point) => environment.process.crashAt(point));
    const { time } = this.#cloud;
    const endMs = time.nowMs + this.#timeoutMs;
    const outOfTime = time.after(this.#timeoutMs, () => environment.process.crash());
    const ended = new Promise<Invoked<Result>>((resolve) => {
      environment.process.onCrash(() => resolve({ type: "ended" }));
    });
    const place = { ...environment, timeLeftMs: () => Math.max(0, endMs - time.nowMs) };
    const outcome = await Promise.race([settled(work(place)), ended]);
    outOfTime();
    for (const giveUp of giveUps) giveUp();
    this.#busy.delete(environment);
    if (outcome.type === "ended") this.kills += 1;
    else this.#rest(environment);
    if (outcome.type === "failed") this.failures += 1;
    return outcome;
  }

  /** It is frozen from its answer to its next invocation, and with it whatever nobody has awaited. */
  #rest(environment: Environment): void {
    environment.process.suspend();
    this.#idle.push(environment);
  }

  #make(): Environment {
    this.#made += 1;
    const { time, network, seed } = this.#cloud;
    const process = new WorldProcess(`${this.name}-${this.#made}`, time);
    const { dynamodb, sqs, eventBridge } = makeAwsAccess({ ...this.#cloud, process });
    const access = network.access(process);
    const rng = makeSeededRng(seed, process.name);
    return {
      process,
      dynamodb,
      sqs,
      eventBridge,
      exchange: access.fetch,
      fetch: async (url, { method, headers, signal }) => {
        const { status, headers: answered, body } = await access.fetch({ url, method, headers, signal });
        return { status, headers: toHeaders(answered), text: async () => body };
      },
      timing: {
        epochMs: () => process.clock.now().epochMs,
        monotonicMs: () => process.clock.now().monotonicMs,
        wait: (delayMs) => new Promise((resolve) => process.clock.after(delayMs, resolve)),
        random: () => rng.next(),
      },
    };
  }
}

async function settled<Result>(work: Promise<Result>): Promise<Invoked<Result>> {
  try {
    return { type: "done", result: await work };
  } catch (error) {
    return { type: "failed", error };
  }
}

export function toHeaders(headers: Readonly<Record<string, string | undefined>>): Headers {
  return new Headers(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
