/** Bugs in what is believed of the market: age, order, crossed books, frozen processes. */
import type { PlantedBug } from "../planted-bug.ts";

const OLD_BOOK_LINE = "return bookAgeMs === undefined || bookAgeMs > limits.placeBookAgeMs;";
const STALE_LINE = "if (now.monotonicMs <= staleMs) return reasons;";

export const MARKET_DATA_BUGS: readonly PlantedBug[] = [
  {
    name: "open-socket-is-fresh",
    what: "A book is as fresh as the socket that it came by, however long ago.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: OLD_BOOK_LINE,
        replace: "return bookAgeMs === undefined;",
      },
      {
        file: "core/market-data/market-watch.ts",
        find: STALE_LINE,
        replace: STALE_LINE.replace("now.monotonicMs <= staleMs", "staleMs >= 0"),
      },
    ],
    rules: ["fresh-data", "stale-quotes"],
    only: "node/silent,node/half-open,node/hanging",
    minutes: 5,
  },
  {
    name: "stale-book-placed-on",
    what: "The age of a book is not looked at before a placing.",
    edits: [
      {
        file: "core/risk/gate.ts",
        find: OLD_BOOK_LINE,
        replace: "return bookAgeMs === undefined;",
      },
    ],
    rules: ["fresh-data"],
    only: "node/silent,node/half-open,node/hanging,node/late",
    minutes: 5,
  },
  {
    name: "books-checked-too-early",
    what: "The market's data is looked at when an order is decided, and not when its bytes are written.",
    edits: [
      {
        file: "core/market-engine.ts",
        find: "    const reason = this.blockers[0] ?? this.watch.reasonsNotToQuote(now)[0];",
        replace: "    if (now.monotonicMs > 0) return undefined;\n    const reason = this.blockers[0];",
      },
    ],
    rules: ["fresh-data", "sane-book"],
    only: "node/silent,node/half-open,venue/connecting",
    minutes: 5,
    haste: 20,
    parameters: { highMs: 1_900, which: 7 },
  },
  {
    name: "books-of-the-past",
    what: "A book that goes back in time is as good as any.",
    edits: [
      {
        file: "core/market-data/market-watch.ts",
        find: "if (behindMs > STEP_BACK_MS_MAX) {",
        replace: "if (behindMs > Number.MAX_SAFE_INTEGER) {",
      },
    ],
    rules: ["fresh-data", "stale-quotes"],
    only: "node/lying",
    minutes: 5,
    haste: 20,
    parameters: { lie: "old", which: 7, ageMs: 10_000 },
  },
  {
    name: "lost-feed-is-quiet",
    what: "Nothing follows from the loss of the market data.",
    edits: [
      {
        file: "core/market-data/market-watch.ts",
        find: "this.#feedLoss = `market data lost from ",
        replace: "void `",
      },
      {
        file: "core/market-data/market-watch.ts",
        find: '    this.#distrust = "no book since the market data was lost";\n',
        replace: "",
      },
      {
        file: "core/risk/gate.ts",
        find: OLD_BOOK_LINE,
        replace: "return bookAgeMs === undefined;",
      },
    ],
    rules: ["fresh-data", "stale-quotes"],
    only: "node/silent,node/half-open,node/dead",
    minutes: 5,
  },
  {
    name: "stale-quotes-left",
    what: "On an old book nothing new is quoted, and what stands stays.",
    edits: [
      {
        file: "core/market-engine.ts",
        find: "const diff = diffOrders(quotes, open, this.settings.tolerance,",
        replace:
          'const kept = this.#blockers.some(({ kind }) => kind === "market-data") ? [] : open;\n    const diff = diffOrders(quotes, kept, this.settings.tolerance,',
      },
    ],
    rules: ["stale-quotes"],
    only: "node/silent,node/half-open,node/hanging,node/dead",
    minutes: 5,
  },
];
