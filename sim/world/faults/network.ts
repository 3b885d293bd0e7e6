/** Faults of the way to the order API, for whoever uses it: slow, lossy, repeating, silent, gone. Owns their drawing. */
import { logBetween, oneOf } from "../swarm/draw.ts";
import type { Impairment } from "../weather.ts";
import {
  type FaultKind,
  type FaultParameters,
  type FaultyWorld,
  MOMENT,
  numberOf,
  OFTEN,
  RARELY,
  WHILE,
} from "./kind.ts";

/** A request that arrives after its sender's time-out (2 s) would arrive unaccounted for; longer ways lose it instead. */
const ONE_WAY_MS_MAX = 1_900;
const CHANCE = { low: 0.02, high: 0.9 };

export const NETWORK_FAULTS: readonly FaultKind[] = [
  {
    name: "venue/delay",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => {
      const highMs = logBetween(rng, { low: 50, high: ONE_WAY_MS_MAX });
      return { lowMs: oneOf(rng, [0, highMs / 2]), highMs };
    },
    start: impairing((drawn) => ({ delay: { low: numberOf(drawn, "lowMs"), high: numberOf(drawn, "highMs") } })),
  },
  {
    name: "venue/request-lost",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ chance: logBetween(rng, CHANCE) }),
    start: impairing((drawn) => ({ requestLoss: numberOf(drawn, "chance") })),
  },
  {
    name: "venue/reply-lost",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ chance: logBetween(rng, CHANCE) }),
    start: impairing((drawn) => ({ replyLoss: numberOf(drawn, "chance") })),
  },
  {
    name: "venue/repeated",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ chance: logBetween(rng, { low: 0.02, high: 0.5 }) }),
    start: impairing((drawn) => ({ copies: numberOf(drawn, "chance") })),
  },
  {
    name: "venue/half-open",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: () => ({}),
    start: impairing(() => ({ reachability: "silent" })),
  },
  {
    name: "venue/refused",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: () => ({}),
    start: impairing(() => ({ reachability: "refused" })),
  },
  {
    name: "venue/clog",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: (rng) => ({ byMs: logBetween(rng, { low: 500, high: ONE_WAY_MS_MAX }) }),
    start: impairing((drawn) => ({ delay: { low: numberOf(drawn, "byMs") * 0.9, high: numberOf(drawn, "byMs") } })),
  },
  {
    name: "venue/connecting",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ highMs: logBetween(rng, { low: 20, high: ONE_WAY_MS_MAX }) }),
    start: impairing((drawn) => ({
      connecting: { low: numberOf(drawn, "highMs") / 2, high: numberOf(drawn, "highMs") },
    })),
  },
];

function impairing(impairment: (drawn: FaultParameters) => Impairment): FaultKind["start"] {
  return ({ world }: FaultyWorld, drawn) => world.network.weather(world.venueUrl).impair(impairment(drawn));
}
