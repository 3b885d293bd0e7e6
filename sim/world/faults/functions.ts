/** Faults of the functions: killed wherever they are or at a call, delivered twice, or not invoked at all. Owns their drawing. */
import { logBetween, oneOf, wholeLogBetween } from "../swarm/draw.ts";
import type { FunctionName } from "../swarm/functions.ts";
import { type FaultKind, LONG, MOMENT, numberOf, OFTEN, RARELY, WHILE } from "./kind.ts";
import { MOMENTS } from "./process.ts";

const NAMES: readonly [FunctionName, ...FunctionName[]] = [
  "fill-accounting",
  "fill-accounting",
  "fill-accounting",
  "fill-audit",
  "health-sweep",
  "operator-control",
];
const CALLS = ["table", "table", "queue", "bus", "orders", "fills", "cancel"] as const;

export const FUNCTION_FAULTS: readonly FaultKind[] = [
  {
    name: "function/killed",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: (rng) => ({ name: oneOf(rng, NAMES) }),
    start: ({ functions }, drawn) => {
      functions.hosts[nameOf(drawn["name"])].killNow();
      return undefined;
    },
  },
  {
    name: "function/killed-at",
    everyMs: { low: 20_000, high: 600_000 },
    lastsMs: MOMENT,
    draw: (rng) => ({
      name: oneOf(rng, NAMES),
      call: oneOf(rng, CALLS),
      moment: oneOf(rng, MOMENTS),
      nth: wholeLogBetween(rng, { low: 1, high: 12 }),
    }),
    start: ({ functions }, drawn) => {
      const moment = MOMENTS.find((each) => each === drawn["moment"]) ?? MOMENTS[0];
      const call = CALLS.find((each) => each === drawn["call"]) ?? CALLS[0];
      functions.hosts[nameOf(drawn["name"])].killAt({ moment, call, nth: numberOf(drawn, "nth") });
      return undefined;
    },
  },
  {
    name: "function/repeated",
    everyMs: OFTEN,
    lastsMs: LONG,
    draw: (rng) => ({ chance: logBetween(rng, { low: 0.02, high: 0.6 }) }),
    start: ({ functions }, drawn) => {
      functions.repeats = numberOf(drawn, "chance");
      return () => {
        functions.repeats = 0;
      };
    },
  },
  {
    name: "function/audited-twice",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: () => ({}),
    start: ({ functions }) => {
      void functions.audit();
      void functions.audit();
      return undefined;
    },
  },
  {
    name: "function/not-invoked",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: () => ({}),
    start: ({ functions }) => {
      functions.isThrottled = true;
      return () => {
        functions.isThrottled = false;
      };
    },
  },
];

function nameOf(drawn: unknown): FunctionName {
  return NAMES.find((name) => name === drawn) ?? NAMES[0];
}
