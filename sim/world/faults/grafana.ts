/**
 * Faults of Grafana, of the way there and of its provisioning: lost, late, away, limited, in trouble half-way, run twice at once, killed. Owns
 * their drawing.
 */
import { GRAFANA_URL } from "../grafana-host.ts";
import type { HostTrouble } from "../host-troubles.ts";
import type { HostReply } from "../network.ts";
import { oneOf, wholeLogBetween } from "../swarm/draw.ts";
import { type FaultKind, LONG, MOMENT, numberOf, OFTEN, textOf } from "./kind.ts";
import { MOMENTS } from "./process.ts";
import { wayFaults } from "./way-faults.ts";

/** Parts of the paths that a run asks; the first stands for all of them. */
const PATHS = ["", "/folders", "/dashboards", "/contact-points", "/rule-groups", "/api/datasources"] as const;
const WHENS = ["before", "after"] as const;
const TIMES = { low: 1, high: 12 };
const CHANCE = { low: 0.05, high: 0.9 };

export const GRAFANA_FAULTS: readonly FaultKind[] = [
  ...wayFaults({ family: "grafana/", url: GRAFANA_URL, everyMs: OFTEN, chance: CHANCE }),
  {
    name: "grafana/trouble",
    everyMs: OFTEN,
    lastsMs: LONG,
    draw: (rng) => ({
      path: oneOf(rng, PATHS),
      when: oneOf(rng, WHENS),
      times: wholeLogBetween(rng, TIMES),
      how: oneOf(rng, ["reset", "page", "500", "502", "503", "429", "401", "403"]),
    }),
    start: ({ provisioning }, drawn) => {
      const when = drawn["when"] === "before" ? "before" : "after";
      const trouble: HostTrouble = { path: textOf(drawn, "path"), when, reply: () => replyOf(textOf(drawn, "how")) };
      return provisioning?.grafana.strike(trouble, numberOf(drawn, "times"));
    },
  },
  {
    name: "grafana/asked",
    everyMs: { low: 60_000, high: 600_000 },
    lastsMs: MOMENT,
    draw: (rng) => ({ times: wholeLogBetween(rng, { low: 1, high: 3 }) }),
    start: ({ provisioning }, drawn) => {
      for (let time = 0; time < numberOf(drawn, "times"); time += 1) provisioning?.request();
      return undefined;
    },
  },
  {
    name: "grafana/killed-at",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: (rng) => ({ moment: oneOf(rng, MOMENTS), nth: wholeLogBetween(rng, { low: 1, high: 25 }) }),
    start: ({ provisioning }, drawn) => {
      const moment = MOMENTS.find((each) => each === drawn["moment"]) ?? MOMENTS[0];
      provisioning?.host.killAt({ moment, call: "grafana", nth: numberOf(drawn, "nth") });
      return undefined;
    },
  },
];

function replyOf(how: string): HostReply {
  if (how === "reset") return { type: "reset" };
  if (how === "page") return { type: "answer", status: 200, headers: { "content-type": "text/html" }, body: "<html>" };
  const headers = how === "429" ? { "retry-after": "3" } : {};
  return { type: "answer", status: Number(how), headers, body: JSON.stringify({ message: "a simulated fault" }) };
}
