import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ORDER_STATES } from "../../core/order-states.ts";
import { DENIAL_REASONS } from "../../core/risk/gate.ts";
import { makeOrdersPage } from "../../docs/orders-page.ts";

test("docs/orders.md is what the code says (node docs/orders-page.ts writes it)", () => {
  expect(readFileSync(new URL("../../docs/orders.md", import.meta.url), "utf8")).toBe(makeOrdersPage());
});

test("the page names every state and every reason of the gate", () => {
  const page = makeOrdersPage();
  for (const word of [...ORDER_STATES, ...DENIAL_REASONS]) expect(page).toContain(`\`${word}\``);
});
