/** Faults of AWS: throttling, errors though it was done, slowness, lost calls, outages of hours. Owns their drawing. */
import { logBetween, oneOf } from "../swarm/draw.ts";
import type { Impairment } from "../weather.ts";
import { type FaultKind, type FaultParameters, type FaultyWorld, numberOf, OFTEN, textOf, WHILE } from "./kind.ts";

const SERVICES = ["table", "table", "queue", "bus"] as const;
/** The outage of us-east-1 on 2025-10-19 had DynamoDB away for 2 h 52 min. */
const OUTAGE_MS = { low: 20_000, high: 3 * 3_600_000 };
const CHANCE = { low: 0.05, high: 0.95 };

export const AWS_FAULTS: readonly FaultKind[] = [
  {
    name: "aws/throttled",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ service: oneOf(rng, SERVICES), chance: logBetween(rng, CHANCE) }),
    start: impairing((drawn) => ({
      failure: { chance: numberOf(drawn, "chance"), when: "before", code: "ThrottlingException" },
    })),
  },
  {
    name: "aws/error-though-done",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ service: oneOf(rng, SERVICES), chance: logBetween(rng, CHANCE) }),
    start: impairing((drawn) => ({
      failure: { chance: numberOf(drawn, "chance"), when: "after", code: "InternalServerError" },
    })),
  },
  {
    name: "aws/slow",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ service: oneOf(rng, SERVICES), highMs: logBetween(rng, { low: 50, high: 5_000 }) }),
    start: impairing((drawn) => ({ delay: { low: 0, high: numberOf(drawn, "highMs") } })),
  },
  {
    name: "aws/request-lost",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ service: oneOf(rng, SERVICES), chance: logBetween(rng, CHANCE) }),
    start: impairing((drawn) => ({ requestLoss: numberOf(drawn, "chance") })),
  },
  {
    name: "aws/reply-lost",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ service: oneOf(rng, SERVICES), chance: logBetween(rng, CHANCE) }),
    start: impairing((drawn) => ({ replyLoss: numberOf(drawn, "chance") })),
  },
  {
    name: "aws/outage",
    everyMs: { low: 20 * 60_000, high: 180 * 60_000 },
    lastsMs: OUTAGE_MS,
    draw: (rng) => ({ service: oneOf(rng, SERVICES), how: oneOf(rng, ["refused", "silent"]) }),
    start: impairing((drawn) => ({ reachability: drawn["how"] === "silent" ? "silent" : "refused" })),
  },
  {
    name: "aws/all-away",
    everyMs: { low: 30 * 60_000, high: 240 * 60_000 },
    lastsMs: { low: 5_000, high: 600_000 },
    draw: () => ({}),
    start: ({ world }) => {
      const undos = Object.values(world.awsWeather).map((weather) => weather.impair({ reachability: "refused" }));
      return () => {
        for (const undo of undos) undo();
      };
    },
  },
];

function impairing(impairment: (drawn: FaultParameters) => Impairment): FaultKind["start"] {
  return ({ world }: FaultyWorld, drawn) => {
    const service = SERVICES.find((each) => each === textOf(drawn, "service")) ?? "table";
    return world.awsWeather[service].impair(impairment(drawn));
  };
}
