import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  type WriteStream,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TaskProcess } from "../../../sim/local/task-process.ts";
import { isAlive, until } from "./local-run.ts";
import { ManualClock } from "./manual-clock.ts";

const LISTENING = `console.log(JSON.stringify({ message: "status server listening", url: \`http://127.0.0.1:\${process.env.STATUS_PORT}/\` }));`;
const FAILED = `console.log(JSON.stringify({ level: "ERROR", message: "task crashed", error: { message: "no luck" } }));`;
const STAYS = "setInterval(() => {}, 1_000);";
const STOPS = `process.on("SIGTERM", () => { console.log(JSON.stringify({ message: "stopped", state: { phase: "stopping" } })); process.exit(Number(process.env.EXIT)); });`;

let root = "";
let log: WriteStream;
let clock: ManualClock;
let task: TaskProcess;
let events: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flashmm-task-"));
  mkdirSync(join(root, "fargate"));
  log = createWriteStream(join(root, "task.log"));
  clock = new ManualClock(0);
  events = [];
});
afterEach(async () => {
  const stopped = task.stop(0);
  clock.advance(0);
  await stopped;
  await new Promise<void>((resolve) => log.end(resolve));
  rmSync(root, { recursive: true });
});

/** Starts a stand-in for the task: a program of this text, where the task's own is. */
function start(program: string, environment: Readonly<Record<string, string>> = {}): void {
  writeFileSync(join(root, "fargate/main.ts"), program);
  task = new TaskProcess({
    root,
    clock,
    environment: { STATUS_PORT: "7001", EXIT: "0", ...environment },
    log,
    onListening: (url) => events.push(`listening ${url}`),
    onRestart: (reason, restarts) => events.push(`restart ${restarts}: ${reason}`),
    onGivenUp: (reason, complaints) => events.push(`given up: ${reason}: ${complaints.join(" | ")}`),
  });
  task.start();
}

const event = (text: string) =>
  until(`"${text}" among ${events}`, 10_000, () => (events.includes(text) ? true : undefined));

describe("the task's process", () => {
  test("tells its address, and stops with its exit code and its last state", async () => {
    start(`${STOPS}${LISTENING}${STAYS}`, { EXIT: "3" });
    await event("listening http://127.0.0.1:7001/");
    expect(await task.stop(30_000)).toEqual({ exitCode: 3, state: { phase: "stopping" } });
    expect(readFileSync(join(root, "task.log"), "utf8")).toContain('"stopped"');
    expect(events).toHaveLength(1);
    // Neither a restart nor a kill is left to come.
    expect(clock.pending).toBe(0);
  });

  test("is started again a second after it was killed, on the port it had", async () => {
    start(
      `process.env.STATUS_PORT = process.env.STATUS_PORT === "0" ? "7002" : process.env.STATUS_PORT;${LISTENING}${STAYS}`,
      {
        STATUS_PORT: "0",
      },
    );
    await event("listening http://127.0.0.1:7002/");
    const first = task.pid ?? 0;
    process.kill(first, "SIGKILL");
    await event("restart 1: SIGKILL");
    clock.advance(999);
    expect(task.pid).toBe(first);
    clock.advance(1);
    expect(task.pid).not.toBe(first);
    await until("the second address", 10_000, () => (events.length === 3 ? true : undefined));
    expect(events[2]).toBe("listening http://127.0.0.1:7002/");
    expect(task.restarts).toBe(1);
  });

  test("is not started again after bad configuration, and says all it complained of", async () => {
    start(`process.stderr.write("two faults:\\n- one\\n- two\\n"); process.exitCode = 78;`);
    await event("given up: exit code 78: two faults: | - one | - two");
    expect(clock.pending).toBe(0);
  });

  test("is given up when it died three times before it came to listen", async () => {
    start(`${FAILED}process.exitCode = 70;`);
    for (const restart of [1, 2]) {
      await event(`restart ${restart}: exit code 70`);
      clock.advance(1_000);
    }
    await event("given up: exit code 70: task crashed: no luck");
    expect(clock.pending).toBe(0);
  });

  test("is killed when it does not stop in time", async () => {
    start(`process.on("SIGTERM", () => {});${LISTENING}${STAYS}`);
    await event("listening http://127.0.0.1:7001/");
    const pid = task.pid ?? 0;
    const stopped = task.stop(30_000);
    clock.advance(29_999);
    expect(isAlive(pid)).toBe(true);
    clock.advance(1);
    expect(await stopped).toEqual({ exitCode: null, state: null });
    expect(isAlive(pid)).toBe(false);
  });

  test("stopped while it waits for a restart is not started again", async () => {
    start(`${LISTENING}${STAYS}`);
    await event("listening http://127.0.0.1:7001/");
    process.kill(task.pid ?? 0, "SIGKILL");
    await event("restart 1: SIGKILL");
    expect(await task.stop(30_000)).toEqual({ exitCode: null, state: null });
    expect(clock.pending).toBe(0);
  });

  test("a last line cut off by a kill is kept as it is and breaks nothing", async () => {
    start(`${LISTENING}process.stdout.write('{"message":"stopped","state":{"pha'); process.exitCode = 78;`);
    await event('given up: exit code 78: {"message":"stopped","state":{"pha');
  });
});
