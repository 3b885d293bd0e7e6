/**
 * Faults of the task's process and of the service that runs it: stalls, freezes, crashes now or at a point of a call, a second task, a
 * deployment, no room for a new one. Owns their drawing.
 */
import type { Rng } from "../../../fargate/seams.ts";
import { chance, logBetween, oneOf, wholeLogBetween } from "../swarm/draw.ts";
import type { CallMoment, CallName, CrashPoint, WorldProcess } from "../world-process.ts";
import {
  type FaultKind,
  type FaultParameters,
  type FaultyWorld,
  LONG,
  MOMENT,
  numberOf,
  OFTEN,
  RARELY,
  textOf,
  WHILE,
} from "./kind.ts";

export const MOMENTS: readonly [CallMoment, ...CallMoment[]] = [
  "before-write",
  "after-write",
  "after-effect",
  "answer-arrived",
];

/** Calls that a task makes, those to AWS by what they touch. */
export const CALLS: readonly [
  { readonly call: CallName; readonly matching?: string },
  ...{ readonly call: CallName; readonly matching?: string }[],
] = [
  { call: "place" },
  { call: "cancel" },
  { call: "order" },
  { call: "orders" },
  { call: "fills" },
  { call: "account" },
  { call: "queue" },
  { call: "bus" },
  { call: "table", matching: 'UpdateItem.*"LEASE"' },
  { call: "table", matching: 'UpdateItem.*"RISK"' },
  { call: "table", matching: 'UpdateItem.*"FILLS"' },
  { call: "table", matching: 'Query.*"CONTROL"' },
  { call: "table", matching: "MINUTE" },
];

export const PROCESS_FAULTS: readonly FaultKind[] = [
  {
    name: "process/stall",
    everyMs: OFTEN,
    lastsMs: { low: 50, high: 10_000 },
    draw: () => ({}),
    start: (world) => frozen(world, "goes-on"),
  },
  {
    name: "process/freeze",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng) => ({ standsStill: chance(rng, 0.5) }),
    start: (world, drawn) => frozen(world, drawn["standsStill"] === true ? "stands-still" : "goes-on"),
  },
  {
    name: "process/crash",
    everyMs: RARELY,
    lastsMs: MOMENT,
    draw: () => ({}),
    start: ({ service }) => {
      service.tasks[0]?.process.crash();
      return undefined;
    },
  },
  {
    name: "process/crash-point",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: drawPoint,
    start: ({ service, mark }, drawn) => {
      const point = pointOf(drawn);
      return service.tasks[0]?.process.crashAt(point, () => mark(`crash ${point.moment} ${nameOf(drawn)}`));
    },
  },
  {
    name: "process/freeze-point",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng) => ({ ...drawPoint(rng), standsStill: chance(rng, 0.5) }),
    start: ({ service }, drawn) => {
      const process = service.tasks[0]?.process;
      const giveUp = process?.freezeAt(pointOf(drawn), drawn["standsStill"] === true ? "stands-still" : "goes-on");
      return () => {
        giveUp?.();
        process?.thaw();
      };
    },
  },
  {
    name: "process/second-task",
    everyMs: RARELY,
    lastsMs: LONG,
    draw: () => ({}),
    start: ({ service }) => {
      service.startAnother();
      return () => service.settle();
    },
  },
  {
    name: "process/deployment",
    everyMs: RARELY,
    lastsMs: MOMENT,
    draw: () => ({}),
    start: ({ service }) => {
      service.deploy();
      return undefined;
    },
  },
  {
    name: "process/no-capacity",
    everyMs: { low: 20 * 60_000, high: 120 * 60_000 },
    lastsMs: LONG,
    draw: (rng) => ({ crashes: chance(rng, 0.7) }),
    start: ({ service }, drawn) => {
      service.hasNoCapacity = true;
      if (drawn["crashes"] === true) service.tasks[0]?.process.crash();
      return () => {
        service.hasNoCapacity = false;
      };
    },
  },
];

export const CLOCK_FAULTS: readonly FaultKind[] = [
  {
    name: "clock/jump",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng) => ({ byMs: (chance(rng, 0.5) ? 1 : -1) * logBetween(rng, { low: 100, high: 3_600_000 }) }),
    start: ({ service }, drawn) => {
      const process = service.tasks[0]?.process;
      process?.jumpWall(numberOf(drawn, "byMs"));
      return () => process?.jumpWall(-numberOf(drawn, "byMs"));
    },
  },
  {
    name: "clock/drift",
    everyMs: RARELY,
    lastsMs: LONG,
    draw: (rng) => ({ msPerSecond: (chance(rng, 0.5) ? 1 : -1) * logBetween(rng, { low: 0.05, high: 100 }) }),
    start: ({ service, world }, drawn) => {
      const process = service.tasks[0]?.process;
      const byMs = numberOf(drawn, "msPerSecond");
      let sumMs = 0;
      let cancel = world.time.after(1_000, drift);
      function drift(): void {
        sumMs += byMs;
        process?.jumpWall(byMs);
        cancel = world.time.after(1_000, drift);
      }
      return () => {
        cancel();
        process?.jumpWall(-sumMs);
      };
    },
  },
];

function drawPoint(rng: Rng): FaultParameters {
  const { call, matching = "" } = oneOf(rng, CALLS);
  return { moment: oneOf(rng, MOMENTS), call, matching, nth: wholeLogBetween(rng, { low: 1, high: 8 }) };
}

function pointOf(drawn: FaultParameters): CrashPoint {
  const moment = MOMENTS.find((each) => each === drawn["moment"]) ?? MOMENTS[0];
  const { call } = CALLS.find((each) => each.call === drawn["call"]) ?? CALLS[0];
  const matching = textOf(drawn, "matching");
  return { moment, call, nth: numberOf(drawn, "nth"), ...(matching === "" ? {} : { matching: new RegExp(matching) }) };
}

function frozen({ service }: FaultyWorld, monotonic: Parameters<WorldProcess["freeze"]>[0]): (() => void) | undefined {
  const process = service.tasks[0]?.process;
  if (process === undefined || process.state !== "running") return undefined;
  process.freeze(monotonic);
  return () => process.thaw();
}

/** `table RISK` and the like. */
function nameOf(drawn: FaultParameters): string {
  const touched = /[A-Z]{4,}/.exec(textOf(drawn, "matching"))?.[0] ?? "";
  return `${textOf(drawn, "call")} ${touched}`.trimEnd();
}
