/**
 * MiniStack, an emulator of AWS on this machine: installed from the package index into an environment of its own, bound to the loopback
 * address, empty at every start. Owns its life and what its users must have in their environment.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type MiniStack = {
  readonly endpoint: string;
  /** Of every program that is to speak to it, and to nothing else of AWS. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it has said. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

export const ACCOUNT = "000000000000";
export const REGION = "us-east-1";

const REQUIREMENTS = join(import.meta.dirname, "requirements.txt");
const PYTHON_MIN = [3, 10] as const;
const START_WITHIN_MS = 30_000;

/** Something that this machine lacks; the message says what. */
export class MissingError extends Error {
  readonly code = "MISSING";
}

export async function startMiniStack(): Promise<MiniStack> {
  const program = installed();
  const folder = mkdtempSync(join(tmpdir(), "flashmm-ministack-run-"));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const path = process.env["PATH"] ?? "";
  const output = openSync(join(folder, "log"), "a");
  const child = spawn(program, [], {
    cwd: folder,
    stdio: ["ignore", output, output],
    env: {
      // Functions run on whatever `node` is found first: the one of this run.
      PATH: path,
      HOME: folder,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: `${port}`,
      MINISTACK_HOST: "127.0.0.1",
      MINISTACK_REGION: REGION,
      AWS_ENDPOINT_URL: endpoint,
      // It would open these to everybody.
      SFTP_ENABLED: "0",
      IOT_MTLS_ENABLED: "0",
    },
  });
  // However this process ends, it leaves no emulator behind.
  process.once("exit", () => child.kill("SIGKILL"));
  const log = () => readFileSync(join(folder, "log"), "utf8");
  await ready(child, endpoint, log);
  return {
    endpoint,
    environment: {
      PATH: path,
      HOME: folder,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: "true",
    },
    log,
    stop: async () => {
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The program of the pinned version; installed at the first use of these requirements. */
function installed(): string {
  const digest = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `flashmm-ministack-${userInfo().uid}-${digest}`);
  const program = join(folder, "bin/ministack");
  if (existsSync(join(folder, "whole"))) return program;
  assertPython();
  rmSync(folder, { recursive: true, force: true });
  const run = (name: string, ...args: readonly string[]) =>
    execFileSync(name, args, { stdio: ["ignore", "ignore", "pipe"] });
  try {
    run("python3", "-m", "venv", folder);
    run(join(folder, "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS);
  } catch (cause) {
    throw new MissingError(`MiniStack could not be installed from the package index of Python: ${messageOf(cause)}`, {
      cause,
    });
  }
  mkdirSync(join(folder, "whole"));
  return program;
}

function assertPython(): void {
  const wanted = `Python ${PYTHON_MIN.join(".")} or newer with venv must be installed`;
  let version: string;
  try {
    version = execFileSync("python3", ["-c", "import sys, venv; print(*sys.version_info[:2])"], { encoding: "utf8" });
  } catch (cause) {
    throw new MissingError(`${wanted}, was not found: ${messageOf(cause)}`, { cause });
  }
  const [major = 0, minor = 0] = version.trim().split(" ").map(Number);
  if (major > PYTHON_MIN[0] || (major === PYTHON_MIN[0] && minor >= PYTHON_MIN[1])) return;
  throw new MissingError(`${wanted}, was ${major}.${minor}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address.port);
    });
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function ready(child: ChildProcess, endpoint: string, log: () => string): Promise<void> {
  const endMs = performance.now() + START_WITHIN_MS;
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`MiniStack ended with ${child.exitCode}:\n${log()}`);
    const isUp = await fetch(`${endpoint}/_ministack/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) return;
    await sleep(100);
  }
  await ended(child);
  throw new Error(`MiniStack did not start within ${START_WITHIN_MS / 1_000} s:\n${log()}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const isOver = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await isOver;
  clearTimeout(kill);
}
