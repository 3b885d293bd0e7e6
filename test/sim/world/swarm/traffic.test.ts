import { expect, it } from "vitest";
import { Invariants } from "../../../../sim/world/invariants.ts";
import { isBesideSuccessor, shareOf } from "../../../../sim/world/swarm/traffic.ts";

it.each<[string, number, string | undefined, boolean]>([
  ["woke just now while another has its lease", 0, "task-2/0a", true],
  ["woke a minute ago, less a moment", 59_999, "task-2/0a", true],
  ["woke a minute ago: it has read by now whose the lease is", 60_000, "task-2/0a", false],
  ["woke and still has the lease: nobody else has the budget", 0, "task-1/0a", false],
  ["woke while a task whose name begins as its own has the lease", 0, "task-11/0a", true],
  ["woke before anybody had a lease", 0, undefined, false],
  ["never slept", Number.POSITIVE_INFINITY, "task-2/0a", false],
])("a task counts apart or not where it %s", (_what, sinceWokenMs, holder, expected) => {
  expect(isBesideSuccessor({ name: "task-1", sinceWokenMs, holder })).toBe(expected);
});

const NOW_MS = 100_000;

/** The first task woke a second ago, the second never slept; the lease is the second's. */
function traffic(holder = "task-2/0a", invocation = 1) {
  const host = { invocationOf: () => invocation };
  return {
    time: { nowMs: NOW_MS },
    tasks: [
      { name: "task-1", process: { wokenMs: NOW_MS - 1_000 } },
      { name: "task-2", process: { wokenMs: Number.NEGATIVE_INFINITY } },
    ],
    requestsPerSecond: 9,
    hosts: { "fill-accounting": host, "fill-audit": host, "health-sweep": host, "operator-control": host },
    holder: () => holder,
  };
}

it.each([
  ["task-1", { group: "task-1", max: 9 }],
  ["task-2", { group: "tasks", max: 9 }],
  ["fill-audit-3", { group: "fill-audit-3 1", max: 1 }],
  ["health-sweep-12", { group: "health-sweep-12 1", max: 8 }],
  ["operator-control-1", undefined],
  ["somebody", undefined],
])("%s has its share of what the venue takes, with those of its kind", (process, share) => {
  expect(shareOf(process, traffic())).toEqual(share);
});

it("a task that woke counts with the others while the lease is its own", () => {
  expect(shareOf("task-1", traffic("task-1/0a"))).toEqual({ group: "tasks", max: 9 });
});

it.each<[string, string, readonly number[], string | undefined]>([
  ["nine of a task in a second", "task-2", [0, 1, 2, 3, 4, 5, 6, 7, 999], undefined],
  ["ten of a task in a second", "task-2", [0, 1, 2, 3, 4, 5, 6, 7, 8, 999], "arrivals"],
  ["ten of a task in a second and more", "task-2", [0, 1, 2, 3, 4, 5, 6, 7, 8, 1_000], undefined],
  ["an audit's question a second after the last one", "fill-audit-1", [0, 1_000], undefined],
  ["an audit's question sooner", "fill-audit-1", [0, 999], "arrivals"],
  ["eight of a dead man in a second", "health-sweep-1", [0, 1, 2, 3, 500, 501, 502, 503, 1_000], undefined],
  ["nine of a dead man in a second", "health-sweep-1", [0, 1, 2, 3, 500, 501, 502, 503, 999], "arrivals"],
])("%s, and the law of traffic", (_what, process, arrivals, rule) => {
  const invariants = new Invariants({});
  invariants.shareOf = (name) => shareOf(name, traffic());
  for (const [index, atMs] of arrivals.entries()) invariants.take(arrival(index + 1, atMs, process));
  expect(invariants.violation?.rule).toBe(rule);
});

it("two tasks share what one may ask, two audits and two invocations of one do not", () => {
  const invariants = new Invariants({});
  let invocation = 1;
  invariants.shareOf = (name) => shareOf(name, traffic("task-1/0a", invocation));
  invariants.take(arrival(1, 0, "fill-audit-1"));
  invariants.take(arrival(2, 1, "fill-audit-2"));
  invocation = 2;
  invariants.take(arrival(3, 2, "fill-audit-1"));
  for (let number = 4; number <= 8; number += 1) invariants.take(arrival(number, number, "task-1"));
  for (let number = 9; number <= 12; number += 1) invariants.take(arrival(number, number, "task-2"));
  expect(invariants.violation).toBeUndefined();
  invariants.take(arrival(13, 13, "task-2"));
  expect(invariants.violation).toMatchObject({
    rule: "arrivals",
    what: "more than 9 requests of tasks within a second",
  });
});

function arrival(number: number, atMs: number, process: string) {
  const request = { route: "orders", method: "GET", path: "/v1/orders", placing: undefined } as const;
  return { type: "arrival", atMs, sentMs: atMs, number, process, ...request } as const;
}
