import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { makeMemoryTableHost, startTableHost, type TableHost } from "../../../sim/world/table-host.ts";
import { fewFills, manyFills, nextMarket, tryDelivery } from "./ledger-laws.ts";

let dynalite: TableHost;
const memory = makeMemoryTableHost();
beforeAll(async () => {
  dynalite = await startTableHost();
});
afterAll(() => {
  dynalite.stop();
  memory.stop();
});

describe("the books are those of a plain fold, for any order, repetition, cut, race, fault and crash of deliveries", () => {
  it.each([
    ["dynalite", () => dynalite],
    ["the in-memory table", () => memory],
  ])("of a few fills, on %s", async (_name, host) => {
    await fc.assert(
      fc.asyncProperty(fewFills, async (delivery) => await tryDelivery(host(), nextMarket(), delivery)),
      // As many cases as fit: a busy machine tries fewer, and never none.
      { numRuns: 300, interruptAfterTimeLimit: 1_500 },
    );
  });

  it("of 2,000 fills, on dynalite", async () => {
    for (const delivery of fc.sample(manyFills(2_000), 1)) await tryDelivery(dynalite, nextMarket(), delivery);
  }, 60_000);
});
