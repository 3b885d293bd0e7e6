import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { lawLength } from "../../law-length.ts";
import { type DynamoDbLocal, JAVA, NOT_RUN, startDynamoDbLocal } from "../../sim/dynamodb-api/dynamodb-local.ts";
import { expectSameAnswers } from "../../sim/dynamodb-api/table-calls.ts";
import { fewFills, manyFills, nextMarket, tryDelivery } from "./ledger-laws.ts";

/** Deliveries of a few fills, fills of the one large delivery, and sequences of calls on both tables. */
const DELIVERIES = lawLength({ usual: 12, long: 500 });
const FILLS = lawLength({ usual: 550, long: 2_000 });
const SEQUENCES = lawLength({ usual: 40, long: 1_000 });

let local: DynamoDbLocal;

// The reporter shows no names of tests that were skipped.
if (JAVA === undefined) process.stderr.write(`${NOT_RUN}\n`);

describe.skipIf(JAVA === undefined)(`on DynamoDB Local${JAVA === undefined ? ` (${NOT_RUN})` : ""}`, () => {
  beforeAll(async () => {
    local = await startDynamoDbLocal();
  });
  afterAll(async () => await local.close());

  it("the books of a few fills are those of a plain fold, for any delivery", async () => {
    await fc.assert(
      fc.asyncProperty(fewFills, async (delivery) => await tryDelivery(local, nextMarket(), delivery)),
      { numRuns: DELIVERIES },
    );
  });

  it(`the books of ${FILLS} fills are those of a plain fold`, async () => {
    for (const delivery of fc.sample(manyFills(FILLS), 1)) await tryDelivery(local, nextMarket(), delivery);
  });

  it("the in-memory table answers the same, whatever is asked in whatever order", async () => {
    await expectSameAnswers(local, SEQUENCES);
  });
});
