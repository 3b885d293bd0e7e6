/** Faults of the way to a host of the simulated network, the same for each such host: lost, late, away. Owns their drawing. */
import { logBetween, oneOf } from "../swarm/draw.ts";
import type { Impairment } from "../weather.ts";
import { type FaultKind, type FaultParameters, LONG, numberOf } from "./kind.ts";

/** Longer on its way than this, a request would arrive when its sender has given it up (10 s), and the host would do it. */
const ONE_WAY_MS = { low: 100, high: 4_500 };

export type Way = {
  /** The family's name, with its slash. */
  readonly family: string;
  readonly url: string;
  readonly everyMs: FaultKind["everyMs"];
  /** Of the loss of one request or one reply. */
  readonly chance: { readonly low: number; readonly high: number };
};

export function wayFaults({ family, url, everyMs, chance }: Way): readonly FaultKind[] {
  const impairing =
    (impairment: (drawn: FaultParameters) => Impairment): FaultKind["start"] =>
    ({ world }, drawn) =>
      world.network.weather(url).impair(impairment(drawn));
  const often = { everyMs, lastsMs: LONG };
  return [
    {
      ...often,
      name: `${family}request-lost`,
      draw: (rng) => ({ chance: logBetween(rng, chance) }),
      start: impairing((drawn) => ({ requestLoss: numberOf(drawn, "chance") })),
    },
    {
      ...often,
      name: `${family}reply-lost`,
      draw: (rng) => ({ chance: logBetween(rng, chance) }),
      start: impairing((drawn) => ({ replyLoss: numberOf(drawn, "chance") })),
    },
    {
      ...often,
      name: `${family}slow`,
      draw: (rng) => ({ highMs: logBetween(rng, ONE_WAY_MS) }),
      start: impairing((drawn) => ({ delay: { low: 0, high: numberOf(drawn, "highMs") } })),
    },
    {
      ...often,
      name: `${family}away`,
      draw: (rng) => ({ how: oneOf(rng, ["refused", "silent"]) }),
      start: impairing((drawn) => ({ reachability: drawn["how"] === "silent" ? "silent" : "refused" })),
    },
  ];
}
