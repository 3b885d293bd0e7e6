/** Bugs in what may be sent: limits, exposure, the order of our own quotes, how many requests a second. */
import type { PlantedBug } from "../planted-bug.ts";

const EXPOSURE_LINE =
  "if (isOpen(order) || !order.isFillKnown) return toLots(Math.max(0, order.size - order.filledBooked));";
const RELEASE_LINE = "return (slot.settledMs ?? slot.giveUpMs) + WINDOW_MS + this.#limits.marginMs;";
const DUE_LINE = "return slot.settledMs === null ? slot.giveUpMs : this.#releaseMs(slot);";

/** The position is most often near its limit. */
const TIGHT = { positionOrders: 3, levels: 3 };
/** New quotes come to lie where old ones stand. */
const JUMPY = { moveMs: 4_000, moveBps: 20, halfSpreadBps: 4, levels: 3 };

export const RISK_BUGS: readonly PlantedBug[] = [
  {
    name: "unknown-not-exposed",
    what: "An order of unknown fate counts for nothing in the worst case.",
    edits: [
      {
        file: "core/order.ts",
        find: EXPOSURE_LINE,
        replace: `if (isUnknown(order)) return toLots(0);\n  ${EXPOSURE_LINE}`,
      },
    ],
    rules: ["exposure"],
    only: "venue/stream-muted,venue/silence,venue/reset",
    minutes: 6,
    haste: 20,
    parameters: { route: "place", when: "after", times: 6 },
    shape: TIGHT,
  },
  {
    name: "position-limit-without-orders",
    what: "The position limit looks at what is held, not at what may fill besides.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: "position: ({ quote, exposure, limits }) => roomFor(quote.side, exposure, limits) < quote.size,",
        replace:
          "position: ({ quote, position, limits }) => roomFor(quote.side, { long: position, short: position }, limits) < quote.size,",
      },
    ],
    rules: ["exposure"],
    only: "venue/delay,venue/slow",
    minutes: 6,
    parameters: { route: "place", when: "after", times: 6 },
    shape: TIGHT,
  },
  {
    name: "position-limit-ignored",
    what: "The position limit is not looked at.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: 'return side === "buy" ? limits.position - exposure.long : limits.position + exposure.short;',
        replace: "return Number.MAX_SAFE_INTEGER;",
      },
    ],
    rules: ["exposure"],
    only: "operator/other-strategy",
    minutes: 8,
    shape: TIGHT,
  },
  {
    name: "cancelled-not-exposed",
    what: "What an order that was cancelled may have filled before counts for nothing.",
    edits: [
      {
        file: "core/order.ts",
        find: EXPOSURE_LINE,
        replace: EXPOSURE_LINE.replace("isOpen(order) || !order.isFillKnown", "isOpen(order)"),
      },
    ],
    rules: ["exposure"],
    only: "venue/fills-late,venue/fills-untold,venue/stream-muted",
    minutes: 6,
    haste: 20,
    shape: TIGHT,
  },
  {
    name: "reload-drops-limits",
    what: "A new configuration of the strategy leaves the market without its limits.",
    edits: [
      {
        file: "core/market-engine.ts",
        find: "this.#settings = { ...this.#settings, strategy: event.strategy, tolerance: event.tolerance };",
        replace:
          "const none = Number.MAX_SAFE_INTEGER;\n        const limits = { ...this.#settings.limits, position: none as Lots, orderSize: none as Lots, placeBookAgeMs: none };\n        this.#settings = { ...this.#settings, limits, strategy: event.strategy, tolerance: event.tolerance };",
      },
    ],
    rules: ["exposure", "fresh-data", "malformed"],
    only: "operator/other-strategy,node/silent,node/late",
    minutes: 6,
    shape: TIGHT,
  },
  {
    name: "self-match-allowed",
    what: "A quote may meet an order of ours.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: '"self-match": ({ orders, quote }) => countWhere(orders, (order) => wouldMatch(quote, order)) > 0,',
        replace: '"self-match": () => false,',
      },
    ],
    rules: ["self-match", "crossed"],
    only: "venue/delay,venue/slow,venue/reply-lost",
    minutes: 5,
    shape: JUMPY,
  },
  {
    name: "tick-is-lot",
    what: "A price is written with the lot's step.",
    edits: [
      {
        file: "fargate/cambrian/calls.ts",
        find: "price: formatPrice(market, command.price),",
        replace: "price: formatSize(market, command.price as number as typeof command.size),",
      },
    ],
    rules: ["malformed", "order-limits", "liveness"],
    only: "node/late",
    minutes: 3,
  },
  {
    name: "price-as-float",
    what: "A price is written as a floating-point product.",
    edits: [
      {
        file: "fargate/cambrian/calls.ts",
        find: "price: formatPrice(market, command.price),",
        replace: "price: String(command.price * Number(market.tick.text)),",
      },
    ],
    rules: ["malformed"],
    only: "node/late",
    minutes: 3,
  },
  {
    name: "start-size-tenfold",
    what: "A percentage is taken for a factor: quotes of a hundred times the size.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: "const size = Math.max(1, Math.floor((quote.size * sizePercent) / 100));",
        replace: "const size = Math.max(1, Math.floor(quote.size * sizePercent));",
      },
      {
        file: "core/risk/gate.ts",
        find: '"order-size": ({ quote, limits }) => quote.size <= 0 || quote.size > limits.orderSize,',
        replace: '"order-size": ({ quote }) => quote.size <= 0,',
      },
    ],
    rules: ["malformed", "exposure", "liveness"],
    only: "node/late",
    minutes: 3,
  },
  {
    name: "window-from-the-send",
    what: "A request's second is counted from when it was sent, not from when it was answered.",
    edits: [
      {
        file: "core/execution/request-budget.ts",
        find: RELEASE_LINE,
        replace: "return slot.giveUpMs - this.#limits.unsettledMsMax + WINDOW_MS;",
      },
      { file: "core/execution/request-budget.ts", find: DUE_LINE, replace: "return this.#releaseMs(slot);" },
    ],
    rules: ["arrivals"],
    only: "venue/delay,venue/clog",
    minutes: 4,
  },
  {
    name: "token-bucket",
    what: "A bucket of ten that refills at ten a second: twenty requests in one second.",
    edits: [
      {
        file: "core/execution/request-budget.ts",
        find: "  #forget({ monotonicMs: nowMs }: Instant): void {\n",
        replace:
          "  #filledMs = 0;\n\n  #forget({ monotonicMs: nowMs }: Instant): void {\n    const tokens = Math.floor((nowMs - this.#filledMs) / 100);\n    if (tokens > 0) this.#filledMs = nowMs;\n    this.#slots = this.#slots.slice(tokens);\n    this.#count();\n    if (tokens >= 0) return;\n",
      },
    ],
    rules: ["arrivals", "placements-in-flight"],
    only: "venue/delay,venue/clog",
    minutes: 4,
  },
  {
    name: "budget-refilled-after-doubt",
    what: "What was sent just before a doubt is forgotten when the doubt is over.",
    edits: [
      {
        file: "core/execution/request-budget.ts",
        find: "    this.#suspendedUntilMs = Number.NEGATIVE_INFINITY;\n    this.#onStep",
        replace:
          "    this.#suspendedUntilMs = Number.NEGATIVE_INFINITY;\n    this.#slots = [];\n    this.#count();\n    this.#onStep",
      },
    ],
    rules: ["arrivals", "placements-in-flight"],
    only: "clock/jump,process/stall,venue/delay,venue/clog",
    minutes: 6,
  },
  {
    name: "earlier-requests-forgotten",
    what: "A task that takes over sends at once, beside what the one before it has just sent.",
    edits: [
      {
        file: "fargate/task.ts",
        find: "const EARLIER_REQUESTS_MS = 1_100;",
        replace: "const EARLIER_REQUESTS_MS = 0;",
      },
    ],
    rules: ["arrivals"],
    only: "process/deployment",
    minutes: 5,
    haste: 20,
    shape: { levels: 3, leaseTermMs: 10_000 },
  },
];
