/**
 * The page `docs/orders.md`, made from the code: what each state of an order means, what every fact does to it, and why the risk
 * gate holds a quote back. Owns the words around the tables. `node docs/orders-page.ts` writes it; a test holds it to the code.
 */
import { writeFileSync } from "node:fs";
import { isInFlight, isOpen, isUnknown, type Order } from "../core/order.ts";
import {
  FACT_MEANINGS,
  ORDER_FACTS,
  ORDER_STATES,
  ORDER_TABLE,
  type OrderState,
  STATE_MEANINGS,
} from "../core/order-states.ts";
import { DENIAL_MEANINGS, DENIAL_REASONS } from "../core/risk/gate.ts";
import { toLots, toTicks } from "../core/units.ts";

const INTRO = `# Orders

Generated from the code by \`node docs/orders-page.ts\`; a test fails when this page and the code differ.

Three words mean three things. **Denied** is ours: the risk gate or the fence before the socket kept it here, the venue never saw it.
**Rejected** is the venue's proof that it did not take it. **Unknown** is everything else: the order may rest, counts in full as exposure
and as a placement in flight, and ends only by proof.
`;

const READING = `
## What each fact does

A cell is the next state. \`!\` marks a fact that contradicts what was proven before: it is counted
(\`flashmm_cambrian_api_errors_total{kind="contradiction"}\`) and leads to the state behind the mark, or changes nothing. \`bug\` is an act of
our own that can not be: the process stops. A fill is taken in every state.
`;

const PROOF = `
## What counts as proof

- Only a readable 400, 401, 403, 404, 409, 422 or 429 proves that a placing was not taken. A time-out, a reset, a 5xx, a page of HTML
  or a body that can not be read proves nothing.
- An order of unproven fate, one unanswered for 2 s, and one that the list of open orders lacks is asked for once a second.
- An unknown placing that the venue does not know, asked 10 s or more after it was signed, can not arrive any more (CONTRACTS 3: a
  signature is good for 5 s, the clocks may be 5 s apart): its slot is free again. It stays exposure until 60 s after it was sent,
  should the venue have been slow to carry it out.
- One that rested, or whose cancel is unknown, counts as gone only when the venue has not known it for 60 s.
- A cancel's answer does not say how much had filled: the order stays exposure until the venue says it, or a reading of the fill
  history that began 2 s after the end has come to its end. After a cancel's answer alone, the list of open orders must have lacked it
  as well, asked 2 s after, and the reading must have begun 2 s after that list's answer: an answer "cancelled" may not have been carried
  out.
- A list, a history and a balance are of when the request was sent that they answer, which may be well after the first one was, where that
  found no answer. On chain they are of when they were first asked for: the node that answers in the end may show no later block.
- One of ours by its name that the venue lists and that should not be there, from this start or an earlier one, is taken in as
  \`external\`, counts as exposure and is cancelled. Orders without our name, and those of a later start, are left alone.
`;

const GATE = `
## Why a quote is held back

Each has its counter, \`flashmm_orders_denied_total{market,reason}\`, and stands in \`GET /api/state\` under \`denials\`; what is held back
now is told in \`reasons\`. They are asked in this order.
`;

const ENDS = `
## Why an order ends as denied

The last question before the bytes of a placing are written is asked of the fence. It holds the order back when the task is stopping, when
the lease is not ours, not renewed for two thirds of its term or in doubt after a freeze, when an operator or the engine itself has
halted the market, and when the control items could not be read for 5 s. An open circuit breaker, and a request slot that was not
there any more, end an order in the same way. None of them counts as placed.
`;

/** The whole page. */
export function makeOrdersPage(): string {
  return [
    INTRO,
    "## States\n",
    table(
      ["state", "means", "open", "exposure", "in flight"],
      ORDER_STATES.map((state) => [
        `\`${state}\``,
        STATE_MEANINGS[state],
        isOpen(orderIn(state)) ? "yes" : "",
        exposureOf(state),
        isInFlight(orderIn(state)) ? "yes" : "",
      ]),
    ),
    "\n## Facts\n",
    table(
      ["fact", "means"],
      ORDER_FACTS.map((fact) => [`\`${fact}\``, FACT_MEANINGS[fact]]),
    ),
    READING,
    table(
      ["fact", ...ORDER_STATES.map((state) => `\`${state}\``)],
      ORDER_FACTS.map((fact) => [`\`${fact}\``, ...ORDER_STATES.map((state) => ORDER_TABLE[state][fact])]),
    ),
    PROOF,
    GATE,
    table(
      ["reason", "means"],
      DENIAL_REASONS.map((reason) => [`\`${reason}\``, DENIAL_MEANINGS[reason]]),
    ),
    ENDS,
  ].join("\n");
}

function exposureOf(state: OrderState): string {
  const order = orderIn(state);
  if (isUnknown(order)) return "in full, until proven";
  if (isOpen(order)) return "what is not filled";
  return state === "cancelled" ? "until its fills are proven" : "only fills that were reported and have not come";
}

function orderIn(state: OrderState): Order {
  return {
    clientOrderId: "fm-1-SEIUSDC-b0-1",
    market: "SEI/USDC",
    side: "buy",
    level: 0,
    price: toTicks(1),
    size: toLots(1),
    sentMs: 0,
    orderId: undefined,
    state,
    filledReported: toLots(0),
    filledBooked: toLots(0),
    isFillKnown: false,
    fillsProvableMs: 0,
    isAdopted: false,
    isEndConfirmed: false,
    changedMs: 0,
    queriedMs: undefined,
    missingMs: undefined,
  };
}

/** A Markdown table whose columns stand under one another in the text too. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line), ""].join("\n");
}

if (import.meta.main) writeFileSync(new URL("./orders.md", import.meta.url), makeOrdersPage());
