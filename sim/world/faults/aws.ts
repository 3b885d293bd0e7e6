/**
 * Faults of AWS and of what is kept there: throttling, errors though it was done, slowness, lost calls and messages, outages of hours, items
 * that a foreign hand alters. Owns their drawing.
 */
import { logBetween, oneOf, wholeBetween } from "../swarm/draw.ts";
import { ALTERED } from "../swarm/foreign-hand.ts";
import type { Impairment } from "../weather.ts";
import {
  type FaultKind,
  type FaultParameters,
  type FaultyWorld,
  LONG,
  numberOf,
  OFTEN,
  RARELY,
  textOf,
  WHILE,
} from "./kind.ts";

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
  {
    name: "aws/message-lost",
    everyMs: RARELY,
    lastsMs: LONG,
    draw: (rng) => ({ each: wholeBetween(rng, { low: 1, high: 10 }) }),
    start: ({ world }, drawn) => {
      world.queue.losesEach = numberOf(drawn, "each");
      return () => {
        world.queue.losesEach = undefined;
        world.queue.findLost();
      };
    },
  },
  {
    name: "aws/item-altered",
    everyMs: RARELY,
    lastsMs: LONG,
    draw: (rng, markets) => ({
      market: markets[Math.floor(rng.next() * markets.length)] ?? "",
      attribute: oneOf(rng, ALTERED),
      nth: rng.next(),
    }),
    start: ({ hand }, drawn) => {
      const attribute = ALTERED.find((each) => each === drawn["attribute"]) ?? ALTERED[0];
      return hand.alter(textOf(drawn, "market"), { attribute, nth: numberOf(drawn, "nth") });
    },
  },
];

function impairing(impairment: (drawn: FaultParameters) => Impairment): FaultKind["start"] {
  return ({ world }: FaultyWorld, drawn) => {
    const service = SERVICES.find((each) => each === textOf(drawn, "service")) ?? "table";
    return world.awsWeather[service].impair(impairment(drawn));
  };
}
