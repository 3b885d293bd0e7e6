/** Bugs on the way of a fill into the books: the checkpoint, the queue, the facts, the fold, the sums. */
import type { PlantedBug } from "../planted-bug.ts";

export const LEDGER_BUGS: readonly PlantedBug[] = [
  {
    name: "cursor-before-queue",
    what: "The checkpoint moves over fills that the queue has not acknowledged.",
    edits: [
      {
        file: "fargate/fill-progress.ts",
        find: "if (page === undefined || !page.isClosed || !page.fills.every(({ isSent }) => isSent)) return moved;",
        replace: "if (page === undefined || !page.isClosed) return moved;",
      },
    ],
    rules: ["checkpoint", "liveness", "end"],
    only: "aws/outage",
    minutes: 4,
    parameters: { service: "queue" },
    haste: 60,
  },
  {
    name: "checkpoint-skips",
    what: "The books of a checkpoint leave out the first fill of a page.",
    edits: [
      {
        file: "fargate/fill-progress.ts",
        find: "    for (const fill of inOrder) {\n",
        replace: "    for (const fill of inOrder.length > 1 ? inOrder.slice(1) : inOrder) {\n",
      },
    ],
    rules: ["liveness", "end", "bug"],
    only: "process/crash,venue/fills-untold",
    minutes: 6,
  },
  {
    name: "refused-messages-dropped",
    what: "A fill that the queue did not take is not sent again.",
    edits: [{ file: "fargate/fill-outbox.ts", find: "    this.#waiting.push(...failed);\n", replace: "" }],
    rules: ["liveness", "end"],
    only: "aws/outage",
    minutes: 4,
    parameters: { service: "queue" },
    haste: 60,
  },
  {
    name: "failed-messages-deleted",
    what: "A message whose fill could not be booked is answered as done.",
    edits: [
      {
        file: "lambdas/fill-accounting/account-batch.ts",
        find: "    if (error !== undefined) throw error;\n",
        replace: "    void error;\n",
      },
    ],
    rules: ["liveness", "end"],
    only: "aws/throttled,aws/outage",
    minutes: 4,
    parameters: { service: "table" },
    haste: 30,
  },
  {
    name: "known-by-message",
    what: "A fill is known by the message that brought it, as if no message came twice.",
    edits: [
      {
        file: "lambdas/fill-accounting/account-batch.ts",
        find: "fills.set(record.messageId, parseFillMessage(parseJson(record.body)));",
        replace:
          "fills.set(record.messageId, { ...parseFillMessage(parseJson(record.body)), fillId: record.messageId });",
      },
    ],
    rules: ["ledger", "liveness", "end"],
    only: "process/crash,aws/reply-lost,aws/error-though-done",
    minutes: 4,
  },
  {
    name: "late-fill-not-folded",
    what: "A fill older than the newest in the books is left out of them.",
    edits: [
      {
        file: "lambdas/fill-accounting/fold-books.ts",
        find: "  if (late === undefined) return position.state;\n  const before = late;\n",
        replace: "  if (last !== undefined) return position.state;\n  const before: VenueKey = late ?? last;\n",
      },
    ],
    rules: ["liveness", "ledger", "end"],
    only: "aws/throttled,aws/slow,function/",
    minutes: 5,
  },
  {
    name: "duplicate-fill-in-engine",
    what: "The engine books a fill of the stream and the same one of the history.",
    edits: [
      {
        file: "core/accounting/fill-log.ts",
        find: 'if (this.#remembered.has(fill.fillId) || this.#isForgotten(fill)) return "duplicate";',
        replace: 'if (this.#isForgotten(fill)) return "duplicate";',
      },
    ],
    rules: ["liveness", "exposure", "end"],
    only: "venue/fills",
    minutes: 3,
  },
  {
    name: "float-sums",
    what: "Fees are added up in floating point.",
    edits: [
      {
        file: "core/accounting/pnl.ts",
        find: "    fees: books.fees + fee,\n",
        replace: "    fees: BigInt(Math.round((Number(books.fees) / 1e18 + Number(fee) / 1e18) * 1e18)),\n",
      },
    ],
    rules: ["end", "liveness", "ledger"],
    only: "node/late",
    minutes: 3,
  },
  {
    name: "volume-as-float",
    what: "Price times size is taken in floating point.",
    edits: [
      {
        file: "core/accounting/pnl.ts",
        find: "  const value = multiply(fill.price, fill.size);\n",
        replace: "  const value = BigInt(Math.round((Number(fill.price) / 1e18) * Number(fill.size)));\n",
      },
    ],
    rules: ["end", "liveness", "ledger"],
    only: "node/late",
    minutes: 3,
  },
  {
    name: "sellers-fees-left-out",
    what: "Fees of sales are left out of the books.",
    edits: [
      {
        file: "core/accounting/pnl.ts",
        find: "  if (fill.feeAsset === assets.quote) return fill.fee;\n",
        replace: '  if (fill.feeAsset === assets.quote) return fill.side === "buy" ? fill.fee : 0n;\n',
      },
    ],
    rules: ["end", "liveness", "ledger"],
    only: "node/late",
    minutes: 3,
  },
];
