import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { makeSystemClock } from "../../../fargate/clock.ts";
import { type CambrianApi, startCambrianApi } from "../../../sim/cambrian-api/server.ts";
import { type HandMadeExchange, makeHandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { type LedgerCloud, startLedgerCloud, TABLE_NAME } from "../fill-accounting/ledger-cloud.ts";
import { makeLambdaContext } from "../lambda-context.ts";

const MARKET = "SEI/USDC";
const KEYS = { apiKey: "the-key", secretKey: "the-secret" };

let cloud: LedgerCloud;
let exchange: HandMadeExchange;
let api: CambrianApi;
beforeAll(async () => {
  cloud = await startLedgerCloud();
  const clock = makeSystemClock();
  const markets = [{ symbol: MARKET, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }];
  exchange = makeHandMadeExchange({ clock, markets });
  const settings = { ...KEYS, exchange, network: "testnet", clock, rng: { next: () => 0.5 }, port: 0 } as const;
  api = await startCambrianApi({ ...settings, latencyMs: 0 });
});
afterAll(async () => {
  await api.close();
  exchange.stop();
  await cloud.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.resetModules();
});

const context = makeLambdaContext("fill-audit");

const ENVIRONMENT = () => ({
  TABLE_NAME,
  FILLS_QUEUE_URL: "http://127.0.0.1:9/000000000000/fills",
  EVENT_BUS_NAME: "flashmm",
  MARKETS: MARKET,
  CAMBRIAN_BASE_URL: api.url,
  CAMBRIAN_TESTNET: "true",
  CAMBRIAN_API_KEY: KEYS.apiKey,
  CAMBRIAN_SECRET_KEY: KEYS.secretKey,
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  AWS_ENDPOINT_URL_DYNAMODB: cloud.endpoint,
  LOG_LEVEL: "SILENT",
});

async function startHandler(changes: Readonly<Record<string, string>> = {}) {
  for (const [name, value] of Object.entries({ ...ENVIRONMENT(), ...changes })) vi.stubEnv(name, value);
  const { handler } = await import("../../../lambdas/fill-audit/handler.ts");
  return handler;
}

it("the function does not start without its variables, and names them all", async () => {
  const empty = Object.fromEntries(Object.keys(ENVIRONMENT()).map((name) => [name, ""]));
  await expect(startHandler(empty)).rejects.toThrow(
    /^TABLE_NAME, FILLS_QUEUE_URL, EVENT_BUS_NAME, MARKETS, CAMBRIAN_BASE_URL, CAMBRIAN_TESTNET, CAMBRIAN_SECRET_ARN must be set/,
  );
});

it.each([
  ["MARKETS", "sei", "MARKETS must be symbols such as SEI/USDC"],
  ["MARKETS", "SEI/USDC,SEI/USDC", "MARKETS must be symbols such as SEI/USDC"],
  ["CAMBRIAN_TESTNET", "maybe", "CAMBRIAN_TESTNET must be true or false"],
  ["CAMBRIAN_BASE_URL", "nowhere", "CAMBRIAN_BASE_URL must be an https:// address"],
])("the function does not start with %s=%s", async (name, value, expected) => {
  await expect(startHandler({ [name]: value })).rejects.toThrow(expected);
});

it("the function audits over real sockets by the endpoints of its environment, and measures in CloudWatch's format", async () => {
  exchange.start();
  exchange.place({
    market: MARKET,
    side: "buy",
    orderType: "market",
    price: undefined,
    quantity: "40",
    timeInForce: "ioc",
    clientOrderId: "fm-1-SEIUSDC-b0-1",
  });
  const handler = await startHandler();
  const written: string[] = [];
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(...String(text).trim().split("\n"));
    return true;
  });
  const scheduled = { source: "aws.scheduler", "detail-type": "Scheduled Event", detail: "{}" };
  // The fill is seconds old, and on its way.
  expect(await handler(scheduled, context)).toMatchObject({
    markets: [{ market: MARKET, state: "clean", checked: 0, missing: 0 }],
  });
  stdout.mockRestore();
  const metrics = written.map((line) => JSON.parse(line)).filter((line) => line._aws !== undefined);
  expect(metrics).toHaveLength(6);
  expect(metrics[0]).toMatchObject({
    service: "fill-audit",
    market: MARKET,
    flashmm_audit_checked_total: 0,
    _aws: { CloudWatchMetrics: [{ Namespace: "FlashMM", Dimensions: [["service", "market"]] }] },
  });
  expect(metrics.at(-1)).toMatchObject({
    kind: "identity",
    _aws: { CloudWatchMetrics: [{ Dimensions: [["service", "market", "kind"]] }] },
  });
});

it.each([[[]], [[{}]]])("the function needs no context: %j", async (contexts) => {
  const handler = await startHandler();
  expect(await Reflect.apply(handler, undefined, [{ detail: {} }, ...contexts])).toMatchObject({
    markets: [{ market: MARKET, state: "clean" }],
  });
});

it("an event whose detail does not fit fails the invocation", async () => {
  const handler = await startHandler();
  await expect(handler({ detail: { graceSeconds: -1 } }, context)).rejects.toThrow("detail.graceSeconds must be");
});
