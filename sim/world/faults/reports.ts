/**
 * Faults of the hourly report: killed wherever it is or at a call, delivered twice or late, asked for by hand, its keys gone, its bucket away. Owns their
 * drawing.
 */
import { FILES_URL } from "../file-host.ts";
import { chance, logBetween, oneOf, wholeLogBetween } from "../swarm/draw.ts";
import { type FaultKind, LONG, MOMENT, numberOf } from "./kind.ts";
import { MOMENTS } from "./process.ts";

const EVERY_MS = { low: 4 * 60_000, high: 40 * 60_000 };
const CALLS = ["table", "table", "files", "x", "x"] as const;

export const REPORT_FAULTS: readonly FaultKind[] = [
  {
    name: "report/killed",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({ afterMs: logBetween(rng, { low: 1, high: 300_000 }) }),
    start: ({ reports }, drawn) => {
      if (reports === undefined) return undefined;
      reports.killsAfterMs = numberOf(drawn, "afterMs");
      return () => {
        reports.killsAfterMs = undefined;
      };
    },
  },
  {
    name: "report/killed-at",
    everyMs: EVERY_MS,
    lastsMs: MOMENT,
    draw: (rng) => ({
      call: oneOf(rng, CALLS),
      moment: oneOf(rng, MOMENTS),
      nth: wholeLogBetween(rng, { low: 1, high: 40 }),
    }),
    start: ({ reports }, drawn) => {
      const moment = MOMENTS.find((each) => each === drawn["moment"]) ?? MOMENTS[0];
      const call = CALLS.find((each) => each === drawn["call"]) ?? CALLS[0];
      reports?.host.killAt({ moment, call, nth: numberOf(drawn, "nth") });
      return undefined;
    },
  },
  {
    name: "report/repeated",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({ chance: logBetween(rng, { low: 0.2, high: 1 }) }),
    start: ({ reports }, drawn) => {
      if (reports === undefined) return undefined;
      reports.repeats = numberOf(drawn, "chance");
      return () => {
        reports.repeats = 0;
      };
    },
  },
  {
    name: "report/late",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({ highMs: wholeLogBetween(rng, { low: 1_000, high: 60_000 }) }),
    start: ({ reports }, drawn) => {
      if (reports === undefined) return undefined;
      reports.lateMsMax = numberOf(drawn, "highMs");
      return () => {
        reports.lateMsMax = 0;
      };
    },
  },
  {
    name: "report/asked",
    everyMs: EVERY_MS,
    lastsMs: MOMENT,
    draw: (rng) => ({ dryRun: chance(rng, 0.5) }),
    start: ({ reports }, drawn) => {
      reports?.request(drawn["dryRun"] === true);
      return undefined;
    },
  },
  {
    name: "report/no-keys",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({ how: oneOf(rng, ["none", "broken"]) }),
    start: ({ reports }, drawn) => {
      if (reports === undefined) return undefined;
      reports.keys = drawn["how"] === "none" ? "none" : "broken";
      return () => {
        reports.keys = "account";
      };
    },
  },
  {
    name: "report/bucket-away",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({ how: oneOf(rng, ["refused", "silent", "reply-lost"]) }),
    start: ({ world }, drawn) => {
      const weather = world.network.weather(FILES_URL);
      if (drawn["how"] === "reply-lost") return weather.impair({ replyLoss: 0.5 });
      return weather.impair({ reachability: drawn["how"] === "silent" ? "silent" : "refused" });
    },
  },
];
