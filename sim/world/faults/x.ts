/**
 * Faults of X and of the way there: lost, late, cut, limited, in trouble before and after it has done what was asked, pages in place of
 * answers, refusals. Owns their drawing.
 */
import type { HostTrouble } from "../host-troubles.ts";
import type { HostReply } from "../network.ts";
import { chance, oneOf, wholeLogBetween } from "../swarm/draw.ts";
import { X_URL } from "../x-host.ts";
import { type FaultKind, type FaultParameters, LONG, numberOf, textOf } from "./kind.ts";
import { wayFaults } from "./way-faults.ts";

/** A report is made once an hour: what lasts for seconds would hardly ever meet one. */
const EVERY_MS = { low: 4 * 60_000, high: 40 * 60_000 };
const CHANCE = { low: 0.1, high: 0.9 };
const TIMES = { low: 1, high: 8 };
/** Requests of the post and of its image; the first stands for all of them. */
const PATHS = ["", "/2/tweets", "/2/tweets", "initialize", "append", "finalize", "/2/media/metadata"] as const;
const PAGE = "<html><body><h1>Over capacity</h1></body></html>";

export const X_FAULTS: readonly FaultKind[] = [
  ...wayFaults({ family: "x/", url: X_URL, everyMs: EVERY_MS, chance: CHANCE }),
  {
    name: "x/too-many",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({
      path: oneOf(rng, PATHS),
      times: wholeLogBetween(rng, TIMES),
      seconds: wholeLogBetween(rng, { low: 1, high: 900 }),
      tells: chance(rng, 0.8),
    }),
    start: striking("before", (drawn, nowMs) => {
      const resetSeconds = Math.ceil(nowMs / 1_000) + numberOf(drawn, "seconds");
      const limits = { "x-rate-limit-limit": "100", "x-rate-limit-remaining": "0" };
      const headers = drawn["tells"] === true ? { ...limits, "x-rate-limit-reset": `${resetSeconds}` } : {};
      return problem(429, "Too Many Requests", headers);
    }),
  },
  {
    name: "x/server-error",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({
      path: oneOf(rng, PATHS),
      when: oneOf(rng, ["before", "after"]),
      times: wholeLogBetween(rng, TIMES),
      status: oneOf(rng, [500, 502, 503, 504]),
      html: chance(rng, 0.5),
    }),
    start: striking("drawn", (drawn) => {
      const status = numberOf(drawn, "status");
      return drawn["html"] === true ? page(status) : problem(status, "Service Unavailable");
    }),
  },
  {
    name: "x/garbage",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({
      path: oneOf(rng, PATHS),
      when: oneOf(rng, ["before", "after"]),
      times: wholeLogBetween(rng, TIMES),
      how: oneOf(rng, ["page", "cut", "empty", "refusing-page"]),
    }),
    start: striking("drawn", (drawn) => garbage(textOf(drawn, "how"))),
  },
  {
    name: "x/reset",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({
      path: oneOf(rng, PATHS),
      when: oneOf(rng, ["before", "after"]),
      times: wholeLogBetween(rng, TIMES),
    }),
    start: striking("drawn", () => ({ type: "reset" })),
  },
  {
    name: "x/media-rejected",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({
      path: oneOf(rng, ["initialize", "append", "finalize", "/2/media/metadata"]),
      times: wholeLogBetween(rng, TIMES),
      status: oneOf(rng, [400, 403, 413]),
    }),
    start: striking("before", (drawn) => problem(numberOf(drawn, "status"), "media is not taken")),
  },
  {
    name: "x/post-refused",
    everyMs: EVERY_MS,
    lastsMs: LONG,
    draw: (rng) => ({
      path: "/2/tweets",
      times: wholeLogBetween(rng, TIMES),
      status: oneOf(rng, [400, 401, 402, 403]),
    }),
    start: striking("before", (drawn) => problem(numberOf(drawn, "status"), "the account may not post")),
  },
];

/** Strikes so many requests, at the most until its end. */
function striking(
  when: HostTrouble["when"] | "drawn",
  reply: (drawn: FaultParameters, nowEpochMs: number) => HostReply,
): FaultKind["start"] {
  return ({ reports }, drawn) => {
    const drawnWhen = drawn["when"] === "before" ? "before" : "after";
    const trouble: HostTrouble = {
      path: textOf(drawn, "path"),
      when: when === "drawn" ? drawnWhen : when,
      reply: (nowEpochMs) => reply(drawn, nowEpochMs),
    };
    return reports?.x.strike(trouble, numberOf(drawn, "times"));
  };
}

function problem(status: number, detail: string, headers: Readonly<Record<string, string>> = {}): HostReply {
  const body = JSON.stringify({ title: "A simulated fault", detail, type: "about:blank", status });
  return { type: "answer", status, headers: { ...headers, "content-type": "application/problem+json" }, body };
}

function page(status: number): HostReply {
  return { type: "answer", status, headers: { "content-type": "text/html" }, body: PAGE };
}

function garbage(how: string): HostReply {
  switch (how) {
    case "cut":
      return { type: "answer", status: 200, headers: { "content-type": "application/json" }, body: '{"data":{"id":"2' };
    case "empty":
      return { type: "answer", status: 200, headers: { "content-type": "application/json" }, body: "" };
    case "refusing-page":
      return page(403);
    default:
      return page(200);
  }
}
