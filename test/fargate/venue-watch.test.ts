import { expect, test } from "vitest";
import type { HaltSource } from "../../core/events.ts";
import type { VenueState } from "../../fargate/venue.ts";
import { VenueWatch } from "../../fargate/venue-watch.ts";
import { makeVenueCase } from "./cambrian/venue-case.ts";

const WELL: VenueState = {
  streamConnected: true,
  circuit: 0,
  requestsLastSecond: 0,
  placementsInFlight: 0,
  unauthorized: undefined,
};

/** A watch over a venue that is as it is told to be, and what it did. */
function makeWatch() {
  const told: string[] = [];
  const useless: string[] = [];
  const { venue } = makeVenueCase(() => "silence");
  let state = WELL;
  const assembly = {
    venue: { ...venue, state: () => state },
    halt: (by: HaltSource, reason: string) => void told.push(`halt ${by}: ${reason}`),
    allow: (by: HaltSource) => void told.push(`allow ${by}`),
  };
  const watch = new VenueWatch((reason) => useless.push(reason));
  const follow = (_ms: number, change: Partial<VenueState>) => {
    state = { ...WELL, ...change };
    watch.follow(assembly);
  };
  return { told, useless, follow };
}

const REFUSED = "halt venue: the order API refuses our key or our clock";
const BROKEN = "halt venue: the order API fails, its circuit breaker is open";

test("a venue that is well from the first is not spoken of", () => {
  const { told, useless, follow } = makeWatch();
  for (const ms of [0, 1_000, 2_000]) follow(ms, {});
  expect({ told, useless }).toEqual({ told: [], useless: [] });
});

test.each([1, 2] as const)("a circuit in state %i halts the markets once, until it is closed", (circuit) => {
  const { told, useless, follow } = makeWatch();
  for (const ms of [0, 1_000]) follow(ms, { circuit });
  for (const ms of [60_000, 61_000]) follow(ms, {});
  expect(told).toEqual([BROKEN, "allow venue"]);
  expect(useless).toEqual([]);
});

test("a refused key halts at once, and from 5 s on the task is of no use, which is said once", () => {
  const { told, useless, follow } = makeWatch();
  follow(1_000, { unauthorized: { sinceMs: 1_000, lastMs: 1_000 } });
  expect(told).toEqual([REFUSED]);
  follow(5_999, { unauthorized: { sinceMs: 1_000, lastMs: 5_999 } });
  // Silence since then is no refusal.
  follow(9_000, { unauthorized: { sinceMs: 1_000, lastMs: 5_999 } });
  expect(useless).toEqual([]);
  for (const ms of [6_000, 7_000, 60_000]) follow(ms, { unauthorized: { sinceMs: 1_000, lastMs: ms } });
  expect(told).toEqual([REFUSED]);
  expect(useless).toEqual(["the order API has refused our key or our clock for 5 s"]);
});

test("a key that is taken again within 5 s was a clock: the markets go on, and its next refusal counts anew", () => {
  const { told, useless, follow } = makeWatch();
  follow(1_000, { unauthorized: { sinceMs: 1_000, lastMs: 1_000 } });
  follow(4_000, {});
  follow(7_000, { unauthorized: { sinceMs: 6_500, lastMs: 6_900 } });
  follow(11_000, { unauthorized: { sinceMs: 6_500, lastMs: 11_000 } });
  expect(told).toEqual([REFUSED, "allow venue", REFUSED]);
  expect(useless).toEqual([]);
});

test("another reason replaces the one before, and the markets go on only when none is left", () => {
  const { told, follow } = makeWatch();
  follow(0, { circuit: 2 });
  follow(1_000, { circuit: 2, unauthorized: { sinceMs: 500, lastMs: 900 } });
  follow(2_000, { circuit: 1 });
  follow(3_000, {});
  expect(told).toEqual([BROKEN, REFUSED, BROKEN, "allow venue"]);
});
