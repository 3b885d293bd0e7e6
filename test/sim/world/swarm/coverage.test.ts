import { expect, it } from "vitest";
import { ORDER_FACTS, ORDER_STATES, ORDER_TABLE, stateAfter } from "../../../../core/order-states.ts";
import { Counter, countPairs, possiblePairs } from "../../../../sim/world/swarm/coverage.ts";

it("acts that cannot be, and what nobody can say of an order that never left, are none of the possible pairs", () => {
  const possible = possiblePairs();
  const acts = ORDER_STATES.flatMap((state) =>
    ORDER_FACTS.filter((fact) => ORDER_TABLE[state][fact] === "bug").map((fact) => `${state} × ${fact}`),
  );
  expect(acts.filter((pair) => possible.includes(pair))).toEqual([]);
  expect(possible.filter((pair) => pair.startsWith("denied"))).toEqual([]);
  expect(possible.filter((pair) => pair.startsWith("intent"))).toEqual([
    "intent × written",
    "intent × unsent",
    "intent × place-unknown",
  ]);
  expect(possible).toContain("cancelled × listed-after-end");
});

it("each look into the table of states is counted, until that is ended", () => {
  const counter = new Counter();
  const end = countPairs(counter);
  stateAfter("live", "seen-open");
  end();
  stateAfter("live", "seen-open");
  expect(counter.read()).toEqual({ "live × seen-open": 1 });
});
