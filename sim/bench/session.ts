/**
 * Venue, cloud and engine as the benchmark holds them: three processes, the venue and the engine each on a core of its own where the
 * system can pin them. Owns their start, their end and the one order that is under way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CloudAddress } from "./cloud-process.ts";
import type { EngineOrder, EngineReport, FloodReport, MemoryReport, RoundReport } from "./engine/engine-order.ts";
import type { EngineStart } from "./engine/engine-process.ts";
import type { VenueAddress } from "./venue/venue-process.ts";

const FARGATE = new URL("../../fargate/", import.meta.url).href;

/** V8 and its threads as the deployed task has them, before what is measured is loaded. */
const ENGINE_FLAGS = [
  ...["v8-settings", "helper-threads"].flatMap((name) => ["--import", `${FARGATE}${name}.ts`]),
  "--expose-gc",
];

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export type SessionOptions = {
  /** The task's clock steps over the seconds between two ticks; else real time passes. */
  readonly isStepped: boolean;
  /** Both have a core of their own. */
  readonly isPinned: boolean;
  /** Of the one task; one unless told. */
  readonly markets?: number;
  /** Whether the calls to AWS are made by a thread of their own, as they are where it is deployed; else by the task's. */
  readonly isApart?: boolean;
};

export class Session {
  readonly #children: readonly ChildProcess[];
  readonly #engine: ChildProcess;
  /** Warnings and errors of the task while it started. */
  readonly complaints: readonly string[];

  private constructor(children: readonly ChildProcess[], engine: ChildProcess, complaints: readonly string[]) {
    this.#children = children;
    this.#engine = engine;
    this.complaints = complaints;
  }

  static async start({ isStepped, isPinned, markets = 1, isApart = false }: SessionOptions): Promise<Session> {
    const pin = (core: number) => (isPinned ? ["taskset", "-c", String(core)] : []);
    const venue = launch("venue/venue-process.ts", { prefix: pin(1), argument: String(markets) });
    const cloud = launch("cloud-process.ts", { prefix: pin(1) });
    const children = [venue, cloud];
    try {
      const [venueAddress, cloudAddress] = await Promise.all([
        messageOf<VenueAddress>(venue),
        messageOf<CloudAddress>(cloud),
      ]);
      const start: EngineStart = { ...venueAddress, ...cloudAddress, isStepped, isApart, markets };
      const engine = launch("engine/engine-process.ts", {
        prefix: pin(0),
        flags: ENGINE_FLAGS,
        argument: JSON.stringify(start),
      });
      children.push(engine);
      const report = await messageOf<EngineReport>(engine);
      return new Session(children, engine, report.type === "ready" ? report.complaints : []);
    } catch (error) {
      for (const child of children) child.kill();
      throw error;
    }
  }

  async round(order: Omit<EngineOrder & { readonly do: "round" }, "do">): Promise<RoundReport> {
    const report = await this.#ask({ do: "round", ...order });
    if (report.type !== "round") throw new Error("a round must be answered by its report");
    return report;
  }

  async live(order: Omit<EngineOrder & { readonly do: "live" }, "do">): Promise<RoundReport> {
    const report = await this.#ask({ do: "live", ...order });
    if (report.type !== "round") throw new Error("real time must be answered by a round's report");
    return report;
  }

  async flood(order: Omit<EngineOrder & { readonly do: "flood" }, "do">): Promise<FloodReport> {
    const report = await this.#ask({ do: "flood", ...order });
    if (report.type !== "flood") throw new Error("a flood must be answered by its report");
    return report;
  }

  async memory(): Promise<MemoryReport> {
    const report = await this.#ask({ do: "memory" });
    if (report.type !== "memory") throw new Error("memory must be answered by its report");
    return report;
  }

  async profile(path: string): Promise<void> {
    await this.#ask({ do: "profile", path });
  }

  async endProfile(): Promise<void> {
    await this.#ask({ do: "end-profile" });
  }

  async #ask(order: EngineOrder): Promise<EngineReport> {
    const answered = messageOf<EngineReport>(this.#engine);
    this.#engine.send(order);
    const ended = Promise.withResolvers<never>();
    const onExit = () => ended.reject(new Error("a process of the benchmark ended before its time"));
    for (const child of this.#children) child.once("exit", onExit);
    const report = await Promise.race([answered, ended.promise]);
    for (const child of this.#children) child.off("exit", onExit);
    if (report.type === "failed") throw new Error(`the engine's process: ${report.message}`);
    return report;
  }

  /** Ends the three processes. */
  async stop(): Promise<void> {
    const ended = this.#children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve();
          child.once("exit", () => resolve());
          child.disconnect();
        }),
    );
    await Promise.all(ended);
  }
}

export function launch(
  module: string,
  {
    prefix,
    flags = [],
    argument,
  }: { readonly prefix: readonly string[]; readonly flags?: readonly string[]; readonly argument?: string },
): ChildProcess {
  const path = fileURLToPath(new URL(module, import.meta.url));
  const [command = process.execPath, ...rest] = [
    ...prefix,
    process.execPath,
    ...flags,
    path,
    ...(argument === undefined ? [] : [argument]),
  ];
  // `taskset` becomes the program that it starts, so that the channel and the process's id are the program's.
  // Compiled modules are kept as `fargate/main.ts` keeps them: the process then has no memory of the TypeScript stripper.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") };
  return spawn(command, rest, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
}

/** The next message; rejects when the process ends instead. */
export function messageOf<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a process of the benchmark ended with code ${code}`));
    child.once("exit", onExit);
    child.once("error", reject);
    child.once("message", (message) => {
      child.off("exit", onExit);
      child.off("error", reject);
      resolve(message as Message);
    });
  });
}
