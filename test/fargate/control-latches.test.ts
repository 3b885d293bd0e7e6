import fc from "fast-check";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ControlCase, ETH, SEI } from "./control-world.ts";
import { startTable } from "./driven-world.ts";

const table = await startTable();
afterAll(() => table.stop());

const cases: ControlCase[] = [];
function makeCase(options: ConstructorParameters<typeof ControlCase>[1] = {}): ControlCase {
  const made = new ControlCase(table, options);
  cases.push(made);
  return made;
}
afterEach(async () => {
  for (const each of cases.splice(0)) {
    each.control.stop();
    await each.clear();
  }
});

/** One interval and the reading after it. */
const A_READING_MS = 510;
/** Longer than the longest pause between two attempts and the attempt itself. */
const AN_ATTEMPT_MS = 3_600;

describe("a kill", () => {
  it("is true when the call returns, and stands in the table soon after", async () => {
    const made = await makeCase().start();
    const at = made.at();
    made.control.latch(SEI, "daily loss of 120 USDC");
    expect(made.reason(SEI)).toBe(`halted by engine-1, ${SEI}: daily loss of 120 USDC`);
    expect(made.reason(ETH)).toBeUndefined();
    expect(made.changes.at(-1)).toEqual({
      market: SEI,
      control: { state: "halted", reason: `${SEI}: daily loss of 120 USDC`, by: "engine-1", at },
    });
    expect(await made.world.settled(made.control.settle(1_000), "the write")).toBe(true);
    expect(await made.item(SEI)).toMatchObject({
      state: "halted",
      reason: "daily loss of 120 USDC",
      by: "engine-1",
      at,
    });
    await made.world.pass(3_000);
    expect(made.told(SEI)).toEqual(["running", "halted"]);
  });

  it("of all markets halts each", async () => {
    const made = await makeCase().start();
    made.control.latch("ALL", "peak drawdown");
    for (const market of [SEI, ETH]) expect(made.reason(market)).toBe("halted by engine-1, ALL: peak drawdown");
  });

  it("outlives the task", async () => {
    const first = await makeCase().start();
    first.control.latch("ALL", "peak drawdown");
    await first.world.settled(first.control.settle(1_000), "the write");
    first.control.stop();
    const second = makeCase({ world: first.world, engineId: "engine-2" });
    await second.world.settled(second.control.readOnce(), "the reading");
    expect(second.reason()).toBe("halted by engine-1, ALL: peak drawdown");
  });

  it("is lifted by a later resume of its own item, by nothing else", async () => {
    const made = await makeCase().start();
    made.control.latch(SEI, "loss");
    await made.world.settled(made.control.settle(1_000), "the write");
    await made.put("ALL", { state: "running", at: made.at(1_000) });
    await made.world.pass(A_READING_MS);
    expect(made.reason()).toContain("loss");
    await made.put(SEI, { state: "running", at: made.at() });
    await made.world.pass(A_READING_MS);
    expect(made.reason()).toBeUndefined();
    expect(made.told()).toEqual(["running", "halted", "running"]);
    expect((await made.item(SEI))["state"]).toBe("running");
    // The next kill is a new one.
    made.control.latch(SEI, "loss");
    expect(made.reason()).toContain("loss");
  });

  it("is not lifted by a resume that is older, which the kill is written over", async () => {
    const made = await makeCase().start();
    const before = made.at(-1);
    made.control.latch(SEI, "loss");
    await made.world.settled(made.control.settle(1_000), "the write");
    const killed = await made.item(SEI);
    for (const at of [before, killed["at"]]) {
      await made.put(SEI, { state: "running", at });
      await made.world.pass(2 * A_READING_MS);
      expect(await made.item(SEI)).toEqual(killed);
      expect(made.told()).toEqual(["running", "halted"]);
    }
    expect(made.recorder.lines).toContain("a kill is not in the table any more, it is written again");
  });

  it("is not lifted by an item that is gone or broken", async () => {
    const made = await makeCase().start();
    made.control.latch(SEI, "loss");
    await made.world.settled(made.control.settle(1_000), "the write");
    await made.remove(SEI);
    await made.world.pass(2 * A_READING_MS);
    expect((await made.item(SEI))["state"]).toBe("halted");
    await made.put(SEI, { state: "?" });
    await made.world.pass(2 * A_READING_MS);
    expect(made.told()).toEqual(["running", "halted"]);
  });

  it("does not overwrite an operator's later word, and a later halt of the operator keeps the market halted", async () => {
    const made = await makeCase().start();
    const later = made.at(60_000);
    await made.put(SEI, { state: "halted", reason: "mine", at: later });
    made.control.latch(SEI, "loss");
    await made.world.settled(made.control.settle(1_000), "the answer");
    expect(await made.item(SEI)).toMatchObject({ reason: "mine", at: later });
    await made.world.pass(A_READING_MS);
    expect(made.reason()).toContain("loss");
    await made.put(SEI, { state: "running", at: made.at(61_000) });
    await made.world.pass(A_READING_MS);
    expect(made.reason()).toBeUndefined();
  });

  it("told again with its reason is the same one; with another it is later, and a resume in between lifts nothing", async () => {
    const made = await makeCase().start();
    made.control.latch(SEI, "repeated execution");
    await made.world.settled(made.control.settle(1_000), "the write");
    const { calls } = made;
    made.control.latch(SEI, "repeated execution");
    expect(made.calls).toBe(calls);
    await made.world.pass(100);
    const between = made.at();
    await made.world.pass(100);
    await made.put(SEI, { state: "running", at: between });
    made.control.latch(SEI, "loss");
    await made.world.pass(2 * A_READING_MS);
    expect(await made.item(SEI)).toMatchObject({ state: "halted", reason: "loss" });
    expect(made.told()).toEqual(["running", "halted", "halted"]);
  });

  it("of no market that is traded here is a bug", () => {
    expect(() => makeCase().control.latch("BTC/USDC", "x")).toThrow("BTC/USDC must be ALL or among the markets");
  });
});

describe("a kill while the table is out of reach", () => {
  it.each([
    ["fail at once", { isReachable: false }],
    ["never answer", { hangs: true }],
  ])("holds, is written at a bounded pace until it stands, when calls %s", async (_how, fault) => {
    const made = await makeCase().start();
    Object.assign(made, fault);
    made.control.latch(SEI, "loss");
    expect(made.reason()).toContain("loss");
    expect(await made.world.settled(made.control.settle(30_000), "half a minute")).toBe(false);
    const failed = made.recorder.lines.filter((line) => line.startsWith("a kill could not be written"));
    expect(failed.length).toBeGreaterThan(8);
    expect(failed.length).toBeLessThan(30);
    expect(made.told()).toEqual(["running", "halted"]);
    Object.assign(made, { isReachable: true, hangs: false });
    expect(await made.world.settled(made.control.settle(AN_ATTEMPT_MS), "the write")).toBe(true);
    expect(await made.item(SEI)).toMatchObject({ state: "halted", by: "engine-1" });
  });

  it("is not written any more once an operator's later resume is there", async () => {
    const made = await makeCase().start();
    made.isReachable = false;
    made.control.latch(SEI, "loss");
    await made.world.pass(1_000);
    const at = made.at();
    await made.put(SEI, { state: "running", at });
    await made.world.pass(5_000);
    expect(made.reason()).toContain("loss");
    made.isReachable = true;
    await made.world.pass(AN_ATTEMPT_MS);
    expect(made.reason()).toBeUndefined();
    expect(await made.item(SEI)).toMatchObject({ state: "running", at });
  });

  it("ends with the task's stop", async () => {
    const made = await makeCase().start();
    made.isReachable = false;
    made.control.latch(SEI, "loss");
    await made.world.pass(1_000);
    made.control.stop();
    made.isReachable = true;
    await made.world.pass(10_000);
    expect(await made.item(SEI)).toEqual({});
    expect(made.reason()).toContain("loss");
  });

  it("whose answer was lost is written again without harm", async () => {
    let isLost = false;
    const made = makeCase({
      gate: async (step) => {
        if (isLost && step === "after the table") throw new Error("the answer was lost");
      },
    });
    await made.start();
    isLost = true;
    made.control.latch(SEI, "loss");
    await made.world.pass(1_000);
    const at = made.at(1);
    isLost = false;
    await made.put(SEI, { state: "running", at });
    await made.world.pass(AN_ATTEMPT_MS);
    expect(await made.item(SEI)).toMatchObject({ state: "running", at });
    expect(made.reason()).toBeUndefined();
  });
});

describe("clocks", () => {
  it("one that lags does not make a kill older than the resume that was read before it", async () => {
    const made = makeCase();
    const ahead = made.at(3_600_000);
    await made.put(SEI, { state: "running", at: ahead });
    await made.start();
    made.control.latch(SEI, "loss");
    await made.world.pass(2 * A_READING_MS);
    expect(made.reason()).toContain("loss");
    expect(await made.item(SEI)).toMatchObject({ state: "halted", at: new Date(Date.parse(ahead) + 1).toISOString() });
  });

  it("one that steps back does not make a second kill older than the first", async () => {
    const made = await makeCase().start();
    made.control.latch(SEI, "loss");
    await made.world.settled(made.control.settle(1_000), "the write");
    const first = (await made.item(SEI))["at"] ?? "";
    made.wallOffMs = -3_600_000;
    made.control.latch(SEI, "another loss");
    await made.world.settled(made.control.settle(1_000), "the write");
    const second = await made.item(SEI);
    expect(second["reason"]).toBe("another loss");
    expect(Date.parse(second["at"] ?? "")).toBe(Date.parse(first) + 1);
  });
});

it("whatever operators and the engine say and whatever fails, memory and table end at the latest word", async () => {
  const step = fc.oneof(
    fc.record({
      type: fc.constantFrom("halt", "resume", "kill", "outage", "recovery"),
      passMs: fc.nat({ max: 3_000 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      const made = await makeCase().start();
      let expected = "running";
      // A millisecond apart, so that one of two words is the later.
      for (const [index, { type, passMs }] of steps.entries()) {
        if (type === "outage") made.isReachable = false;
        else if (type === "recovery") made.isReachable = true;
        else if (type === "kill") {
          made.control.latch(SEI, `breach ${index}`);
          expected = "halted";
          expect(made.reason()).toBeDefined();
        } else {
          expected = type === "halt" ? "halted" : "running";
          // As operator-control writes: nothing over a later word. Here every word is the latest when it is spoken.
          await made.put(SEI, { state: expected });
        }
        await made.world.pass(passMs + 1);
      }
      made.isReachable = true;
      await made.world.pass(AN_ATTEMPT_MS + 2 * A_READING_MS);
      expect(made.told().at(-1)).toBe(expected);
      expect((await made.item(SEI))["state"] ?? "running").toBe(expected);
      made.control.stop();
      await made.clear();
    }),
    { numRuns: 25 },
  );
});
