import { expect, test } from "vitest";
import type { Log } from "../../../fargate/log.ts";
import { AsyncInvocations } from "../../../sim/local/async-invocations.ts";
import type { InvocationResult } from "../../../sim/local/lambda-runtime.ts";
import { ManualClock } from "./manual-clock.ts";

function makeInvocations(results: readonly InvocationResult["kind"][]) {
  const clock = new ManualClock(0);
  const said: string[] = [];
  const startedAtMs: number[] = [];
  const say = (message: string) => void said.push(message);
  const log: Log = { debug: say, info: say, warn: say, error: say };
  const invocations = new AsyncInvocations({
    clock,
    log,
    invoke: async () => {
      const kind = results[startedAtMs.length] ?? "returned";
      startedAtMs.push(clock.now().epochMs);
      return kind === "failed" ? { kind, error: "no" } : { kind: "returned", value: null };
    },
  });
  return { clock, said, startedAtMs, invocations };
}

/** Lets the invocations under way answer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

test("an event that fails is tried again after one and then two minutes, as Lambda does", async () => {
  const { clock, said, startedAtMs, invocations } = makeInvocations(["failed", "failed", "returned"]);
  expect(invocations.accept("f", {})).toBe(true);
  for (let minute = 0; minute < 5; minute += 1) {
    await settle();
    clock.advance(60_000);
  }
  expect(startedAtMs).toEqual([0, 60_000, 180_000]);
  expect(said).not.toContain("event dropped after its last retry");
  expect(invocations.running).toBe(0);
});

test("an event that fails for good is dropped aloud after its third try", async () => {
  const { clock, said, startedAtMs, invocations } = makeInvocations(["failed", "failed", "failed"]);
  invocations.accept("f", {});
  for (let minute = 0; minute < 10; minute += 1) {
    await settle();
    clock.advance(60_000);
  }
  expect(startedAtMs).toHaveLength(3);
  expect(said.at(-1)).toBe("event dropped after its last retry");
});

test("more than a thousand waiting events are turned away", () => {
  const { invocations } = makeInvocations([]);
  const accepted = Array.from({ length: 1_001 }, () => invocations.accept("f", {}));
  expect(accepted.filter((each) => each)).toHaveLength(1_000);
});

test("after a stop nothing is retried and nothing is taken", async () => {
  const { clock, startedAtMs, invocations } = makeInvocations(["failed"]);
  invocations.accept("f", {});
  await settle();
  invocations.stop();
  clock.advance(600_000);
  expect(startedAtMs).toHaveLength(1);
  expect(clock.pending).toBe(0);
  expect(invocations.accept("f", {})).toBe(false);
});
