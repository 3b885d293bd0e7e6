import { expect, test } from "vitest";
import type { Question } from "../../../lambdas/cambrian-client.ts";
import { readHistoryPage } from "../../../lambdas/fill-audit/venue-history.ts";

/** Asks a venue that answers with these fills. */
async function read(fills: readonly unknown[]) {
  const client = { ask: async <Answer>({ read }: Question<Answer>) => read({ fills, next_cursor: "c-2" }) };
  return await readHistoryPage(client, "SEI/USDC", "c-1", 1_000);
}

test("a page of what is no fill tells each of them", async () => {
  const page = await read(Array.from({ length: 500 }, () => 0));
  expect(page).toMatchObject({ fills: [], nextCursor: "c-2", more: true });
  expect(page.unreadable).toHaveLength(500);
});

test("a page of far more than was asked for is none", async () => {
  await expect(read(Array.from({ length: 1_001 }, () => 0))).rejects.toThrow(
    "page.fills must be a list of at most 1000 fills",
  );
});
