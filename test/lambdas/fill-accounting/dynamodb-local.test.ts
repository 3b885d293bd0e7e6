import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type DynamoDbLocal, JAVA, NOT_RUN, startDynamoDbLocal } from "../../sim/dynamodb-api/dynamodb-local.ts";
import { expectSameAnswers } from "../../sim/dynamodb-api/table-calls.ts";
import { fewFills, manyFills, nextMarket, tryDelivery } from "./ledger-laws.ts";

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
      { numRuns: 300, interruptAfterTimeLimit: 2_000 },
    );
  });

  it("the books of 2,000 fills are those of a plain fold", async () => {
    for (const delivery of fc.sample(manyFills(2_000), 1)) await tryDelivery(local, nextMarket(), delivery);
  }, 60_000);

  it("the in-memory table answers the same, whatever is asked in whatever order", async () => {
    await expectSameAnswers(local, { runs: 200, millis: 1_000 });
  });
});
