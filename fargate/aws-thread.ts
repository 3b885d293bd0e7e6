/**
 * Has the calls to AWS made by a thread of their own, so that none takes time from the thread that quotes. Owns that thread, what is asked of it and not
 * answered yet, and what becomes of that when it ends. A call is the caller's as before: its deadline, its retry, and what an unknown outcome
 * means. Nothing is believed earlier for the hop: whoever counts a time from before a call was sent counts it from before the hop too.
 */
import { getCompileCacheDir } from "node:module";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type AwsAnswer, type AwsCall, type AwsOrder, fromPlainError, toCall } from "./aws-calls.ts";
import type { AwsClients } from "./aws-clients.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./seams.ts";

/** A task has some ten calls under way; more than this are answered at once, as not sent. */
const PENDING_MAX = 256;

/** Every caller gives up within fifteen seconds, most within two, and the thread answers that at once: this silent it hangs. */
const SILENT_MS_MAX = 20_000;

/** A thread that ended so often within a minute is not started again: the calls are made where they were made before there was one. */
const ENDS_MAX = 3;
const ENDS_WITHIN_MS = 60_000;

/** The call may have been made or not, unless it says that it was not sent. */
class AwsThreadError extends Error {
  readonly code: "AWS_THREAD_ENDED" | "AWS_THREAD_FULL";

  constructor(code: "AWS_THREAD_ENDED" | "AWS_THREAD_FULL", message: string) {
    super(message);
    this.name = "AwsThreadError";
    this.code = code;
  }
}

type Pending = { readonly resolve: (output: object) => void; readonly reject: (error: Error) => void };

export type AwsThreadOptions = {
  /** Of the calling thread. */
  readonly clients: AwsClients;
  readonly startWorker: () => Worker;
  readonly clock: Clock;
  readonly log: Log;
};

/** The real one; its file lies beside this module's in the sources and in the bundle. It needs no source maps: its errors are told by their message. */
export function startAwsWorker(): Worker {
  const cacheFolder = getCompileCacheDir();
  return new Worker(new URL(`./aws-worker${extname(import.meta.url)}`, import.meta.url), {
    name: "aws",
    execArgv: [],
    // A thread has no compile cache of its own, and its modules are loaded before it could ask for one.
    env: { ...process.env, ...(cacheFolder === undefined ? {} : { NODE_COMPILE_CACHE: cacheFolder }) },
    resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 4 },
  });
}

export class AwsThread {
  readonly #options: AwsThreadOptions;
  readonly #pending = new Map<number, Pending>();
  /** Undefined before the first call after an end, and once it was given up. */
  #worker: Worker | undefined;
  #isGivenUp = false;
  #lastId = 0;
  /** Asked of this worker and not answered by it, given up by their callers or not. */
  #unanswered = 0;
  /** When it was last heard of, or first asked after it had answered everything; monotonic. */
  #heardMs = 0;
  #endsMs: readonly number[] = [];

  /** Starts the thread, and has it make the calls of `clients`. */
  constructor(options: AwsThreadOptions) {
    this.#options = options;
    const { dynamodb, sqs, eventBridge } = options.clients;
    for (const client of [dynamodb, sqs, eventBridge]) this.#divert(client);
    this.#worker = this.#start();
  }

  /** Calls that wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Ends the thread; calls are made by the calling one from here on. */
  async stop(): Promise<void> {
    this.#isGivenUp = true;
    const worker = this.#worker;
    this.#forget("it was stopped");
    await worker?.terminate();
  }

  #divert(client: AwsClients[keyof AwsClients]): void {
    const own = client.send;
    const send = (command: object, options: { readonly abortSignal?: AbortSignal } = {}): Promise<unknown> => {
      const call = this.#isGivenUp ? undefined : toCall(command);
      if (call === undefined) return Reflect.apply(own, client, [command, options]);
      return this.#ask(call, options.abortSignal);
    };
    Object.defineProperty(client, "send", { value: send });
  }

  #ask(call: AwsCall, signal: AbortSignal | undefined): Promise<object> {
    this.#endIfSilent();
    const message = `${call.name} was not sent: ${PENDING_MAX} calls wait for their answer`;
    if (this.#pending.size >= PENDING_MAX) return Promise.reject(new AwsThreadError("AWS_THREAD_FULL", message));
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(abortError());
      if (this.#unanswered === 0) this.#heardMs = this.#nowMs;
      // Throws where the input is nothing that a thread can be told: nothing is under way then.
      this.#tell({ id, call });
      this.#unanswered += 1;
      const abort = () => {
        settle();
        this.#tell({ abort: id });
        reject(abortError());
      };
      const settle = () => {
        this.#pending.delete(id);
        signal?.removeEventListener("abort", abort);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        resolve: (output) => {
          settle();
          resolve(output);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
    });
  }

  /** Throws where there is no thread to be had, which counts as one that ended: nothing was sent. */
  #tell(order: AwsOrder): void {
    try {
      this.#worker ??= this.#start();
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
      throw error;
    }
    this.#worker.postMessage(order);
  }

  #start(): Worker {
    const worker = this.#options.startWorker();
    let reason = "it ended by itself";
    worker.on("message", (answer: AwsAnswer) => this.#take(worker, answer));
    worker.on("messageerror", (error: Error) => {
      reason = error.message;
      void worker.terminate();
    });
    worker.on("error", (error: unknown) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      if (worker === this.#worker) this.#end(reason);
    });
    // What keeps the process alive is the task.
    worker.unref();
    return worker;
  }

  #take(worker: Worker, answer: AwsAnswer): void {
    if (worker !== this.#worker) return;
    this.#unanswered -= 1;
    this.#heardMs = this.#nowMs;
    const pending = this.#pending.get(answer.id);
    if ("output" in answer) pending?.resolve(answer.output);
    else pending?.reject(fromPlainError(answer.error));
  }

  #endIfSilent(): void {
    const worker = this.#worker;
    if (worker === undefined || this.#unanswered === 0 || this.#nowMs - this.#heardMs <= SILENT_MS_MAX) return;
    this.#end(`it was silent for ${SILENT_MS_MAX / 1_000} s`);
    void worker.terminate();
  }

  #end(reason: string): void {
    const { log } = this.#options;
    const nowMs = this.#nowMs;
    this.#endsMs = [...this.#endsMs.filter((endMs) => nowMs - endMs < ENDS_WITHIN_MS), nowMs];
    this.#isGivenUp = this.#endsMs.length >= ENDS_MAX;
    log.error("the thread of the calls to AWS ended", {
      reason,
      pending: this.#pending.size,
      next: this.#isGivenUp ? "calls are made by the quoting thread" : "another one is started",
    });
    this.#forget(reason);
  }

  /** Whatever was under way is of unknown outcome. */
  #forget(reason: string): void {
    this.#worker = undefined;
    this.#unanswered = 0;
    const message = `the thread of the calls to AWS ended, ${reason}: whether the call was made is unknown`;
    for (const { reject } of [...this.#pending.values()]) reject(new AwsThreadError("AWS_THREAD_ENDED", message));
  }

  get #nowMs(): number {
    return this.#options.clock.now().monotonicMs;
  }
}

/** As the SDK rejects a call that was given up. */
function abortError(): Error {
  return Object.assign(new Error("Request aborted"), { name: "AbortError" });
}
