/**
 * Faults of the Sei nodes: dead, hanging, silent, late, of two minds, and books that repeat, go back, cross or make no sense. Owns their
 * drawing; the switches are the simulated node's.
 */
import type { Rng } from "../../../fargate/seams.ts";
import type { BookFault } from "../../sei-node/book-fault.ts";
import type { SeiEndpoint } from "../../sei-node/endpoint.ts";
import { chance, logBetween, oneOf, wholeLogBetween } from "../swarm/draw.ts";
import {
  type FaultKind,
  type FaultParameters,
  type FaultyWorld,
  MOMENT,
  numberOf,
  OFTEN,
  RARELY,
  textOf,
  WHILE,
} from "./kind.ts";
import { tellLies } from "./lying-node.ts";
import { silenceNodes } from "./silent-nodes.ts";

const BOOK_FAULTS: readonly [BookFault["type"], ...BookFault["type"][]] = [
  "sequence-gap",
  "sequence-repeat",
  "sequence-step-back",
  "not-json",
  "cut-json",
  "wrong-types",
  "nan-price",
  "bids-not-json",
  "crossed",
];

export const NODE_FAULTS: readonly FaultKind[] = [
  {
    name: "node/dead",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: drawWhich,
    start: (world, drawn) => {
      const nodes = chosen(world, drawn);
      for (const node of nodes) void node.die();
      return () => {
        for (const node of nodes) void node.revive();
      };
    },
  },
  {
    name: "node/hanging",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: drawWhich,
    start: switching((node, on) => node.stall(on)),
  },
  {
    name: "node/silent",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: drawWhich,
    start: (world, drawn) => silenceNodes(chosen(world, drawn)),
  },
  {
    name: "node/refusing",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: drawWhich,
    start: switching((node, on) => {
      node.refuseConnections(on);
      if (on) node.dropSockets();
    }),
  },
  {
    name: "node/late",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ ...drawWhich(rng), byMs: logBetween(rng, { low: 50, high: 6_000 }) }),
    start: (world, drawn) => {
      const byMs = numberOf(drawn, "byMs");
      const undos = chosen(world, drawn).map(({ restUrl }) =>
        world.world.network.weather(restUrl).impair({ delay: { low: byMs / 2, high: byMs } }),
      );
      return () => {
        for (const undo of undos) undo();
      };
    },
  },
  {
    name: "node/half-open",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: drawWhich,
    start: (world, drawn) => {
      const undos = chosen(world, drawn).map(({ restUrl }) =>
        world.world.network.weather(restUrl).impair({ reachability: "silent" }),
      );
      return () => {
        for (const undo of undos) undo();
      };
    },
  },
  {
    name: "node/unsubscribed",
    everyMs: RARELY,
    lastsMs: MOMENT,
    draw: drawWhich,
    start: (world, drawn) => {
      for (const node of chosen(world, drawn)) node.endSubscriptions();
      return undefined;
    },
  },
  {
    name: "node/spoilt-books",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: (rng, markets) => ({
      ...drawWhich(rng),
      market: markets[Math.floor(rng.next() * markets.length)] ?? "",
      fault: oneOf(rng, BOOK_FAULTS),
      by: wholeLogBetween(rng, { low: 1, high: 50 }),
      times: wholeLogBetween(rng, { low: 1, high: 12 }),
    }),
    start: (world, drawn) => {
      const type = BOOK_FAULTS.find((each) => each === drawn["fault"]) ?? "crossed";
      const fault: BookFault =
        type === "sequence-gap" || type === "sequence-step-back" ? { type, by: numberOf(drawn, "by") } : { type };
      for (const node of chosen(world, drawn))
        for (let time = 0; time < numberOf(drawn, "times"); time += 1)
          node.disturbNextBook(textOf(drawn, "market"), fault);
      return undefined;
    },
  },
  {
    name: "node/lying",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng, markets) => ({
      which: oneOf(rng, [1, 2, 4]),
      market: markets[Math.floor(rng.next() * markets.length)] ?? "",
      lie: oneOf(rng, ["replayed", "elsewhere", "absurd", "old"]),
      percent: (chance(rng, 0.5) ? 1 : -1) * logBetween(rng, { low: 0.1, high: 60 }),
      ageMs: logBetween(rng, { low: 500, high: 600_000 }),
    }),
    start: (world, drawn) => tellLies(world.world, chosen(world, drawn), drawn),
  },
];

/** A bit for each endpoint; most often not all of them. */
function drawWhich(rng: Rng): FaultParameters {
  return { which: oneOf(rng, [1, 1, 2, 3, 4, 6, 7]) };
}

function chosen({ world }: FaultyWorld, drawn: FaultParameters): readonly SeiEndpoint[] {
  const which = numberOf(drawn, "which");
  return world.node.endpoints.filter((_, index) => ((which >> index) & 1) === 1);
}

function switching(set: (node: SeiEndpoint, on: boolean) => void): FaultKind["start"] {
  return (world, drawn) => {
    const nodes = chosen(world, drawn);
    for (const node of nodes) set(node, true);
    return () => {
      for (const node of nodes) set(node, false);
    };
  };
}
