import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { makeMemoryTableHost, startTableHost, type TableHost } from "../../../sim/world/table-host.ts";
import { lawLength } from "../../law-length.ts";
import { fewFills, manyFills, nextMarket, tryDelivery } from "./ledger-laws.ts";

/** Deliveries of a few fills, and fills of the one large delivery, of which the first batch is as large as on AWS. */
const DELIVERIES = lawLength({ usual: 30, long: 2_000 });
const FILLS = lawLength({ usual: 600, long: 2_000 });

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
      { numRuns: DELIVERIES },
    );
  });

  it(`of ${FILLS} fills, on dynalite`, async () => {
    for (const delivery of fc.sample(manyFills(FILLS), 1)) await tryDelivery(dynalite, nextMarket(), delivery);
  });
});
