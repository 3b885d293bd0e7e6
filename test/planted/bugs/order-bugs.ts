/** Bugs in what is believed of an order: lost answers, cancels, absence, fills of orders nobody knows. */
import type { PlantedBug } from "../planted-bug.ts";

/** Prices move fast and the position is near its limit: what is wrongly believed to be gone is met. */
const JUMPY = { moveMs: 4_000, moveBps: 20, halfSpreadBps: 4, levels: 3, positionOrders: 4 };

export const ORDER_BUGS: readonly PlantedBug[] = [
  {
    name: "time-out-is-rejected",
    what: "A placing whose answer was lost counts as refused.",
    edits: [
      {
        file: "fargate/cambrian/venue.ts",
        find: 'return this.#unknown("place-unknown", command, outcome.reason);',
        replace: "return this.#rejected(command, outcome.reason);",
      },
    ],
    rules: ["placements-in-flight", "self-match", "exposure", "crossed", "unknown-order", "placements-in-flight"],
    only: "venue/stream-muted,venue/silence,venue/reset",
    minutes: 4,
    haste: 20,
    parameters: { route: "place", when: "after", times: 6 },
    shape: JUMPY,
  },
  {
    name: "server-error-is-refusal",
    what: "A 5xx proves that a placing was not taken.",
    edits: [
      {
        file: "fargate/cambrian/outcome.ts",
        find: "return REFUSALS.has(status);",
        replace: "return REFUSALS.has(status) || status >= 500;",
      },
      {
        file: "fargate/cambrian/client.ts",
        find: 'if (status >= 500) throw new NoProof("server", ',
        replace:
          'if (status >= 500) return refusedBy(status, { code: "server", message: "" });\n    if (status < 0) throw new NoProof("server", ',
      },
    ],
    rules: ["placements-in-flight", "self-match", "exposure", "crossed", "unknown-order"],
    only: "venue/stream-muted,venue/server-error",
    minutes: 5,
    haste: 20,
    parameters: { route: "place", when: "after", times: 6 },
    shape: JUMPY,
  },
  {
    name: "retry-under-new-id",
    what: "An order of unknown fate is forgotten, and its quote placed again under a new id.",
    edits: [
      {
        file: "core/order.ts",
        find: 'return state !== "filled" && state !== "cancelled" && state !== "rejected" && state !== "denied";',
        replace:
          'return state !== "place-unknown" && state !== "filled" && state !== "cancelled" && state !== "rejected" && state !== "denied";',
      },
      {
        file: "core/order.ts",
        find: "if (isOpen(order) || !order.isFillKnown) return",
        replace: "if (isUnknown(order)) return toLots(0);\n  if (isOpen(order) || !order.isFillKnown) return",
      },
    ],
    rules: ["placements-in-flight", "self-match", "exposure", "crossed", "unknown-order", "bug"],
    only: "venue/stream-muted,venue/silence,venue/reset",
    minutes: 4,
    haste: 20,
    parameters: { route: "place", when: "after", times: 6 },
    shape: JUMPY,
  },
  {
    name: "unknown-never-asked",
    what: "Nobody asks the venue for an order of unknown fate.",
    edits: [
      { file: "core/order.ts", find: "    isUnknown(order) ||\n", replace: "" },
      { file: "core/order.ts", find: "    (isOpen(order) && order.missingMs !== undefined) ||\n", replace: "" },
    ],
    rules: ["liveness", "unknown-order"],
    only: "venue/stream-muted,venue/silence,venue/reset",
    minutes: 4,
    haste: 20,
    parameters: { route: "place", when: "before", times: 6 },
  },
  {
    name: "cancel-answer-is-proof",
    what: "The answer to a cancel ends an order for good, whatever the venue lists afterwards.",
    edits: [
      {
        file: "core/orders.ts",
        find: "if (this.#isListedAfterEnd(seen.clientOrderId, askedMs)) this.#takeBack(seen.clientOrderId, at.monotonicMs);",
        replace: "",
      },
    ],
    rules: ["unknown-order", "self-match", "exposure", "crossed"],
    only: "venue/cancel-lie",
    minutes: 5,
  },
  {
    name: "cancel-not-found-is-proof",
    what: "A cancel that the venue does not know means that the order is gone.",
    edits: [
      {
        file: "fargate/cambrian/venue.ts",
        find: '    if (\n      outcome.type === "proven" &&\n      outcome.value.order_id',
        replace:
          '    if (outcome.type === "refused") {\n      const { market, clientOrderId } = command;\n      this.#options.onEvent({ type: "order-rejected", market, clientOrderId, reason: "", at: this.#options.clock.now() });\n      const at = this.#options.clock.now();\n      this.#options.onEvent({ type: "order-cancelled", market, clientOrderId, at });\n      return;\n    }\n    if (\n      outcome.type === "proven" &&\n      outcome.value.order_id',
      },
      {
        file: "core/order.ts",
        find: 'const isEndDoubtful = order.state === "rejected" || !order.isEndConfirmed;',
        replace: 'const isEndDoubtful = order.state === "rejected";',
      },
    ],
    rules: ["placements-in-flight", "self-match", "crossed", "exposure", "unknown-order"],
    only: "venue/cancel-lie",
    minutes: 5,
    shape: JUMPY,
  },
  {
    name: "missing-is-gone-at-once",
    what: "An order that one list of open orders lacks has ended, though the venue may only be behind.",
    edits: [
      {
        file: "core/orders.ts",
        find: "return isOpen(order) && sinceMs !== undefined && askedMs - sinceMs >= ABSENCE_PROOF_MS;",
        replace: "return isOpen(order) && sinceMs !== undefined;",
      },
      {
        file: "core/orders.ts",
        find: "if (this.#isListedAfterEnd(seen.clientOrderId, askedMs)) this.#takeBack(seen.clientOrderId, at.monotonicMs);",
        replace: "",
      },
    ],
    rules: ["unknown-order", "self-match", "exposure", "crossed"],
    only: "venue/order-hidden",
    minutes: 6,
  },
  {
    name: "strangers-fills-dropped",
    what: "A fill of an order that this start did not send is no fill of ours.",
    edits: [
      {
        file: "core/market-engine.ts",
        find: "    if (!this.fills.add(fill)) return false;\n",
        replace:
          "    if (this.orders.find(fill.clientOrderId) === undefined) return false;\n    if (!this.fills.add(fill)) return false;\n",
      },
    ],
    rules: ["liveness", "exposure", "end"],
    only: "process/crash",
    minutes: 4,
  },
  {
    name: "fill-of-ended-order-dropped",
    what: "A fill that comes after its order was cancelled is dropped.",
    edits: [
      {
        file: "core/market-engine.ts",
        find: "    if (!this.fills.add(fill)) return false;\n",
        replace:
          '    if (this.orders.find(fill.clientOrderId)?.state === "cancelled") return false;\n    if (!this.fills.add(fill)) return false;\n',
      },
    ],
    rules: ["liveness", "exposure", "end"],
    only: "venue/fills-late,venue/fills-untold,venue/delay",
    minutes: 4,
  },
  {
    name: "client-ids-not-in-lists",
    what: "Orders of an earlier start that the venue lists are a stranger's.",
    edits: [
      {
        file: "core/market-orders.ts",
        find: "id.startsWith(OWN_PREFIX) && epochOf(id) <= this.#epoch;",
        replace: "id.startsWith(OWN_PREFIX) && epochOf(id) === this.#epoch;",
      },
      {
        file: "fargate/own-orders.ts",
        find: "id.startsWith(OWN_PREFIX) && epochOf(id) <= options.epoch);",
        replace: "id.startsWith(OWN_PREFIX) && epochOf(id) === options.epoch);",
      },
    ],
    rules: ["unknown-order", "self-match", "exposure"],
    only: "process/crash",
    minutes: 4,
  },
  {
    name: "slot-paused-for-ever",
    what: "`a ?? b > c` where `(a ?? b) > c` was meant: a slot that was refused once is paused for ever.",
    edits: [
      {
        file: "core/market-orders.ts",
        find: "return (this.#pausedUntilMs.get(slotOf(quote)) ?? Number.NEGATIVE_INFINITY) > nowMs;",
        replace: "return Boolean(this.#pausedUntilMs.get(slotOf(quote)) ?? Number.NEGATIVE_INFINITY > nowMs);",
      },
      {
        file: "core/market-orders.ts",
        find: "    if (nowMs >= this.#pausesEndMs) return false;\n",
        replace: "    void this.#pausesEndMs;\n",
      },
    ],
    rules: ["liveness"],
    only: "venue/refusal",
    minutes: 4,
  },
];
