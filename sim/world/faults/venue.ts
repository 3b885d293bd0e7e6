/**
 * Faults of the order API itself: pages in place of answers, errors before and after it has done what was asked, refusals, lies about
 * cancels, fills told late, twice or never. Owns their drawing; the switches are the simulated API's.
 */
import type { Rng } from "../../../fargate/seams.ts";
import type { Fault, FaultEffect } from "../../cambrian-api/faults.ts";
import type { RouteName } from "../../cambrian-api/routes.ts";
import { chance, logBetween, oneOf, wholeLogBetween } from "../swarm/draw.ts";
import { type FaultKind, type FaultParameters, MOMENT, numberOf, OFTEN, RARELY, textOf, WHILE } from "./kind.ts";

const ROUTES: readonly [RouteName | "any", ...(RouteName | "any")[]] = [
  "any",
  "place",
  "place",
  "cancel",
  "cancel",
  "orders",
  "fills",
  "order",
  "account",
];
const TIMES = { low: 1, high: 40 };
/** Answers that prove a placing not taken, when they come before it was; to a cancel or a question they prove nothing. */
const REFUSALS: readonly [number, ...number[]] = [400, 403, 404, 409, 422];
const CANCEL_LIES = ["cancel-ignored", "cancel-pretended", "cancel-not-found", "cancel-shown"] as const;

export const VENUE_FAULTS: readonly FaultKind[] = [
  {
    name: "venue/garbage",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: drawTimes,
    start: injecting(() => ({ type: "garbage" })),
  },
  {
    name: "venue/reset",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: drawTimes,
    start: injecting(() => ({ type: "drop" })),
  },
  {
    name: "venue/silence",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: drawTimes,
    start: injecting(() => ({ type: "silence" })),
  },
  {
    name: "venue/server-error",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ ...drawTimes(rng), status: oneOf(rng, [500, 502, 503, 504]), html: chance(rng, 0.3) }),
    start: injecting((drawn) => ({
      type: "status",
      status: numberOf(drawn, "status"),
      ...(drawn["html"] === true ? { html: true } : {}),
    })),
  },
  {
    name: "venue/too-many",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: (rng) => ({ ...drawTimes(rng), when: "before", seconds: wholeLogBetween(rng, { low: 1, high: 20 }) }),
    start: injecting((drawn) => ({ type: "status", status: 429, retryAfterSeconds: numberOf(drawn, "seconds") })),
  },
  {
    name: "venue/refusal",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: (rng) => ({
      route: oneOf(rng, ["place", "place", "cancel", "order"]),
      when: "before",
      times: wholeLogBetween(rng, TIMES),
      status: oneOf(rng, REFUSALS),
    }),
    start: injecting((drawn) => ({ type: "status", status: numberOf(drawn, "status") })),
  },
  {
    name: "venue/slow",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ ...drawTimes(rng), delayMs: logBetween(rng, { low: 100, high: 8_000 }) }),
    start: injecting((drawn) => ({ type: "delay", delayMs: numberOf(drawn, "delayMs") })),
  },
  {
    name: "venue/cancel-lie",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng) => ({
      route: "cancel",
      when: "before",
      times: wholeLogBetween(rng, { low: 1, high: 6 }),
      lie: oneOf(rng, CANCEL_LIES),
    }),
    start: injecting((drawn) => ({ type: CANCEL_LIES.find((lie) => lie === drawn["lie"]) ?? "cancel-ignored" })),
  },
  {
    name: "venue/fills-late",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ highMs: logBetween(rng, { low: 100, high: 20_000 }) }),
    start: ({ world }, drawn) => {
      world.api.faults.streamFillDelayMs = { low: 0, high: numberOf(drawn, "highMs") };
      return () => {
        world.api.faults.streamFillDelayMs = undefined;
      };
    },
  },
  {
    name: "venue/fills-repeated",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ copies: wholeLogBetween(rng, { low: 2, high: 8 }) }),
    start: ({ world }, drawn) => {
      world.api.faults.streamFillCopies = numberOf(drawn, "copies");
      return () => {
        world.api.faults.streamFillCopies = 1;
      };
    },
  },
  {
    name: "venue/fills-contradicted",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: () => ({}),
    start: ({ world }) => {
      world.api.faults.streamFillContradicted = true;
      return () => {
        world.api.faults.streamFillContradicted = false;
      };
    },
  },
  {
    name: "venue/fills-untold",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: () => ({}),
    start: ({ world }) => {
      world.api.faults.streamFillsDropped = true;
      return () => {
        world.api.faults.streamFillsDropped = false;
      };
    },
  },
  {
    name: "venue/stream-muted",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: () => ({}),
    start: ({ world }) => {
      world.api.faults.streamMuted = true;
      return () => {
        world.api.faults.streamMuted = false;
      };
    },
  },
  {
    name: "venue/stream-cut",
    everyMs: OFTEN,
    lastsMs: MOMENT,
    draw: () => ({}),
    start: ({ world }) => {
      world.api.faults.dropStreams();
      return undefined;
    },
  },
  {
    name: "venue/order-hidden",
    everyMs: OFTEN,
    lastsMs: WHILE,
    draw: (rng) => ({ nth: rng.next() }),
    start: ({ world }, drawn) => {
      const open = world.exchange.openOrders();
      const order = open[Math.floor(numberOf(drawn, "nth") * open.length)];
      if (order === undefined) return undefined;
      world.api.faults.orders.hide(order.clientOrderId);
      return () => world.api.faults.orders.show(order.clientOrderId);
    },
  },
  {
    name: "venue/halted",
    everyMs: RARELY,
    lastsMs: WHILE,
    draw: (rng, markets) => ({ market: markets[Math.floor(rng.next() * markets.length)] ?? "" }),
    start: ({ world }, drawn) => {
      const market = textOf(drawn, "market");
      world.exchange.setMarketStatus(market, "halted");
      return () => world.exchange.setMarketStatus(market, "open");
    },
  },
];

function drawTimes(rng: Rng): FaultParameters {
  return {
    route: oneOf(rng, ROUTES),
    when: oneOf(rng, ["before", "after", "after"]),
    times: wholeLogBetween(rng, TIMES),
  };
}

function injecting(effect: (drawn: FaultParameters) => FaultEffect): FaultKind["start"] {
  return ({ world }, drawn) => {
    const route = ROUTES.find((each) => each === drawn["route"]) ?? "any";
    const when: Fault["when"] = drawn["when"] === "before" ? "before" : "after";
    return world.api.faults.inject({ route, when, effect: effect(drawn) }, numberOf(drawn, "times"));
  };
}
