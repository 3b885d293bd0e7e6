/** The list of our open orders at the venue: what is odd in it hides nothing else. */
import { expect, it } from "vitest";
import { makeKeys } from "../../../lambdas/cambrian-keys.ts";
import { VenueOrders } from "../../../lambdas/health-sweep/venue-orders.ts";
import { makeDrivenTiming } from "../driven-timing.ts";

const keys = makeKeys({ CAMBRIAN_API_KEY: "the-key", CAMBRIAN_SECRET_KEY: "the-secret" });

async function list(orders: readonly unknown[]) {
  const fetch = async () => new Response(JSON.stringify({ orders }));
  const timing = makeDrivenTiming();
  const venue = { baseUrl: "http://venue.test", network: "testnet", keys, fetch, timing } as const;
  return await new VenueOrders(venue, { warn: () => undefined }).list(["SEI/USDC"], timing.monotonicMs() + 10_000);
}

const OURS = { order_id: "O-1", client_order_id: "fm-1-SEIUSDC-b0-1" };
const READ = { market: "SEI/USDC", orderId: "O-1", clientOrderId: "fm-1-SEIUSDC-b0-1" };

it.each([
  ["a number", 7],
  ["an empty text", ""],
  ["a text that is too long", "x".repeat(129)],
  ["something whose length is none", { length: { toString: 1 } }],
])("an order of ours whose id is %s hides no other, and makes the list an incomplete one", async (_what, order_id) => {
  expect(await list([{ ...OURS, order_id }, OURS])).toEqual({
    orders: [READ],
    unread: [{ market: "SEI/USDC", reason: expect.stringMatching(/^an order of ours in SEI\/USDC cannot be read: /) }],
  });
});

it.each([[{ client_order_id: "radio-7" }], [{ client_order_id: { length: { toString: 1 } } }], [null], ["fm-1"]])(
  "a stranger's, such as %j, is passed over",
  async (stranger) => {
    expect(await list([stranger, OURS])).toEqual({ orders: [READ], unread: [] });
  },
);
