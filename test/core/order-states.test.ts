import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OrderEvent } from "../../core/events.ts";
import {
  ORDER_FACTS,
  ORDER_STATES,
  ORDER_TABLE,
  type OrderFact,
  type OrderState,
  stateAfter,
} from "../../core/order-states.ts";
import { fact, fill, ID, orderIn, seen, the } from "./order-in-state.ts";

const ENDED: readonly OrderState[] = ["filled", "cancelled", "rejected", "denied"];
const UNKNOWN: readonly OrderState[] = ["place-unknown", "cancel-unknown"];
const RESTING: readonly OrderState[] = ["live", "partially-filled"];
const OWN_ACTS: readonly OrderFact[] = ["written", "unsent", "cancel-decided"];
const VENUE_FACTS = ORDER_FACTS.filter((each) => !OWN_ACTS.includes(each));
const PAIRS = ORDER_STATES.flatMap((state) => ORDER_FACTS.map((each) => [state, each] as const));

/** The state after a fact that is no bug. */
function next(state: OrderState, each: OrderFact): OrderState {
  const after = stateAfter(state, each);
  if (after === "bug") throw new Error(`${state} can not meet ${each}`);
  return after.state;
}

/**
 * The state after each event, in the order of ORDER_STATES. `!` marks a contradiction of what was proven, `bug` an act of our own
 * that can not be. Written down by hand: a person can check each line.
 */
const AFTER: readonly [string, () => OrderEvent, string][] = [
  ["the bytes leaving", () => fact("order-sent"), "sent bug bug bug bug bug bug bug bug bug bug bug"],
  ["being held back", () => fact("order-unsent"), "denied bug bug bug bug bug bug bug bug bug bug bug"],
  [
    "seen open",
    () => seen("open"),
    "live live live partially-filled cancel-sent live live external filled cancelled external! external!",
  ],
  [
    "seen partially filled",
    () => seen("partially_filled", 100),
    "partially-filled partially-filled partially-filled partially-filled cancel-sent partially-filled partially-filled external filled cancelled external! external!",
  ],
  [
    "seen filled",
    () => seen("filled", 500),
    "filled filled filled filled filled filled filled filled filled filled filled! filled!",
  ],
  [
    "seen cancelled",
    () => seen("cancelled"),
    "cancelled cancelled cancelled cancelled cancelled cancelled cancelled cancelled filled cancelled cancelled! cancelled!",
  ],
  [
    "seen rejected",
    () => seen("rejected"),
    "rejected rejected live! partially-filled! cancel-sent! rejected cancel-unknown! rejected filled! cancelled! rejected denied",
  ],
  [
    "the placing being refused",
    () => fact("order-rejected"),
    "rejected rejected live! partially-filled! cancel-sent! rejected cancel-unknown! external filled! cancelled! rejected denied",
  ],
  [
    "a lost answer to the placing",
    () => fact("place-unknown"),
    "place-unknown place-unknown live partially-filled cancel-sent place-unknown cancel-unknown external filled cancelled rejected denied",
  ],
  [
    "a lost answer to a cancel",
    () => fact("cancel-unknown"),
    "intent sent live partially-filled cancel-unknown place-unknown cancel-unknown external filled cancelled external! external!",
  ],
  [
    "the cancel being confirmed",
    () => fact("order-cancelled"),
    "cancelled cancelled cancelled cancelled cancelled cancelled cancelled cancelled filled cancelled cancelled! cancelled!",
  ],
  [
    "absence too early to prove anything",
    () => fact("order-absent"),
    "intent sent live partially-filled cancel-sent place-unknown cancel-unknown external filled cancelled rejected denied",
  ],
];

describe("what an event does to an order", () => {
  for (const [name, makeEvent, after] of AFTER) {
    it.each(ORDER_STATES.map((state, index) => [state, after.split(" ")[index] ?? ""]))(
      `${name}: %s becomes %s`,
      (state, expected) => {
        const orders = orderIn(state);
        expect(the(orders).state).toBe(state);
        if (expected === "bug") {
          expect(() => orders.apply(makeEvent())).toThrow(`an order that is ${state} can not be`);
          return;
        }
        orders.apply(makeEvent());
        expect(the(orders).state).toBe(expected.replace("!", ""));
        expect(orders.contradictions).toBe(expected.endsWith("!") ? 1 : 0);
      },
    );
  }

  it.each(ORDER_STATES)("a part of it filling is taken in state %s, and nothing ends by it", (state) => {
    const orders = orderIn(state);
    expect(orders.filled(fill(200), 20)).toBe(true);
    expect(the(orders)).toMatchObject({ filledBooked: 200, orderId: "O-1" });
    expect(ENDED.includes(the(orders).state)).toBe(state === "filled" || state === "cancelled");
  });

  it.each(ORDER_STATES)("all of it filling ends it from state %s", (state) => {
    const orders = orderIn(state);
    orders.filled(fill(300), 20);
    orders.filled(fill(200), 21);
    expect(the(orders)).toMatchObject({ state: "filled", filledBooked: 500, isFillKnown: true });
  });

  it.each(ORDER_STATES)("a cancel can be decided for what rests or was found, not in another state: %s", (state) => {
    const orders = orderIn(state);
    const decide = () => orders.cancelDecided(ID, 20);
    if (!RESTING.includes(state) && state !== "external") {
      expect(decide).toThrow(`an order that is ${state} can not be cancel-decided`);
      return;
    }
    decide();
    expect(the(orders).state).toBe("cancel-sent");
  });
});

describe("laws of the table", () => {
  it("every pair of a state and a fact is defined", () => {
    for (const [state, each] of PAIRS) {
      expect(ORDER_TABLE[state][each], `${state}, ${each}`).toMatch(/^(bug|!)$|^!?[a-z-]+$/);
      const after = stateAfter(state, each);
      if (after !== "bug") expect(ORDER_STATES, `${state}, ${each}`).toContain(after.state);
    }
    expect(Object.keys(ORDER_TABLE).sort()).toEqual([...ORDER_STATES].sort());
  });

  it("a bug is an act of our own and nothing else; the venue may say anything at any time", () => {
    for (const [state, each] of PAIRS) {
      if (VENUE_FACTS.includes(each)) expect(stateAfter(state, each), `${state}, ${each}`).not.toBe("bug");
    }
  });

  it("our own acts are bugs exactly where they can not be", () => {
    for (const [state] of PAIRS) {
      expect(stateAfter(state, "written") === "bug", `${state}, written`).toBe(state !== "intent");
      expect(stateAfter(state, "unsent") === "bug", `${state}, unsent`).toBe(state !== "intent");
      const canBeCancelled = RESTING.includes(state) || state === "external";
      expect(stateAfter(state, "cancel-decided") !== "bug", `${state}, cancel-decided`).toBe(canBeCancelled);
    }
  });

  it("a fill is taken in every state: never a bug, never without leaving its mark where it contradicts", () => {
    for (const state of ORDER_STATES) {
      for (const each of ["part-filled", "all-filled"] as const) {
        expect(ORDER_TABLE[state][each], state).not.toBe("bug");
        expect(ORDER_TABLE[state][each], state).not.toBe("!");
      }
      expect(next(state, "all-filled")).toBe("filled");
    }
  });

  it("nothing but fills, the venue's words and proven absence ends an order of unproven fate", () => {
    const proofs: readonly OrderFact[] = [
      ...["refused", "cancel-done", "seen-filled", "seen-cancelled", "seen-rejected"],
      ...["absence-proven", "all-filled"],
    ].map((each) => ORDER_FACTS.find((known) => known === each) ?? "written");
    for (const state of [...UNKNOWN, "sent", "cancel-sent"] as const) {
      for (const each of VENUE_FACTS) {
        if (ENDED.includes(next(state, each))) expect(proofs, `${state}, ${each}`).toContain(each);
      }
    }
  });

  it("a lost answer never ends an order and never makes one rest", () => {
    for (const state of ORDER_STATES) {
      for (const each of ["place-unknown", "cancel-unknown"] as const) {
        const after = next(state, each);
        if (!ENDED.includes(state)) expect(ENDED, `${state}, ${each}`).not.toContain(after);
        if (!RESTING.includes(state)) expect(RESTING, `${state}, ${each}`).not.toContain(after);
      }
    }
  });

  it("an ended order never rests again: what comes back is external, marked as a contradiction, and to be cancelled", () => {
    for (const state of ENDED) {
      for (const each of VENUE_FACTS) {
        const after = stateAfter(state, each);
        if (after === "bug" || ENDED.includes(after.state)) continue;
        expect(after, `${state}, ${each}`).toEqual({ state: "external", isContradiction: true });
      }
    }
  });

  it("an external order is never taken for a quote of ours: it ends, or it is being cancelled, or it stays external", () => {
    for (const each of ORDER_FACTS) {
      const after = stateAfter("external", each);
      if (after === "bug") continue;
      expect([...ENDED, "cancel-sent", "external"], each).toContain(after.state);
    }
  });

  it("filled is the end: no fact changes it", () => {
    for (const each of VENUE_FACTS) expect(next("filled", each), each).toBe("filled");
  });

  it("every state can be reached, and the end from each", () => {
    const reach = (from: readonly OrderState[]) => {
      const reached = new Set<OrderState>(from);
      for (const state of reached) {
        for (const each of ORDER_FACTS) {
          const after = stateAfter(state, each);
          if (after !== "bug") reached.add(after.state);
        }
      }
      return reached;
    };
    expect([...reach(["intent"])].sort()).toEqual([...ORDER_STATES].sort());
    for (const state of ORDER_STATES)
      expect(
        [...reach([state])].some((each) => ENDED.includes(each)),
        state,
      ).toBe(true);
  });

  it("the same fact told twice changes nothing the second time, and is no new contradiction but where it was one", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ORDER_STATES), fc.constantFrom(...VENUE_FACTS), (state, each) => {
        const once = next(state, each);
        expect(next(once, each)).toBe(once);
      }),
    );
  });
});
