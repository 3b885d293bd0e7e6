import { spawnSync } from "node:child_process";
import { getPriority } from "node:os";
import { expect, test } from "vitest";

/** Name and priority of each thread; names are looked up meanwhile, so that libuv's are there too. */
const TOLD = `
  import { lookup } from "node:dns/promises";
  import { readdirSync, readFileSync } from "node:fs";
  import { getPriority } from "node:os";
  await lookup("localhost").catch(() => undefined);
  const threads = readdirSync("/proc/self/task").map((id) => {
    return [readFileSync("/proc/self/task/" + id + "/comm", "utf8").trim(), getPriority(Number(id))];
  });
  process.stdout.write(JSON.stringify(threads));`;

const prioritiesOf = (flags: readonly string[]) => {
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, "--input-type=module", "--eval", TOLD]);
  expect(String(stderr)).toBe("");
  const threads: readonly (readonly [string, number])[] = JSON.parse(String(stdout));
  const of = (name: string) => new Set(threads.filter(([each]) => each === name).map(([, priority]) => priority));
  return { main: of("MainThread"), helpers: of("V8Worker"), pool: of("libuv-worker") };
};

test.runIf(process.platform === "linux")("V8's helpers stand back, the quoting thread and libuv's pool do not", () => {
  const own = new Set([getPriority()]);
  const usual = { main: own, helpers: own, pool: own };
  expect(prioritiesOf([])).toEqual(usual);
  const set = prioritiesOf(["--import", "./fargate/helper-threads.ts"]);
  expect(set).toEqual({ ...usual, helpers: new Set([Math.max(getPriority(), 10)]) });
});
