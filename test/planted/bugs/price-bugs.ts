/** Bugs in what a price is held to: the collar, the value of an order, books and leaps that no honest market shows. */
import type { PlantedBug } from "../planted-bug.ts";

/** All nodes tell one lie for long enough to be believed. */
const LIE = { lie: "elsewhere", which: 7 };

export const PRICE_BUGS: readonly PlantedBug[] = [
  {
    name: "collar-ignored",
    what: "A price is not held to the middle of the last minute.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: "    return Math.abs(quote.price - referencePrice) * 100 > percent * referencePrice;",
        replace: "    return percent < 0;",
      },
    ],
    rules: ["order-limits"],
    only: "node/lying",
    minutes: 6,
    haste: 20,
    parameters: { ...LIE, percent: 8 },
  },
  {
    name: "order-value-ignored",
    what: "The value of an order is not looked at.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: '"order-value": ({ quoteValue, limits }) => quoteValue > limits.orderValue,',
        replace: '"order-value": () => false,',
      },
    ],
    rules: ["order-limits"],
    only: "node/late",
    minutes: 3,
    shape: { levels: 3, levelSizeOrders: 0.5, valueOrders: 1.7 },
  },
  {
    name: "crossed-book-quoted",
    what: "A book whose bid stands above its ask is as good as any.",
    edits: [
      {
        file: "core/market-data/market-watch.ts",
        find: "    if (isCrossed(topOf(book))) {",
        replace: "    if (isCrossed(topOf(book)) && book.sequence < 0) {",
      },
    ],
    rules: ["sane-book"],
    only: "node/spoilt-books",
    minutes: 5,
    haste: 20,
    parameters: { fault: "crossed", which: 7, times: 6 },
  },
  {
    name: "leap-not-paused",
    what: "Quotes follow a leap of the price at once.",
    edits: [
      {
        file: "core/market-data/reasonability.ts",
        find: "      this.#pausedUntilMs = nowMs + this.#limits.midJumpPauseMs;\n",
        replace: "      this.#pausedUntilMs = nowMs;\n",
      },
    ],
    rules: ["sane-book"],
    only: "node/lying",
    minutes: 6,
    haste: 20,
    parameters: { ...LIE, percent: 2.9 },
  },
];
