/**
 * The states of an order and what every fact does to each: one table, from which `docs/orders.md` is written. Owns the
 * transitions alone; sizes, times and what counts as proof of absence are `orders.ts`'s.
 *
 * A cell is the next state. With `!` the fact contradicts what was proven before: it is counted, and the state behind the mark
 * (the same one when there is none) is the safe reading. `bug` is an act of our own that cannot be: an assertion.
 */

export const ORDER_STATES = [
  "intent",
  "sent",
  "live",
  "partially-filled",
  "cancel-sent",
  "place-unknown",
  "cancel-unknown",
  "external",
  "filled",
  "cancelled",
  "rejected",
  "denied",
] as const;

export type OrderState = (typeof ORDER_STATES)[number];

/** What each state means, for people. */
export const STATE_MEANINGS: Readonly<Record<OrderState, string>> = {
  intent: "Decided; its bytes have not left yet.",
  sent: "The placing is on its way and unanswered.",
  live: "Proven to rest at the venue, nothing of it filled yet.",
  "partially-filled": "Proven to rest at the venue, a part of it filled.",
  "cancel-sent": "The cancel is on its way; the order may still fill.",
  "place-unknown": "The answer to its placing was lost. It may rest, and is asked for until that is proven either way.",
  "cancel-unknown": "The answer to its cancel was lost. It may rest, and is asked for until that is proven either way.",
  external: "Ours by its name, found at the venue, and not one this start believes to rest: it is cancelled.",
  filled: "Ended: all of it filled.",
  cancelled: "Ended: proven to rest no more. Fills may still be on their way, and are taken.",
  rejected: "Ended: proven that the venue did not take it.",
  denied: "Ended: held back here, after it was decided and before its bytes left.",
};

export const ORDER_FACTS = [
  "written",
  "unsent",
  "cancel-decided",
  "refused",
  "place-unknown",
  "cancel-unknown",
  "cancel-done",
  "seen-open",
  "seen-partially-filled",
  "seen-filled",
  "seen-cancelled",
  "seen-rejected",
  "absence-proven",
  "listed-after-end",
  "part-filled",
  "all-filled",
] as const;

export type OrderFact = (typeof ORDER_FACTS)[number];

/** What each fact says, for people. The first three are our own acts, the rest is the venue's word or the lack of one. */
export const FACT_MEANINGS: Readonly<Record<OrderFact, string>> = {
  written: "The bytes of the placing are on the socket.",
  unsent: "The placing was held back before its bytes left: the lease, a halt, the stop, an open circuit.",
  "cancel-decided": "A cancel is about to be sent.",
  refused: "The venue refused the placing with an answer that proves it was not taken.",
  "place-unknown": "The placing's answer was lost or cannot be read.",
  "cancel-unknown": "The cancel's answer was lost, cannot be read, or shows the order still open.",
  "cancel-done": "The venue answered that the order is cancelled.",
  "seen-open": "The venue shows it open, nothing filled.",
  "seen-partially-filled": "The venue shows it open, a part filled.",
  "seen-filled": "The venue shows it filled.",
  "seen-cancelled": "The venue shows it cancelled.",
  "seen-rejected": "The venue shows it rejected.",
  "absence-proven": "The venue does not know it, asked when it could neither arrive any more nor have been overlooked.",
  "listed-after-end": "The venue's list of open orders holds it, asked well after it had ended here.",
  "part-filled": "A fill came, and the fills so far are less than its size.",
  "all-filled": "A fill came, and the fills so far make up its size.",
};

type Cell = OrderState | "bug" | "!" | `!${OrderState}`;

type Row = Readonly<Record<OrderFact, Cell>>;

/** Acts of our own that only open orders can meet. */
const NO_ACTS = { written: "bug", unsent: "bug", "cancel-decided": "bug" } as const;

/** What the venue may say of an order whose placing has not been answered. */
const UNANSWERED = {
  refused: "rejected",
  "place-unknown": "place-unknown",
  "cancel-done": "cancelled",
  "seen-open": "live",
  "seen-partially-filled": "partially-filled",
  "seen-filled": "filled",
  "seen-cancelled": "cancelled",
  "seen-rejected": "rejected",
  "absence-proven": "rejected",
  "listed-after-end": "live",
  "part-filled": "partially-filled",
  "all-filled": "filled",
} as const;

/** What the venue may say of an order that rests, or whose cancel is under way. */
const RESTING = {
  refused: "!",
  "cancel-done": "cancelled",
  "seen-filled": "filled",
  "seen-cancelled": "cancelled",
  "seen-rejected": "!",
  "absence-proven": "cancelled",
  "all-filled": "filled",
} as const;

/** The venue took an order after all that it had proven not to have: whatever is left of it must go. */
const NEVER_TAKEN = {
  ...NO_ACTS,
  "cancel-unknown": "!external",
  "cancel-done": "!cancelled",
  "seen-open": "!external",
  "seen-partially-filled": "!external",
  "seen-filled": "!filled",
  "seen-cancelled": "!cancelled",
  "listed-after-end": "!external",
  "part-filled": "!external",
  "all-filled": "!filled",
} as const;

export const ORDER_TABLE: Readonly<Record<OrderState, Row>> = {
  intent: { ...UNANSWERED, "cancel-decided": "bug", written: "sent", unsent: "denied", "cancel-unknown": "intent" },
  sent: { ...UNANSWERED, ...NO_ACTS, "cancel-unknown": "sent" },
  live: {
    ...RESTING,
    ...NO_ACTS,
    "cancel-decided": "cancel-sent",
    "place-unknown": "live",
    "cancel-unknown": "live",
    "seen-open": "live",
    "seen-partially-filled": "partially-filled",
    "listed-after-end": "live",
    "part-filled": "partially-filled",
  },
  "partially-filled": {
    ...RESTING,
    ...NO_ACTS,
    "cancel-decided": "cancel-sent",
    "place-unknown": "partially-filled",
    "cancel-unknown": "partially-filled",
    "seen-open": "partially-filled",
    "seen-partially-filled": "partially-filled",
    "listed-after-end": "partially-filled",
    "part-filled": "partially-filled",
  },
  "cancel-sent": {
    ...RESTING,
    ...NO_ACTS,
    "place-unknown": "cancel-sent",
    "cancel-unknown": "cancel-unknown",
    "seen-open": "cancel-sent",
    "seen-partially-filled": "cancel-sent",
    "listed-after-end": "cancel-sent",
    "part-filled": "cancel-sent",
  },
  "place-unknown": { ...UNANSWERED, ...NO_ACTS, "cancel-unknown": "place-unknown" },
  "cancel-unknown": {
    ...RESTING,
    ...NO_ACTS,
    "place-unknown": "cancel-unknown",
    "cancel-unknown": "cancel-unknown",
    "seen-open": "live",
    "seen-partially-filled": "partially-filled",
    "listed-after-end": "live",
    "part-filled": "cancel-unknown",
  },
  external: {
    ...RESTING,
    ...NO_ACTS,
    "cancel-decided": "cancel-sent",
    refused: "external",
    "place-unknown": "external",
    "cancel-unknown": "external",
    "seen-open": "external",
    "seen-partially-filled": "external",
    "seen-rejected": "rejected",
    "listed-after-end": "external",
    "part-filled": "external",
  },
  filled: {
    ...NO_ACTS,
    refused: "!",
    "place-unknown": "filled",
    "cancel-unknown": "filled",
    "cancel-done": "filled",
    "seen-open": "filled",
    "seen-partially-filled": "filled",
    "seen-filled": "filled",
    "seen-cancelled": "filled",
    "seen-rejected": "!",
    "absence-proven": "filled",
    "listed-after-end": "!",
    "part-filled": "filled",
    "all-filled": "filled",
  },
  cancelled: {
    ...NO_ACTS,
    refused: "!",
    "place-unknown": "cancelled",
    "cancel-unknown": "cancelled",
    "cancel-done": "cancelled",
    "seen-open": "cancelled",
    "seen-partially-filled": "cancelled",
    "seen-filled": "filled",
    "seen-cancelled": "cancelled",
    "seen-rejected": "!",
    "absence-proven": "cancelled",
    "listed-after-end": "!external",
    "part-filled": "cancelled",
    "all-filled": "filled",
  },
  rejected: {
    ...NEVER_TAKEN,
    refused: "rejected",
    "place-unknown": "rejected",
    "seen-rejected": "rejected",
    "absence-proven": "rejected",
  },
  denied: {
    ...NEVER_TAKEN,
    refused: "denied",
    "place-unknown": "denied",
    "seen-rejected": "denied",
    "absence-proven": "denied",
  },
};

type Next = { readonly state: OrderState; readonly isContradiction: boolean } | "bug";

/** The table as it is asked, each cell read once: a cancel asks before it is written. */
export const NEXT_STATES: ReadonlyMap<OrderState, ReadonlyMap<OrderFact, Next>> = new Map(
  ORDER_STATES.map((state) => [state, new Map(ORDER_FACTS.map((fact) => [fact, readCell(state, fact)]))]),
);

/** The state after a fact, and whether the fact contradicts what was proven; `bug` where it cannot be. */
export function stateAfter(state: OrderState, fact: OrderFact): Next {
  return NEXT_STATES.get(state)?.get(fact) ?? readCell(state, fact);
}

function readCell(state: OrderState, fact: OrderFact): Next {
  const cell = ORDER_TABLE[state][fact];
  if (cell === "bug") return "bug";
  if (cell === "!") return { state, isContradiction: true };
  const next = ORDER_STATES.find((each) => cell === each);
  if (next !== undefined) return { state: next, isContradiction: false };
  const marked = ORDER_STATES.find((each) => cell === `!${each}`);
  return { state: marked ?? state, isContradiction: true };
}
