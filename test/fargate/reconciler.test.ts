import { afterEach, expect, test } from "vitest";
import type { EngineEvent } from "../../core/events.ts";
import { Reconciler } from "../../fargate/reconciler.ts";
import type { Answered, Balance } from "../../fargate/venue.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder } from "./driven-world.ts";
import { makeEngine } from "./make-engine.ts";

const ONE = 10n ** 18n;
const AGREED = { fillCount: 0, position: 0n };

const running: Reconciler[] = [];
afterEach(() => {
  for (const reconciler of running.splice(0)) reconciler.stop();
});

/** A reconciler of a real engine that expects 100 SEI at the venue; venue and ledger answer as they are told. */
function makeCase() {
  const world = new VirtualTime();
  const { engine, market } = makeEngine({ baseline: 100n * ONE });
  const { log, lines } = makeRecorder();
  const pushed: EngineEvent[] = [];
  const askedMs: number[] = [];
  const answers = {
    held: (100n * ONE) as bigint | Error,
    spent: undefined as bigint | undefined,
    ledger: AGREED as typeof AGREED | Error,
    takesMs: 0,
    /** How long before the balances were read the request was sent that they answer. */
    ageMs: 0,
  };
  const pause = () => new Promise<void>((resolve) => world.after(answers.takesMs, resolve));
  const reconciler = new Reconciler({
    engine,
    venue: {
      balances: async (): Promise<Answered<readonly Balance[]>> => {
        askedMs.push(world.nowMs);
        await pause();
        if (answers.held instanceof Error) throw answers.held;
        const { held: total, spent } = answers;
        const held = { asset: "SEI", total, available: 0n, ...(spent !== undefined && { spent }) };
        return { value: [held], askedMs: world.nowMs - answers.ageMs };
      },
    },
    stateTable: {
      readLedger: async () => {
        if (answers.ledger instanceof Error) throw answers.ledger;
        return answers.ledger;
      },
    },
    push: (event) => {
      pushed.push(event);
      engine.apply(event);
    },
    clock: world.clock,
    log,
  });
  running.push(reconciler);
  return { world, reconciler, market, pushed, askedMs, answers, lines };
}

test("at the start balances and ledger are told, of when they were asked for, and what agrees is said to", async () => {
  const { world, reconciler, pushed, answers } = makeCase();
  answers.takesMs = 40;
  answers.ageMs = 15;
  expect(await world.settled(reconciler.compare(true), "the comparison")).toBe("SEI/USDC agrees");
  expect(pushed).toEqual([
    {
      type: "balances-read",
      balances: new Map([["SEI", 100n * ONE]]),
      askedMs: 25,
      isSettled: true,
      at: { ...world.clock.now(), monotonicMs: 40 },
    },
    { type: "ledger-read", market: "SEI/USDC", ...AGREED, isSettled: true, at: world.clock.now() },
  ]);
});

test("what the venue counts and is spent already is told beside the balance", async () => {
  const { world, reconciler, pushed, answers } = makeCase();
  answers.spent = 3n * ONE;
  expect(await world.settled(reconciler.compare(true), "the comparison")).toBe("SEI/USDC agrees");
  expect(pushed[0]).toMatchObject({
    balances: new Map([["SEI", 100n * ONE]]),
    spent: new Map([["SEI", 3n * ONE]]),
  });
});

test("at the start a difference with the venue counts at once, and is told in words", async () => {
  const { world, reconciler, market, answers } = makeCase();
  answers.held = 99n * ONE;
  const words = await world.settled(reconciler.compare(true), "the comparison");
  expect(words).toBe("SEI/USDC the venue holds 99 SEI, the books expect 100 SEI");
  expect(market.check.reasons).toEqual(["the venue holds 99 SEI, the books expect 100 SEI"]);
});

test("at the start a venue that cannot be asked is an error, and a ledger that cannot be read is none", async () => {
  const { world, reconciler, pushed, answers, lines } = makeCase();
  answers.held = new Error("no whole answer");
  await expect(world.settled(reconciler.compare(true), "the end")).rejects.toThrow("no whole answer");
  answers.held = 100n * ONE;
  answers.ledger = new Error("the table is out of reach");
  expect(await world.settled(reconciler.compare(true), "the end")).toBe("SEI/USDC agrees");
  expect(pushed.map(({ type }) => type)).toEqual(["balances-read"]);
  expect(lines).toEqual(["the ledger's position could not be read"]);
});

test("all is compared every 30 s, counted from the answer before", async () => {
  const { world, reconciler, askedMs, pushed, answers } = makeCase();
  answers.takesMs = 1_000;
  reconciler.start();
  await world.pass(100_000);
  expect(askedMs).toEqual([30_000, 61_000, 92_000]);
  expect(pushed.map(({ type }) => type)).toEqual(Array(3).fill(["balances-read", "ledger-read"]).flat());
});

test("while something differs it is compared every 10 s, and a difference that lasts 60 s holds the market", async () => {
  const { world, reconciler, market, askedMs, answers } = makeCase();
  answers.held = 101n * ONE;
  reconciler.start();
  await world.pass(80_000);
  expect(askedMs).toEqual([30_000, 40_000, 50_000, 60_000, 70_000, 80_000]);
  expect(market.check.differences).toHaveLength(1);
  expect(market.check.reasons).toEqual([]);
  await world.pass(10_000);
  expect(market.check.reasons).toEqual(["the venue holds 101 SEI, the books expect 100 SEI"]);
  answers.held = 100n * ONE;
  await world.pass(10_000);
  expect(market.check.reasons).toEqual([]);
  await world.pass(60_000);
  expect(askedMs.slice(7)).toEqual([100_000, 130_000, 160_000]);
});

test("a ledger that differs is compared sooner as well", async () => {
  const { world, reconciler, market, askedMs, answers } = makeCase();
  answers.ledger = { fillCount: 2, position: 5n * ONE };
  reconciler.start();
  await world.pass(40_000);
  expect(askedMs).toEqual([30_000, 40_000]);
  expect(market.check.differences).toEqual([expect.stringContaining("fills that the engine does not")]);
});

test("a venue that fails is asked again in time, and the ledger is read all the same", async () => {
  const { world, reconciler, askedMs, pushed, answers, lines } = makeCase();
  answers.held = new Error("no whole answer");
  reconciler.start();
  await world.pass(60_000);
  expect(askedMs).toEqual([30_000, 60_000]);
  expect(pushed.map(({ type }) => type)).toEqual(["ledger-read", "ledger-read"]);
  expect(lines).toEqual(Array(2).fill("the balances could not be read"));
});

test("after the stop nothing is told, also of an answer that was on its way", async () => {
  const { world, reconciler, askedMs, pushed, answers } = makeCase();
  answers.takesMs = 1_000;
  reconciler.start();
  await world.pass(30_500);
  reconciler.stop();
  await world.pass(120_000);
  expect(askedMs).toEqual([30_000]);
  expect(pushed).toEqual([]);
});
