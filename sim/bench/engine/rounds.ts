/**
 * Rounds of ticks in the engine's process: each tick is asked of the venue, and led to the floor, the task or the usual construction.
 * Owns the order of things within a round; what is said of the figures is the parent's.
 */
import type { Task } from "../../../fargate/task.ts";
import { restingInTurn } from "../../../fargate/warm-up.ts";
import { runClockRound } from "./clock-round.ts";
import type { RoundReport, Variant } from "./engine-order.ts";
import { frame, type RoundParts, type Tick, taskTick, toReport } from "./ticks.ts";

/** Beyond the request budget's second, so that each tick finds it free, and below the age at which a book may not be quoted on. */
const MARKET_STEP_MS = 1_050;
/** One tick upon the other, before the task's lease and its control items must be looked at again. */
const TICKS_IN_A_ROW = 3;
/** Two levels a side, as `config/local.json` has them. */
export const QUOTES = 4;
/** What the second control is slower by. */
const PLUS_MICROS = 5;

type RoundInput = { readonly variant: Variant; readonly ticks: number; readonly isHot: boolean };

export async function runRound(parts: RoundParts, input: RoundInput): Promise<RoundReport> {
  const { bench, line } = parts;
  await line.report();
  if (input.variant === "usual-clock") return await runClockRound(parts, input.ticks);
  const done: Tick[] = [];
  for (let tick = 0; tick < input.ticks; tick += 1) {
    const stamps = await runTick(parts, input, tick);
    if (stamps !== undefined) done.push(stamps);
  }
  bench.tap.feed(undefined);
  await bench.stepped?.stop();
  const { ticks } = await line.report();
  return toReport(done, {
    ticks,
    missed: input.ticks - done.length,
    notes: [...bench.task.health().reasons, ...bench.complaints],
  });
}

/** One tick; undefined when it led to no order. */
async function runTick(parts: RoundParts, { variant, isHot }: RoundInput, tick: number): Promise<Tick | undefined> {
  const { bench } = parts;
  switch (variant) {
    case "floor":
    case "floor-again":
    case "floor-plus":
      return await floorTick(parts, variant === "floor-plus" ? PLUS_MICROS : 0, isHot);
    case "floor-paced":
      await keepPace(parts, tick, isHot);
      return await floorTick(parts, 0, isHot);
    case "floor-four":
      bench.tap.feed(undefined);
      await bench.stepped?.step(MARKET_STEP_MS);
      return await fourTick(parts, isHot);
    case "usual":
    case "usual-clock":
      await keepPace(parts, tick, isHot);
      return await usualTick(parts, isHot);
    case "task":
      await keepPace(parts, tick, isHot);
      bench.stepped?.jump(MARKET_STEP_MS);
      rehearse(bench.task);
      return await taskTick(parts, "book", isHot);
    case "first":
      parts.path.turn();
      return await runFirst(parts, isHot);
    case "requote":
      bench.tap.feed(undefined);
      await bench.stepped?.step(MARKET_STEP_MS);
      await taskTick(parts, "halt", isHot);
      bench.stepped?.jump(MARKET_STEP_MS);
      return await requoted(parts, isHot);
  }
}

/** Before every few ticks a second of the task's market and its first tick, which is another variant: the caches are full of them then. */
async function keepPace(parts: RoundParts, tick: number, isHot: boolean): Promise<void> {
  if (tick % TICKS_IN_A_ROW !== 0) return;
  parts.path.turn();
  await runFirst(parts, isHot);
}

/** The last of what a second that is jumped over would have had of it, forty times: each resting order's cancel was signed within it. */
function rehearse({ charge: { engine, venue } }: Task): void {
  if (engine === undefined || venue === undefined) return;
  const resting = restingInTurn(engine);
  for (let quote = 0; quote < QUOTES; quote += 1) venue.rehearse(resting());
}

async function floorTick(parts: RoundParts, busyMicros: number, isHot: boolean): Promise<Tick> {
  const { bench, floor } = parts;
  bench.tap.feed(floor.sink(busyMicros));
  const answered = floor.answered();
  await frame(parts, "book", isHot);
  return { ...(await answered), framedMs: bench.tap.atMs };
}

async function fourTick(parts: RoundParts, isHot: boolean): Promise<Tick> {
  const { bench, floors } = parts;
  const sinks = floors.map((floor) => floor.sink(0));
  bench.tap.feed(() => {
    for (const sink of sinks) sink();
  });
  const answered = Promise.all(floors.map((floor) => floor.answered()));
  await frame(parts, "book", isHot);
  const stamps = await answered;
  const { atMs: framedMs } = bench.tap;
  const [writtenMs = Number.NaN] = stamps.map((stamp) => stamp.writtenMs);
  return { writtenMs, answersMs: stamps.flatMap(({ answersMs }) => answersMs).toSorted((a, b) => a - b), framedMs };
}

async function usualTick(parts: RoundParts, isHot: boolean): Promise<Tick> {
  const { bench, usual } = parts;
  bench.tap.feed(usual.sink);
  const answered = usual.answered();
  await frame(parts, "book", isHot);
  return { ...(await answered), framedMs: bench.tap.atMs };
}

/** Only where all four quotes were placed: the last answer of fewer would flatter. */
async function requoted(parts: RoundParts, isHot: boolean): Promise<Tick | undefined> {
  const tick = await taskTick(parts, "open", isHot);
  return tick?.answersMs.length === QUOTES ? tick : undefined;
}

/** A second of the market passes first, in which the task does all that it does beside its quotes. */
async function runFirst(parts: RoundParts, isHot: boolean): Promise<Tick | undefined> {
  parts.bench.tap.feed(undefined);
  await parts.bench.stepped?.step(MARKET_STEP_MS);
  return await taskTick(parts, "book", isHot);
}
