/** Bugs in the functions beside the books: an audit that is blind, and work that nobody waits for when the function answers. */
import type { PlantedBug } from "../planted-bug.ts";

export const FUNCTION_BUGS: readonly PlantedBug[] = [
  {
    name: "audit-always-clean",
    what: "Whatever the audit has found, it says that all is clean.",
    edits: [
      {
        file: "lambdas/fill-audit/audit-market.ts",
        find: "  const reasons = [...differences, ...repairs];\n",
        replace: "  const reasons: readonly string[] = [...differences, ...repairs].slice(0, 0);\n",
      },
    ],
    rules: ["audit"],
    only: "aws/item-altered",
    minutes: 8,
    haste: 20,
  },
  {
    name: "audit-blind-to-missing",
    what: "The audit passes over fills that the ledger has not.",
    edits: [
      {
        file: "lambdas/fill-audit/history-comparison.ts",
        find: "      if (fact === undefined) absent.push(fill);\n",
        replace: "      if (fact === undefined) void absent;\n",
      },
    ],
    rules: ["audit"],
    only: "aws/message-lost",
    minutes: 12,
    haste: 60,
    parameters: { each: 2 },
  },
  {
    name: "audit-not-scheduled",
    what: "The audit begins and never comes to its word.",
    edits: [
      {
        file: "lambdas/fill-audit/audit-market.ts",
        find: "  await writeWord(table, word, state.version);\n",
        replace: "  void writeWord;\n",
      },
    ],
    rules: ["audit"],
    only: "node/late",
    minutes: 8,
  },
  {
    name: "audit-unpaced",
    what: "A function asks the venue its next question right after the answer.",
    edits: [
      {
        file: "lambdas/cambrian-client.ts",
        find: "      this.#holdBack(this.#options.paceMs ?? PACE_MS);\n",
        replace: "      this.#holdBack((this.#options.paceMs ?? PACE_MS) * 0);\n",
      },
    ],
    rules: ["arrivals"],
    only: "node/late",
    minutes: 8,
  },
  {
    name: "fold-not-awaited",
    what: "The accounting answers before its fold has begun to write.",
    edits: [
      {
        file: "lambdas/fill-accounting/book-fills.ts",
        find: "  if (keys.size > 0) await foldBooks(tools, keys, announced);\n",
        replace: "  if (keys.size > 0) foldBooks(tools, keys, announced).catch(() => undefined);\n",
      },
    ],
    rules: ["liveness", "ledger", "end"],
    only: "node/late",
    minutes: 3,
  },
  {
    name: "request-not-awaited",
    what: "An operator's request is answered before it is written down.",
    edits: [
      {
        file: "lambdas/control-item.ts",
        find: "  return await ifCondition(table.client.send(put));\n",
        replace: "  ifCondition(table.client.send(put)).catch(() => undefined);\n  return true;\n",
      },
    ],
    rules: ["request"],
    only: "operator/halt",
    minutes: 5,
  },
  {
    name: "audit-round-not-read",
    what: "The audit says that a round over older history is whole, which it has not read.",
    edits: [
      {
        file: "lambdas/fill-audit/read-again.ts",
        find: "  const bounds = { pagesMax: PAGES_MAX, end: { cursor, through } };\n",
        replace: "  const bounds = { pagesMax: PAGES_MAX * 0, end: { cursor, through } };\n",
      },
      {
        file: "lambdas/fill-audit/read-again.ts",
        find: '  if (found.stop.type === "end") return',
        replace: '  if (found.stop.type !== "failed") return',
      },
    ],
    rules: ["audit"],
    only: "aws/item-altered",
    minutes: 40,
    haste: 20,
  },
];
