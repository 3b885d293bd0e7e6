import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { makeLambdaContext } from "../lambda-context.ts";
import { expectBooks } from "./deliver.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "./ledger-cloud.ts";
import { makeMessage, makeRecord } from "./make-messages.ts";

let cloud: LedgerCloud;
beforeAll(async () => {
  cloud = await startLedgerCloud();
});
afterAll(async () => await cloud.close());
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const context = makeLambdaContext("fill-accounting", 30_000);

async function startHandler() {
  vi.stubEnv("TABLE_NAME", TABLE_NAME);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", cloud.endpoint);
  vi.stubEnv("LOG_LEVEL", "SILENT");
  const { handler } = await import("../../../lambdas/fill-accounting/handler.ts");
  return handler;
}

it("the function does not start without TABLE_NAME, and names it", async () => {
  vi.stubEnv("TABLE_NAME", "");
  await expect(import("../../../lambdas/fill-accounting/handler.ts")).rejects.toThrow(/^TABLE_NAME must be set/);
});

it("the function books an SQS event against the endpoint of its environment", async () => {
  const handler = await startHandler();
  const message = makeMessage({ market: "KKK/USDC", fillId: "kkk-1" });
  const bad = makeRecord("{}");
  const answer = await handler({ Records: [makeRecord(message), bad] }, context);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: bad.messageId }] });
  await expectBooks(cloud.connect(), "KKK/USDC", [message]);
});

it.each([[[]], [[{}]]])("the function needs no context: %j", async (contexts) => {
  const handler = await startHandler();
  const market = `K${contexts.length}K/USDC`;
  const message = makeMessage({ market, fillId: `kk-${contexts.length}` });
  const answer = await Reflect.apply(handler, undefined, [{ Records: [makeRecord(message)] }, ...contexts]);
  expect(answer).toEqual({ batchItemFailures: [] });
  await expectBooks(cloud.connect(), market, [message]);
});

it("an event that is not from a queue fails as a whole", async () => {
  const handler = await startHandler();
  await expect(Reflect.apply(handler, undefined, [{ detail: {} }, context])).rejects.toThrow();
});
