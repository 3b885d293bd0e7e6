/**
 * Runs a function's real handler the way Lambda does: in environments of its own (a worker thread each, started when
 * needed and kept), one invocation at a time in each, ended when the time is up.
 * Owns the environments; who invokes and what a failure means is the caller's.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../fargate/seams.ts";
import type { FunctionDescription } from "./template-resources.ts";

export type InvocationResult =
  | { readonly kind: "returned"; readonly value: unknown }
  /** The handler threw, could not be loaded, or its environment died. */
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "timed-out"; readonly timeoutMs: number }
  /** More invocations wait than the runtime takes, as Lambda answers 429. */
  | { readonly kind: "throttled" };

export type WorkerSettings = {
  readonly entryUrl: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMegabytes: number;
};

export type InvocationRequest = { readonly requestId: string; readonly event: unknown; readonly timeoutMs: number };

export type InvocationReply =
  | { readonly kind: "ready" }
  | { readonly kind: "returned"; readonly json: string }
  | { readonly kind: "threw"; readonly error: string };

export type LambdaRuntimeOptions = {
  readonly function: FunctionDescription;
  /** The repository: entries are relative to it. */
  readonly root: string;
  /** Variables beside those of the template, which they win over. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Environments at most, which is invocations at once. */
  readonly concurrencyMax: number;
  /** Each line the function writes. */
  onOutput(line: string): void;
};

/**
 * Loading a handler with its SDK takes a second or two. Lambda gives it ten, on a processor that is there for it; a starved laptop took longer, and
 * each fill of the lost batch was then away for the whole of its visibility time-out.
 */
const INIT_TIMEOUT_MS = 60_000;

/** Waiting invocations beyond this are throttled. */
const WAITING_MAX = 100;

export class LambdaRuntime {
  readonly #options: LambdaRuntimeOptions;
  readonly #idle: Environment[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: LambdaRuntimeOptions) {
    this.#options = options;
  }

  /** Invocations running or waiting for an environment. */
  get running(): number {
    return this.#running + this.#waiting.length;
  }

  /** Runs the handler once. Never rejects. */
  async invoke(event: unknown): Promise<InvocationResult> {
    if (this.#running >= this.#options.concurrencyMax) {
      if (this.#waiting.length >= WAITING_MAX) return { kind: "throttled" };
      // Whoever ends hands its place over.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    const environment = this.#takeIdle() ?? this.#makeEnvironment();
    const result = await environment.invoke(event);
    if (environment.alive) this.#idle.push(environment);
    else this.#all.delete(environment);
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
    return result;
  }

  /** Ends every environment at once; what runs fails. */
  async stop(): Promise<void> {
    await Promise.all([...this.#all].map((environment) => environment.end()));
    this.#all.clear();
    this.#idle.length = 0;
  }

  /** An environment that is free and has not died meanwhile. */
  #takeIdle(): Environment | undefined {
    for (let environment = this.#idle.pop(); environment !== undefined; environment = this.#idle.pop()) {
      if (environment.alive) return environment;
      this.#all.delete(environment);
    }
    return undefined;
  }

  #makeEnvironment(): Environment {
    const environment = new Environment(this.#options);
    this.#all.add(environment);
    return environment;
  }
}

/** One worker thread. Dies with its first crash or time-out. */
class Environment {
  readonly #options: LambdaRuntimeOptions;
  readonly #worker: Worker;
  #reply: ((reply: InvocationReply | { readonly kind: "died"; readonly error: string }) => void) | null = null;
  #ready = false;
  #death: string | null = null;

  constructor(options: LambdaRuntimeOptions) {
    this.#options = options;
    const { function: described, root } = options;
    const settings: WorkerSettings = {
      entryUrl: pathToFileURL(join(root, described.entry)).href,
      functionName: described.name,
      functionArn: described.arn,
      memoryMegabytes: described.memoryMegabytes,
    };
    this.#worker = new Worker(new URL("./lambda-worker.ts", import.meta.url), {
      workerData: settings,
      env: { ...described.environment, ...options.environment, AWS_LAMBDA_FUNCTION_NAME: described.name },
      resourceLimits: { maxOldGenerationSizeMb: described.memoryMegabytes },
      // The options of a test runner are no business of a function.
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      createInterface({ input: stream }).on("line", (line) => options.onOutput(line));
    }
    this.#worker.on("message", (reply: InvocationReply) => this.#reply?.(reply));
    this.#worker.on("error", (error) => this.#die(String(error)));
    this.#worker.on("exit", (code) => this.#die(`the environment ended with code ${code}`));
  }

  get alive(): boolean {
    return this.#death === null;
  }

  async invoke(event: unknown): Promise<InvocationResult> {
    if (!this.#ready) {
      const started = await this.#exchange(INIT_TIMEOUT_MS, () => {});
      if (started.kind !== "ready") return failure(started, INIT_TIMEOUT_MS);
      this.#ready = true;
    }
    const { timeoutMs } = this.#options.function;
    const reply = await this.#exchange(timeoutMs, () => {
      this.#worker.postMessage({ requestId: randomUUID(), event, timeoutMs } satisfies InvocationRequest);
    });
    return reply.kind === "returned" ? { kind: "returned", value: JSON.parse(reply.json) } : failure(reply, timeoutMs);
  }

  async end(): Promise<void> {
    this.#die("the environment was stopped");
    await this.#worker.terminate();
  }

  /** Sends, then waits for the one reply, for the end of the thread or for the time to be up. */
  async #exchange(timeoutMs: number, send: () => void): Promise<ExchangeResult> {
    if (this.#death !== null) return { kind: "died", error: this.#death };
    const { promise, resolve } = Promise.withResolvers<ExchangeResult>();
    this.#reply = resolve;
    const cancelTimer = this.#options.clock.after(timeoutMs, () => resolve({ kind: "late" }));
    send();
    const result = await promise;
    this.#reply = null;
    cancelTimer();
    if (result.kind === "late") await this.end();
    return result;
  }

  #die(error: string): void {
    this.#death ??= error;
    this.#reply?.({ kind: "died", error: this.#death });
  }
}

type ExchangeResult = InvocationReply | { readonly kind: "died"; readonly error: string } | { readonly kind: "late" };

function failure(result: ExchangeResult, timeoutMs: number): InvocationResult {
  switch (result.kind) {
    case "late":
      return { kind: "timed-out", timeoutMs };
    case "died":
    case "threw":
      return { kind: "failed", error: result.error };
    case "ready":
    case "returned":
      return { kind: "failed", error: "the environment answered out of turn" };
  }
}
