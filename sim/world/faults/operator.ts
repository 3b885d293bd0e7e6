/** What operators do, at the worst moment: halts and resumes, bad and good configurations, a new key. Owns the drawing. */
import { chance, oneOf } from "../swarm/draw.ts";
import { type FaultKind, LONG, MOMENT, OFTEN, RARELY, textOf, WHILE } from "./kind.ts";

const SPOILT = ["cut", "no-markets", "limits", "away", "prose", "absurd"] as const;

export const OPERATOR_FAULTS: readonly FaultKind[] = [
  {
    name: "operator/halt",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng, markets) => ({
      market: chance(rng, 0.3) ? "" : (markets[Math.floor(rng.next() * markets.length)] ?? ""),
    }),
    start: ({ operator }, drawn) => {
      const market = textOf(drawn, "market") || undefined;
      operator.halt(market);
      return () => operator.resume(market);
    },
  },
  {
    name: "operator/bad-configuration",
    everyMs: RARELY,
    lastsMs: LONG,
    draw: (rng) => ({ how: oneOf(rng, SPOILT) }),
    start: ({ world }, drawn) => {
      const before = world.configFile.text;
      world.configFile.text = spoilt(before ?? "", textOf(drawn, "how"));
      return () => {
        world.configFile.text = before;
      };
    },
  },
  {
    name: "operator/other-strategy",
    everyMs: OFTEN,
    lastsMs: LONG,
    draw: (rng) => ({ skewBps: oneOf(rng, [0, 3, 20]) }),
    start: ({ world }, drawn) => {
      const before = world.configFile.text;
      const changed = before?.replace(/"inventorySkewBps": \d+/, `"inventorySkewBps": ${Number(drawn["skewBps"])}`);
      world.configFile.text = changed;
      return () => {
        if (world.configFile.text === changed) world.configFile.text = before;
      };
    },
  },
  {
    name: "operator/new-key",
    everyMs: { low: 20 * 60_000, high: 120 * 60_000 },
    lastsMs: MOMENT,
    draw: () => ({}),
    start: ({ operator, service }) => {
      operator.rotateKey();
      for (const { process } of service.tasks) process.keyIsOld();
      return undefined;
    },
  },
];

function spoilt(text: string, how: string): string | undefined {
  switch (how) {
    case "cut":
      return text.slice(0, Math.floor(text.length / 2));
    case "no-markets":
      return text.replace(/"markets": \[[\s\S]*\]/, '"markets": []');
    case "limits":
      return text.replace(/"position": "\d+"/, '"position": "500000"');
    case "away":
      return undefined;
    case "prose":
      return "see the wiki";
    default:
      return text.replace(/"halfSpreadBps": \d+/, '"halfSpreadBps": -7');
  }
}
