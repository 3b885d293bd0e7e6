/**
 * What a run has come by: pairs of order state and fact, crash points, faults in each state of the system, moments that a run should have
 * seen. Owns the counting; nothing here decides anything.
 */
import {
  NEXT_STATES,
  ORDER_FACTS,
  ORDER_STATES,
  ORDER_TABLE,
  type OrderFact,
  type OrderState,
} from "../../../core/order-states.ts";

export type Counts = Readonly<Record<string, number>>;

export type Coverage = {
  /** `state × fact`. */
  readonly pairs: Counts;
  /** `fault × state of the system`. */
  readonly cells: Counts;
  /** Crash points and other moments. */
  readonly marks: Counts;
  /** Episodes that began, by kind. */
  readonly episodes: Counts;
};

export class Counter {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  read(): Counts {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Counts each look into the table of order states, until the returned function is called. */
export function countPairs(counter: Counter): () => void {
  for (const [state, facts] of NEXT_STATES) {
    Reflect.set(facts, "get", (fact: OrderFact) => {
      counter.add(`${state} × ${fact}`);
      return Map.prototype.get.call(facts, fact);
    });
  }
  return () => {
    for (const facts of NEXT_STATES.values()) Reflect.deleteProperty(facts, "get");
  };
}

const ENDED = ["filled", "cancelled", "rejected", "denied"] as const;
const UNANSWERED = ["intent", "sent", "place-unknown"] as const;

/** Whether this world, or any venue that keeps CONTRACTS 3, can ever let the two meet; `docs/reliability.md` says why where not. */
function canMeet(state: OrderState, fact: OrderFact): boolean {
  const isOneOf = (states: readonly OrderState[]) => states.includes(state);
  if (ORDER_TABLE[state][fact] === "bug") return false;
  // Nothing of it has left the process, so nobody can say anything of it but that it was not sent, or that a frozen write ran out of time.
  if (state === "intent") return fact === "written" || fact === "unsent" || fact === "place-unknown";
  if (state === "denied") return false;
  switch (fact) {
    case "refused":
      return isOneOf([...UNANSWERED, "rejected"]);
    case "listed-after-end":
      return isOneOf(ENDED);
    case "seen-rejected":
      return isOneOf(["sent", "place-unknown", "live", "filled", "cancelled", "rejected"]);
    case "place-unknown":
      return !isOneOf(["external", "place-unknown"]);
    case "cancel-unknown":
    case "cancel-done":
      return !isOneOf(["sent", "place-unknown", "rejected"]);
    case "absence-proven":
      return state !== "rejected";
    default:
      return true;
  }
}

/** Pairs that an order can meet at all. */
export function possiblePairs(): readonly string[] {
  return ORDER_STATES.flatMap((state) =>
    ORDER_FACTS.filter((fact) => canMeet(state, fact)).map((fact) => `${state} × ${fact}`),
  );
}

export function summed(all: readonly Coverage[]): Coverage {
  const sum = (of: (coverage: Coverage) => Counts): Counts => {
    const counter = new Counter();
    for (const coverage of all) for (const [name, count] of Object.entries(of(coverage))) counter.add(name, count);
    return counter.read();
  };
  return {
    pairs: sum(({ pairs }) => pairs),
    cells: sum(({ cells }) => cells),
    marks: sum(({ marks }) => marks),
    episodes: sum(({ episodes }) => episodes),
  };
}
