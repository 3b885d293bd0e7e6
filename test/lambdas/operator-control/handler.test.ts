import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { makeLambdaContext } from "../lambda-context.ts";
import { makeRequest, readControl } from "./make-requests.ts";

let cloud: LedgerCloud;
beforeAll(async () => {
  cloud = await startLedgerCloud();
});
afterAll(async () => await cloud.close());
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const context = makeLambdaContext("operator-control", 15_000);

async function startHandler() {
  vi.stubEnv("TABLE_NAME", TABLE_NAME);
  vi.stubEnv("MARKETS", "SEI/USDC, ETH/USDC");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", cloud.endpoint);
  vi.stubEnv("LOG_LEVEL", "SILENT");
  const { handler } = await import("../../../lambdas/operator-control/handler.ts");
  return handler;
}

it("the function does not start without its variables, and names them all", async () => {
  vi.stubEnv("TABLE_NAME", "");
  vi.stubEnv("MARKETS", "");
  await expect(import("../../../lambdas/operator-control/handler.ts")).rejects.toThrow(/^TABLE_NAME, MARKETS must be/);
});

it("the function writes an EventBridge event down against the endpoint of its environment", async () => {
  const handler = await startHandler();
  const envelope = { version: "0", id: "1", region: "eu-central-1", resources: [] };
  const request = makeRequest("halt", { detail: { market: "ETH/USDC", reason: "odd fills" } });
  expect(await handler({ ...envelope, ...request }, context)).toEqual({ outcome: "applied" });
  expect(await readControl(cloud.connect(), "ETH/USDC")).toMatchObject({ state: "halted", reason: "odd fills" });
});

it("a market that is not traded fails the invocation", async () => {
  const handler = await startHandler();
  const request = makeRequest("halt", { detail: { market: "BTC/USDC" } });
  await expect(handler(request, context)).rejects.toThrow("detail.market must be absent or one of SEI/USDC, ETH/USDC");
});

it.each([
  ["of another source", { source: "flashmm.engine" }],
  ["of another kind", { "detail-type": "Report Requested" }],
  ["without a time", { time: undefined }],
])("an event %s fails as a whole", async (_what, fields) => {
  const handler = await startHandler();
  await expect(Reflect.apply(handler, undefined, [{ ...makeRequest("halt"), ...fields }, context])).rejects.toThrow();
});
