import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { EventDetail } from "../../fargate/announcer.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
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

/** A control of which the second question was read by the table at 500 ms, and its answer waits for `release`. */
async function makeUnderWay() {
  const world = new VirtualTime();
  const held = Promise.withResolvers<void>();
  let isHeld = false;
  const made = makeCase({
    world,
    gate: async (step) => {
      if (isHeld && step === "after the table") await held.promise;
    },
  });
  await made.start();
  isHeld = true;
  await world.pass(A_READING_MS);
  const release = (): void => {
    isHeld = false;
    held.resolve();
  };
  return { made, world, release };
}

describe("the control items", () => {
  it("no item means running, told once a market", async () => {
    const made = await makeCase().start();
    await made.world.pass(3_000);
    expect(made.changes).toEqual([
      { market: SEI, control: { state: "running", at: null } },
      { market: ETH, control: { state: "running", at: null } },
    ]);
    expect(made.reason()).toBeUndefined();
  });

  it("are read by one consistent query", async () => {
    const made = await makeCase().start();
    expect(made.inputs).toEqual([expect.objectContaining({ ConsistentRead: true })]);
  });

  it("are read each half second, and no more after the stop", async () => {
    const made = await makeCase().start();
    expect(made.calls).toBe(1);
    await made.world.pass(2_600);
    expect(made.calls).toBe(6);
    made.control.stop();
    await made.world.pass(5_000);
    expect(made.calls).toBe(6);
    expect(made.told()).toEqual(["running"]);
  });

  it("a halt of all markets is obeyed by each, and a resume lets them go on", async () => {
    const made = await makeCase().start();
    const at = made.at();
    await made.put("ALL", { state: "halted", at });
    await made.world.pass(A_READING_MS);
    expect(made.reason(SEI)).toBe("halted by flashmm.operator, ALL: maintenance");
    expect(made.reason(ETH)).toBe("halted by flashmm.operator, ALL: maintenance");
    expect(made.changes.at(-1)?.control).toEqual({
      state: "halted",
      reason: "ALL: maintenance",
      by: "flashmm.operator",
      at,
    });
    const resumedAt = made.at();
    await made.put("ALL", { state: "running", at: resumedAt });
    await made.world.pass(A_READING_MS);
    expect(made.reason(SEI)).toBeUndefined();
    expect(made.changes.at(-1)?.control).toEqual({ state: "running", at: resumedAt });
    expect(made.told(SEI)).toEqual(["running", "halted", "running"]);
    expect(made.told(ETH)).toEqual(["running", "halted", "running"]);
  });

  it("a halt of one market leaves the other alone", async () => {
    const made = await makeCase().start();
    await made.put(ETH, { state: "halted" });
    await made.world.pass(A_READING_MS);
    expect(made.reason(SEI)).toBeUndefined();
    expect(made.reason(ETH)).toBe(`halted by flashmm.operator, ${ETH}: maintenance`);
    expect(made.told(SEI)).toEqual(["running"]);
  });

  it.each([
    ["ALL", SEI],
    [SEI, "ALL"],
  ])("a resume of %s does not lift a halt of %s", async (resumed, halted) => {
    const made = await makeCase().start();
    await made.put(halted, { state: "halted" });
    await made.put(resumed, { state: "running", at: made.at(1_000) });
    await made.world.pass(A_READING_MS);
    expect(made.reason(SEI)).toContain(`${halted}: maintenance`);
  });

  it("another reason for a halt is told, and a resume of what runs, each once", async () => {
    const made = await makeCase().start();
    await made.put(SEI, { state: "running" });
    await made.world.pass(3 * A_READING_MS);
    expect(made.told()).toEqual(["running", "running"]);
    await made.put(SEI, { state: "halted", reason: "one" });
    await made.world.pass(A_READING_MS);
    await made.put(SEI, { state: "halted", reason: "two" });
    await made.world.pass(A_READING_MS);
    expect(made.told()).toEqual(["running", "running", "halted", "halted"]);
  });

  it("of a market that is not ours say nothing to us", async () => {
    const made = makeCase();
    await made.put("BTC/USDC", { state: "?" });
    await made.start();
    expect(made.reason()).toBeUndefined();
    await made.remove("BTC/USDC");
  });

  it("that were never read let nothing be placed", async () => {
    const made = makeCase();
    expect(made.reason()).toBe("the control items were never read");
    made.isReachable = false;
    made.control.start();
    await made.world.until(() => made.changes.length > 0, "a failed reading");
    expect(made.told()).toEqual(["unreadable"]);
    made.isReachable = true;
    await made.world.pass(A_READING_MS);
    expect(made.told()).toEqual(["unreadable", "running"]);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ["with an unknown state", { state: "paused" }],
    ["without a state", {}],
    ["without a time", { state: "running", at: undefined }],
    ["with a time that is none", { state: "running", at: "yesterday" }],
    ["without a reason", { state: "running", reason: undefined }],
    ["without an author", { state: "halted", by: undefined }],
  ])("one %s is never running", async (_what, fields) => {
    const made = await makeCase().start();
    await made.put(SEI, fields);
    await made.world.pass(A_READING_MS);
    expect(made.reason(SEI)).toContain(`control item ${SEI} must be halted or running, with reason, by and a time`);
    expect(made.reason(ETH)).toBeUndefined();
    await made.put(SEI, { state: "running" });
    await made.world.pass(A_READING_MS);
    expect(made.told(SEI)).toEqual(["running", "unreadable", "running"]);
  });
});

describe("the reading at the start", () => {
  it("answers what stands there and tells it", async () => {
    const made = makeCase();
    await made.put(SEI, { state: "halted" });
    const reading = await made.world.settled(made.control.readOnce(), "the reading");
    expect(reading.get(SEI)?.state).toBe("halted");
    expect(reading.get(ETH)?.state).toBe("running");
    expect(made.told(SEI)).toEqual(["halted"]);
    expect(made.reason(ETH)).toBeUndefined();
  });

  it("is refused when the table is out of reach, answers late, or holds what cannot be understood", async () => {
    const made = makeCase();
    made.isReachable = false;
    await expect(made.control.readOnce()).rejects.toThrow("out of reach");
    made.isReachable = true;
    made.hangs = true;
    const startedMs = made.now.monotonicMs;
    const late = made.control.readOnce();
    await expect(made.world.settled(late, "the deadline")).rejects.toThrow("read the control items took longer than");
    expect(made.now.monotonicMs - startedMs).toBe(1_500);
    made.hangs = false;
    await made.put("ALL", { state: "?" });
    await expect(made.control.readOnce()).rejects.toThrow("control item ALL must be");
    expect(made.reason()).toContain("control item ALL must be");
  });
});

describe("items that cannot be read", () => {
  it.each([
    ["fail at once", { isReachable: false }],
    ["never answer", { hangs: true }],
  ])("count as a halt after 5 s, not before, when readings %s", async (_how, fault) => {
    const made = await makeCase().start();
    const readMs = made.now.monotonicMs;
    Object.assign(made, fault);
    await made.world.pass(4_900);
    expect(made.reason()).toBeUndefined();
    expect(made.told()).toEqual(["running"]);
    await made.world.pass(200);
    expect(made.now.monotonicMs - readMs).toBe(5_100);
    expect(made.reason()).toBe("the control items were not read for 5 s");
    expect(made.told()).toEqual(["running", "unreadable"]);
    Object.assign(made, { isReachable: true, hangs: false });
    await made.world.pass(2_100);
    expect(made.told()).toEqual(["running", "unreadable", "running"]);
    expect(made.reason()).toBeUndefined();
  });

  it("do not lift a halt that is known, and a resume in the dark is seen when they are back", async () => {
    const made = makeCase();
    await made.put("ALL", { state: "halted" });
    await made.start();
    made.isReachable = false;
    await made.put("ALL", { state: "running", at: made.at(1_000) });
    await made.world.pass(6_000);
    expect(made.reason()).toBe("halted by flashmm.operator, ALL: maintenance");
    expect(made.control.state(made.now).readable).toBe(false);
    made.isReachable = true;
    await made.world.pass(A_READING_MS);
    expect(made.told()).toEqual(["halted", "running"]);
  });

  it("age from before the question was sent, not from the answer", async () => {
    const { made, world, release } = await makeUnderWay();
    // Asked at 500 ms, answered at 1,500; then nothing any more.
    await world.pass(990);
    made.isReachable = false;
    release();
    await world.until(() => made.control.state(made.now).readAgeMs === 1_000, "the answer");
    await world.pass(4_000);
    expect(made.reason()).toBeUndefined();
    await world.pass(1);
    expect(made.reason()).toBe("the control items were not read for 5 s");
  });

  it("are not believed after a freeze of the machine until they were asked for again, however young they look", async () => {
    const made = await makeCase().start();
    await made.put("ALL", { state: "halted" });
    expect(made.control.reasonNotToPlace(SEI, made.now)).toBeUndefined();
    made.control.distrust();
    expect(made.control.reasonNotToPlace(SEI, made.now)).toMatch(/control items/);
    await made.world.pass(100);
    expect(made.reason()).toBe("halted by flashmm.operator, ALL: maintenance");
  });

  it("of which the question was under way at the freeze are asked for once more", async () => {
    const { made, world, release } = await makeUnderWay();
    await made.put("ALL", { state: "halted" });
    made.control.distrust();
    release();
    await world.pass(1);
    expect(made.control.reasonNotToPlace(SEI, made.now)).toBeDefined();
    await world.pass(A_READING_MS);
    expect(made.reason()).toBe("halted by flashmm.operator, ALL: maintenance");
  });

  it("are old for a process that was frozen, before any timer of it has run", async () => {
    const made = await makeCase().start();
    const { monotonicMs, epochMs } = made.now;
    const waked = { monotonicMs: monotonicMs + 60_000, epochMs: epochMs + 60_000 };
    expect(made.control.reasonNotToPlace(SEI, waked)).toBe("the control items were not read for 5 s");
  });

  it.each([-3_600_000, 3_600_000])(
    "do not get older or younger by a wall clock that jumps by %i ms",
    async (jumpMs) => {
      const made = await makeCase().start();
      made.isReachable = false;
      made.wallOffMs = jumpMs;
      await made.world.pass(4_900);
      expect(made.reason()).toBeUndefined();
      await made.world.pass(200);
      expect(made.reason()).toBeDefined();
    },
  );

  it("are logged once an outage", async () => {
    const made = await makeCase().start();
    made.isReachable = false;
    await made.world.pass(6_000);
    made.isReachable = true;
    await made.world.pass(A_READING_MS);
    const said = made.recorder.lines.filter((line) => line.startsWith("control items"));
    expect(said).toEqual(["control items could not be read", "control items are read again"]);
    // A field of that name would stand in place of the line's own time.
    for (const { fields } of made.recorder.records) expect(fields).not.toHaveProperty("at");
  });
});

describe("a confirmed halt", () => {
  it("is told once, with how long it took", async () => {
    const made = await makeCase().start();
    expect(made.control.confirmHalt(SEI, made.now)).toBeUndefined();
    const at = made.at();
    await made.put(SEI, { state: "halted", at });
    await made.world.pass(A_READING_MS);
    const seenMs = made.now.monotonicMs;
    await made.world.pass(700);
    // As it goes on the bus.
    const confirmed: EventDetail | undefined = made.control.confirmHalt(SEI, made.now);
    expect(confirmed).toMatchObject({ market: SEI, reason: `${SEI}: maintenance`, by: "flashmm.operator", at });
    expect(confirmed?.["withinMs"]).toBeGreaterThanOrEqual(made.now.monotonicMs - seenMs);
    expect(confirmed?.["withinMs"]).toBeLessThan(750);
    expect(confirmed?.["confirmedAt"]).toBe(made.at());
    // A second reason for the halt is no second halt.
    await made.put("ALL", { state: "halted" });
    await made.world.pass(A_READING_MS);
    expect(made.control.confirmHalt(SEI, made.now)).toBeUndefined();
    expect(made.control.confirmHalt(ETH, made.now)?.reason).toBe("ALL: maintenance");
  });

  it("is told of unreadable items too, and again after the next halt", async () => {
    const made = await makeCase().start();
    for (let outage = 0; outage < 2; outage++) {
      made.isReachable = false;
      await made.world.pass(5_100);
      expect(made.control.confirmHalt(SEI, made.now)).toMatchObject({
        by: "engine-1",
        reason: expect.stringContaining("5 s"),
      });
      made.isReachable = true;
      await made.world.pass(A_READING_MS);
    }
  });
});

it("the state shows the age of the reading, each market and each kill", async () => {
  const made = await makeCase().start();
  made.control.latch(ETH, "loss limit");
  const before = made.control.state(made.now);
  expect(before.kills).toEqual([{ scope: ETH, reason: "loss limit", at: made.at(), isWritten: false }]);
  await made.world.pass(100);
  expect(made.control.state(made.now)).toEqual({
    readable: true,
    readAgeMs: expect.any(Number),
    markets: [
      { market: SEI, control: { state: "running", at: null } },
      { market: ETH, control: expect.objectContaining({ state: "halted", reason: `${ETH}: loss limit` }) },
    ],
    kills: [expect.objectContaining({ scope: ETH, isWritten: true })],
  });
});
