import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { makeSystemClock } from "../../../fargate/clock.ts";
import type { Clock } from "../../../fargate/seams.ts";
import { LambdaRuntime } from "../../../sim/local/lambda-runtime.ts";
import { failedIds } from "../../../sim/local/queue-poller.ts";

const root = mkdtempSync(join(tmpdir(), "flashmm-runtime-"));
const runtimes: LambdaRuntime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let handlers = 0;

/** A runtime for a handler of this source. */
function makeRuntime(source: string, options: { readonly clock?: Clock; readonly timeoutMs?: number } = {}) {
  handlers += 1;
  const entry = `handler-${handlers}.ts`;
  writeFileSync(join(root, entry), source);
  const lines: string[] = [];
  const runtime = new LambdaRuntime({
    function: {
      name: "accounting",
      arn: "arn:aws:lambda:us-east-1:000000000000:function:accounting",
      entry,
      environment: { TABLE_NAME: "of the template", CAMBRIAN_BASE_URL: "of the template" },
      timeoutMs: options.timeoutMs ?? 10_000,
      memoryMegabytes: 64,
    },
    root,
    environment: { CAMBRIAN_BASE_URL: "of the run" },
    clock: options.clock ?? makeSystemClock(),
    concurrencyMax: 2,
    onOutput: (line) => lines.push(line),
  });
  runtimes.push(runtime);
  return { runtime, lines };
}

describe("an invocation", () => {
  test("runs the handler's own TypeScript with its variables, its context and nothing of ours", async () => {
    const { runtime } = makeRuntime(`
      type Event = { readonly n: number };
      export async function handler(event: Event, context: { getRemainingTimeInMillis(): number; functionName: string }) {
        const { TABLE_NAME, CAMBRIAN_BASE_URL, HOME } = process.env;
        const remaining = context.getRemainingTimeInMillis();
        return { twice: event.n * 2, TABLE_NAME, CAMBRIAN_BASE_URL, home: HOME ?? null, name: context.functionName,
          inTime: remaining > 0 && remaining <= 10_000 };
      }`);
    expect(await runtime.invoke({ n: 21 })).toEqual({
      kind: "returned",
      value: {
        twice: 42,
        TABLE_NAME: "of the template",
        CAMBRIAN_BASE_URL: "of the run",
        home: null,
        name: "accounting",
        inTime: true,
      },
    });
    expect(runtime.running).toBe(0);
  });

  test("keeps its environment for the next, as a warm function does", async () => {
    const { runtime } = makeRuntime("let count = 0; export const handler = async () => { count += 1; return count; }");
    await runtime.invoke({});
    expect(await runtime.invoke({})).toEqual({ kind: "returned", value: 2 });
  });

  test("of a handler that throws fails with its error, and the environment lives on", async () => {
    const { runtime } = makeRuntime(`
      let calls = 0;
      export async function handler() { calls += 1; if (calls === 1) throw new Error("no table"); return calls; }`);
    expect(await runtime.invoke({})).toMatchObject({ kind: "failed", error: expect.stringContaining("no table") });
    expect(await runtime.invoke({})).toEqual({ kind: "returned", value: 2 });
  });

  test.each([
    ["a module that cannot be loaded", 'throw new Error("no TABLE_NAME"); export const handler = 1;', "no TABLE_NAME"],
    ["a module without a handler", "export const other = 1;", "must export a function named handler"],
    ["a handler that ends its process", "export const handler = async () => process.exit(3);", "ended with code 3"],
    [
      "a handler that forgets a rejection",
      'export const handler = () => { Promise.reject(new Error("forgotten")); return new Promise(() => {}); };',
      "forgotten",
    ],
  ])("of %s fails, and the next gets a new environment", async (_what, source, expected) => {
    const { runtime } = makeRuntime(source);
    for (const _attempt of [1, 2]) {
      expect(await runtime.invoke({})).toMatchObject({ kind: "failed", error: expect.stringContaining(expected) });
    }
  });

  test("that takes too long is ended, thread and all", async () => {
    const { runtime } = makeRuntime(
      "export async function handler(event: { spin: boolean }) { while (event.spin) {} return 'quick'; }",
      { timeoutMs: 100 },
    );
    expect(await runtime.invoke({ spin: true })).toEqual({ kind: "timed-out", timeoutMs: 100 });
    expect(runtime.running).toBe(0);
  });

  test("writes to its own output", async () => {
    const { runtime, lines } = makeRuntime('export const handler = async () => { console.log("booked"); };');
    await runtime.invoke({});
    await runtime.stop();
    await expect.poll(() => lines).toEqual(["booked"]);
  });
});

test("at most two run at once, each in an environment of its own", async () => {
  const { runtime } = makeRuntime(`
    let inside = 0;
    export async function handler() {
      inside += 1;
      const seen = inside;
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside -= 1;
      return seen;
    }`);
  const invocations = Array.from({ length: 5 }, () => runtime.invoke({}));
  expect(runtime.running).toBe(5);
  for (const result of await Promise.all(invocations)) expect(result).toEqual({ kind: "returned", value: 1 });
  expect(runtime.running).toBe(0);
});

test("more than a hundred waiting are throttled", async () => {
  const { runtime } = makeRuntime("export const handler = async () => 1;");
  const results = await Promise.all(Array.from({ length: 103 }, () => runtime.invoke({})));
  expect(results.filter((result) => result.kind === "throttled")).toHaveLength(1);
});

describe("the answer to a batch", () => {
  const records = [{ messageId: "a" }, { messageId: "b" }];
  test.each<[string, unknown, readonly string[]]>([
    ["nothing", null, []],
    ["an empty object", {}, []],
    ["no list of failures", { batchItemFailures: null }, []],
    ["an empty list", { batchItemFailures: [] }, []],
    ["one failure", { batchItemFailures: [{ itemIdentifier: "b" }] }, ["b"]],
    ["a message that was not sent", { batchItemFailures: [{ itemIdentifier: "c" }] }, ["a", "b"]],
    ["an empty identifier", { batchItemFailures: [{ itemIdentifier: "" }] }, ["a", "b"]],
    ["a misspelt key", { batchItemFailures: [{ itemIdentifer: "b" }] }, ["a", "b"]],
    ["a text", "ok", ["a", "b"]],
  ])("%s", (_what, value, expected) => {
    expect([...failedIds(value, records)]).toEqual(expected);
  });
});
