/**
 * The task as it is deployed: the files of `npm run image`, started as the Dockerfile starts them, on a clock that can be hurried. Owns the writing of
 * these files into a folder of the moment, the process and its end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { localEnvironment } from "../../local/local-client.ts";
import { runNode } from "../child.ts";
import { type EngineAddresses, taskEnvironment } from "../engine/task-environment.ts";
import { messageOf } from "../session.ts";
import type { ClockOrder, MemoryLook } from "./quick-clock.ts";

const IMAGE_WITHIN_MS = 60_000;
const QUOTES_WITHIN_MS = 60_000;
/** Of what it last said, characters. */
const SAID_MAX = 4_000;

export class DeployedTask {
  readonly #folder: string;
  readonly #child: ChildProcess;
  /** Resolves once it has said that it quotes; rejects when it does not within a minute, or ends. */
  readonly quotes: Promise<void>;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    this.quotes = quotesOf(child);
  }

  static async start(root: string, addresses: EngineAddresses): Promise<DeployedTask> {
    const folder = mkdtempSync(join(tmpdir(), "flashmm-image-"));
    const image = join(folder, "image");
    const { exitCode, errors } = await runNode(root, ["infra/commands/image.ts", "--out", image], IMAGE_WITHIN_MS);
    if (exitCode !== 0) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`the image could not be written: ${errors}`);
    }
    const variables = { ...taskEnvironment(addresses), ...localEnvironment(addresses.cloudUrl) };
    const child = spawn(process.execPath, ["--import", writeClock(folder), "--expose-gc", "main.js"], {
      cwd: join(image, "app"),
      env: {
        ...process.env,
        ...imageEnvironment(readFileSync(join(image, "Dockerfile"), "utf8")),
        ...variables,
        FLASHMM_CONFIG: join(root, variables.FLASHMM_CONFIG),
        STATUS_PORT: "0",
        // A new task's folder for what is compiled is empty.
        NODE_COMPILE_CACHE: join(folder, "compiled"),
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    return new DeployedTask(folder, child);
  }

  /** Time passes so many times as quickly from here on. */
  hurry(times: number): void {
    this.#tell({ times });
  }

  async look(): Promise<MemoryLook> {
    const answered = messageOf<MemoryLook>(this.#child);
    this.#tell({ do: "look" });
    return await answered;
  }

  /** Ends it at once: what it would still do at a proper end is not measured. */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const ended = new Promise<void>((resolve) => this.#child.once("close", () => resolve()));
      this.#child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tell(order: ClockOrder): void {
    this.#child.send(order);
  }
}

/** The variables that a Dockerfile sets. */
export function imageEnvironment(dockerfile: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...dockerfile.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]));
}

/** Without its types: what takes them away would be measured too. */
function writeClock(folder: string): string {
  const path = join(folder, "quick-clock.mjs");
  const source = readFileSync(new URL("quick-clock.ts", import.meta.url), "utf8");
  writeFileSync(path, transformSync(source, { loader: "ts" }).code);
  return path;
}

function quotesOf(child: ChildProcess): Promise<void> {
  const quotes = Promise.withResolvers<void>();
  const fail = (why: string) => {
    clearTimeout(timer);
    quotes.reject(new Error(`the deployed task ${why}: ${said}`));
  };
  const timer = setTimeout(() => fail(`must quote within ${QUOTES_WITHIN_MS / 1_000} s`), QUOTES_WITHIN_MS);
  let said = "";
  // Read to the end, so that it never waits for us.
  const read = (text: string) => {
    said = (said + text).slice(-SAID_MAX);
    if (!said.includes('"message":"quoting"')) return;
    clearTimeout(timer);
    quotes.resolve();
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", read);
  child.once("exit", (code) => fail(`ended with code ${code}`));
  return quotes.promise;
}
