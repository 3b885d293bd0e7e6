import { expect, test } from "vitest";
import { Startup, type StartupStep } from "../../fargate/startup.ts";
import { ManualClock } from "../sim/local/manual-clock.ts";
import { makeRecorder } from "./driven-world.ts";

function makeStartup(chance = 0) {
  const clock = new ManualClock(0);
  const { log, lines } = makeRecorder();
  return { clock, lines, startup: new Startup({ clock, rng: { next: () => chance }, log }) };
}

/** Lets what is settled go on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test("steps run one after the other, each shown with what it found", async () => {
  const { startup, lines } = makeStartup();
  const first = Promise.withResolvers<string>();
  const ran: string[] = [];
  const run = startup.run([
    { step: "first", run: () => first.promise },
    { step: "second", run: async () => String(ran.push("second")) },
  ]);
  await turns();
  expect(startup.steps).toEqual([
    { step: "first", state: "running", detail: "" },
    { step: "second", state: "waiting", detail: "" },
  ]);
  expect(ran).toEqual([]);
  first.resolve("found it");
  expect(await run).toBe(true);
  expect(startup.steps).toEqual([
    { step: "first", state: "done", detail: "found it" },
    { step: "second", state: "done", detail: "1" },
  ]);
  expect(lines).toEqual(["start-up step done", "start-up step done"]);
});

test.each([
  { chance: 0, share: 0.5 },
  { chance: 0.5, share: 0.75 },
])("a step that does not hold is tried again at doubling intervals up to 5 s (chance $chance)", async (of) => {
  const { startup, clock } = makeStartup(of.chance);
  const atMs: number[] = [];
  const failing: StartupStep = {
    step: "reach the table",
    run: async () => {
      atMs.push(clock.now().monotonicMs);
      if (atMs.length < 8) throw new Error(`refused ${atMs.length} times`);
      return "reached";
    },
  };
  const run = startup.run([failing]);
  await turns();
  expect(startup.steps).toEqual([{ step: "reach the table", state: "running", detail: "refused 1 times" }]);
  for (let at = 0; at < 40_000; at += 25) {
    clock.advance(25);
    await turns();
  }
  expect(await run).toBe(true);
  const waits = atMs.slice(1).map((ms, index) => ms - (atMs[index] ?? 0));
  const wanted = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000].map((ms) => ms * of.share);
  for (const [index, wait] of waits.entries()) expect(Math.abs(wait - (wanted[index] ?? 0))).toBeLessThan(25);
  expect(waits).toHaveLength(7);
});

test("a stop ends the waiting at once, and no later step runs", async () => {
  const { startup, clock } = makeStartup();
  const ran: string[] = [];
  const run = startup.run([
    { step: "first", run: () => Promise.reject(new Error("not yet")) },
    { step: "second", run: async () => String(ran.push("second")) },
  ]);
  await turns();
  startup.stop();
  expect(await run).toBe(false);
  expect(ran).toEqual([]);
  expect(clock.pending).toBe(0);
  expect(startup.steps[0]).toEqual({ step: "first", state: "running", detail: "not yet" });
});

test("a step under way at the stop is waited for, and is the last", async () => {
  const { startup } = makeStartup();
  const first = Promise.withResolvers<string>();
  const ran: string[] = [];
  const run = startup.run([
    { step: "first", run: () => first.promise },
    { step: "second", run: async () => String(ran.push("second")) },
  ]);
  startup.stop();
  first.resolve("");
  expect(await run).toBe(false);
  expect(ran).toEqual([]);
});

test("a step shows what it waits for, by its own hand or by its name, while it is under way and no longer", async () => {
  const { startup, clock } = makeStartup();
  const run = startup.run([
    {
      step: "win the lease",
      run: async ({ show, pause }) => {
        show("asked");
        await pause(1_000);
        return "epoch 7";
      },
    },
    { step: "quote", run: () => new Promise(() => undefined) },
  ]);
  const shown = () => startup.steps.map(({ state, detail }) => `${state}: ${detail}`);
  startup.show("quote", "not under way yet");
  expect(shown()).toEqual(["running: asked", "waiting: "]);
  startup.show("win the lease", "held by task-b");
  startup.show("no such step", "nobody");
  expect(shown()).toEqual(["running: held by task-b", "waiting: "]);
  clock.advance(1_000);
  await turns();
  startup.show("win the lease", "too late");
  expect(shown()).toEqual(["done: epoch 7", "running: "]);
  startup.stop();
  void run;
});

test("a pause lasts as long as it was asked for, and says whether the start goes on", async () => {
  const { startup, clock } = makeStartup();
  const ended: [number, boolean][] = [];
  const run = startup.run([
    {
      step: "keep quiet",
      run: async ({ pause }) => {
        for (const delayMs of [0, 6_667, 60_000, 60_000]) {
          const goesOn = await pause(delayMs);
          ended.push([clock.now().monotonicMs, goesOn]);
        }
        return "quiet";
      },
    },
  ]);
  for (const byMs of [0, 6_666, 1]) {
    clock.advance(byMs);
    await turns();
  }
  expect(ended).toEqual([
    [0, true],
    [6_667, true],
  ]);
  clock.advance(1_000);
  startup.stop();
  expect(await run).toBe(false);
  // The pause under way ends at once, and a later one does not begin.
  expect(ended.slice(2)).toEqual([
    [7_667, false],
    [7_667, false],
  ]);
  expect(clock.pending).toBe(0);
  expect(startup.steps[0]).toMatchObject({ state: "running" });
});

test("a step that never holds ends the start after sixty attempts, with its last reason", async () => {
  const { startup, clock } = makeStartup();
  let attempts = 0;
  const run = startup.run([
    {
      step: "reach the table",
      run: async () => {
        attempts += 1;
        throw new Error(`refused ${attempts} times`);
      },
    },
  ]);
  const failed = expect(run).rejects.toMatchObject({
    code: "STARTUP_FAILED",
    message: 'start-up step "reach the table" did not hold after 60 attempts: refused 60 times',
    cause: { message: "refused 60 times" },
  });
  for (let at = 0; at < 60 * 5_000; at += 2_500) {
    clock.advance(2_500);
    await turns();
  }
  await failed;
  expect(attempts).toBe(60);
});
