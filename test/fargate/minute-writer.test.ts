import { describe, expect, it } from "vitest";
import { InputError } from "../../core/errors.ts";
import { MinuteWriter } from "../../fargate/minute-writer.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder } from "./driven-world.ts";

/** A writer whose items take what `outcome` says, and what became of each. */
function makeWriter(capacity = 100) {
  const world = new VirtualTime();
  const recorder = makeRecorder();
  const attempts: { readonly minute: string; readonly atMs: number }[] = [];
  const written: string[] = [];
  const outcome: { error: unknown; takesMs: number } = { error: undefined, takesMs: 0 };
  const writer = new MinuteWriter({
    ...recorder,
    clock: world.clock,
    rng: { next: () => 1 },
    capacity,
  });
  const add = (minute: string, failing?: unknown) =>
    writer.add({
      market: "SEI/USDC",
      minute,
      write: async () => {
        attempts.push({ minute, atMs: world.nowMs });
        if (outcome.takesMs > 0) await new Promise<void>((resolve) => world.after(outcome.takesMs, resolve));
        const error = failing ?? outcome.error;
        if (error !== undefined) throw error;
        written.push(minute);
      },
    });
  const countOf = (kind: string) => recorder.countOf(kind, "flashmm_minute_write_errors_total");
  return { world, writer, add, attempts, written, outcome, countOf, lines: recorder.lines };
}

const AWAY = new Error("the table is away");

describe("the minute writer", () => {
  it("writes one after the other, oldest first", async () => {
    const { world, writer, add, written, outcome, attempts } = makeWriter();
    outcome.takesMs = 100;
    for (const minute of ["1", "2", "3"]) add(minute);
    expect(attempts).toEqual([]);
    await world.pass(1_000);
    expect(written).toEqual(["1", "2", "3"]);
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 100, 200]);
    expect(writer.waiting).toBe(0);
  });

  it("waits for a table that is away, longer each time up to half a minute, and says so once a minute", async () => {
    const { world, writer, add, written, outcome, attempts, countOf, lines } = makeWriter();
    outcome.error = AWAY;
    add("1");
    add("2");
    await world.pass(181_000);
    const pauses = attempts.map(({ atMs }, index) => atMs - (attempts[index - 1]?.atMs ?? 0));
    expect(pauses).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    expect(new Set(attempts.map(({ minute }) => minute))).toEqual(new Set(["1"]));
    expect(lines).toEqual(Array(3).fill("engine minutes could not be written"));
    expect(countOf("failed")).toBe(attempts.length);
    outcome.error = undefined;
    await world.pass(30_000);
    expect(written).toEqual(["1", "2"]);
    expect(lines.slice(3)).toEqual(["engine minutes are written again"]);
    expect(writer.waiting).toBe(0);
  });

  it.each([
    ["stands in the table unreadably", new InputError({ what: "parts", expected: "text", was: 1 })],
    ["DynamoDB calls malformed", Object.assign(new Error("too many digits"), { name: "ValidationException" })],
  ])("gives up at once what %s, and goes on", async (_name, error) => {
    const { world, add, written, attempts, countOf, lines } = makeWriter();
    add("1", error);
    add("2");
    await world.pass(0);
    expect(attempts.map(({ minute }) => minute)).toEqual(["1", "2"]);
    expect(written).toEqual(["2"]);
    expect(countOf("refused")).toBe(1);
    expect(lines).toEqual(["an engine minute cannot be written and is given up"]);
  });

  it("without room the oldest gives way, counted each time and said once", async () => {
    const { world, add, written, outcome, countOf, lines } = makeWriter(4);
    outcome.error = AWAY;
    for (let minute = 0; minute < 10; minute += 1) {
      add(String(minute));
      await world.pass(60_000);
    }
    expect(countOf("dropped")).toBe(6);
    outcome.error = undefined;
    await world.pass(60_000);
    expect(written).toEqual(["6", "7", "8", "9"]);
    expect(lines.filter((line) => line.startsWith("too many"))).toHaveLength(1);
    // The drought is over: the next one is told again.
    outcome.error = AWAY;
    for (let minute = 10; minute < 16; minute += 1) add(String(minute));
    await world.pass(1_000);
    expect(lines.filter((line) => line.startsWith("too many"))).toHaveLength(2);
  });

  it("does not drop the one that is under way", async () => {
    const { world, add, written, outcome } = makeWriter(2);
    outcome.takesMs = 100;
    add("1");
    await world.pass(50);
    for (const minute of ["2", "3", "4"]) add(minute);
    await world.pass(1_000);
    expect(written).toEqual(["1", "4"]);
  });

  it("a flush does not wait for the pause, and answers once nothing waits", async () => {
    const { world, writer, add, written, outcome } = makeWriter();
    outcome.error = AWAY;
    add("1");
    await world.pass(50_000);
    outcome.error = undefined;
    add("2");
    const before = world.nowMs;
    expect(await world.settled(writer.flush(1_500), "the flush")).toBe(true);
    expect(world.nowMs).toBe(before);
    expect(written).toEqual(["1", "2"]);
    expect(await writer.flush(1_500)).toBe(true);
  });

  it.each([
    ["refuses", { error: AWAY, takesMs: 0 }],
    ["is silent", { error: AWAY, takesMs: 10_000 }],
  ])("a flush ends in time while the table %s, and after the stop nothing is written", async (_name, dead) => {
    const { world, writer, add, attempts, outcome, lines } = makeWriter();
    Object.assign(outcome, dead);
    add("1");
    add("2");
    expect(await world.settled(writer.flush(1_500), "the flush")).toBe(false);
    expect(world.nowMs).toBe(1_500);
    writer.stop();
    writer.stop();
    const count = attempts.length;
    outcome.error = undefined;
    add("3");
    await world.pass(120_000);
    expect(attempts).toHaveLength(count);
    expect(lines.at(-1)).toBe("engine minutes are left unwritten");
  });
});
