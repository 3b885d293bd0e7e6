import { afterEach, expect, it, vi } from "vitest";
import { makeLambdaContext } from "../lambda-context.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const context = makeLambdaContext("hourly-report");

const ENVIRONMENT = {
  TABLE_NAME: "ledger",
  REPORT_BUCKET: "reports",
  MARKETS: "SEI/USDC",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "local",
  AWS_SECRET_ACCESS_KEY: "local",
  LOG_LEVEL: "SILENT",
};

async function startHandler(changes: Readonly<Record<string, string>> = {}) {
  for (const [name, value] of Object.entries({ ...ENVIRONMENT, ...changes })) vi.stubEnv(name, value);
  const { handler } = await import("../../../lambdas/hourly-report/handler.ts");
  return handler;
}

it("the function does not start without its variables, and names them all", async () => {
  const empty = Object.fromEntries(Object.keys(ENVIRONMENT).map((name) => [name, ""]));
  await expect(startHandler(empty)).rejects.toThrow(/^TABLE_NAME, REPORT_BUCKET, MARKETS must be set/);
});

it.each([
  [{ MARKETS: "sei" }, "MARKETS must be symbols such as SEI/USDC"],
  [{ TWITTER_API_KEY: "key" }, "TWITTER_API_SECRET, TWITTER_ACCESS_TOKEN, TWITTER_ACCESS_SECRET must be set"],
  [{ TWITTER_API_BASE_URL: "http://127.0.0.1:1/path" }, "TWITTER_API_BASE_URL must be a scheme and a host"],
  [{ TWITTER_API_BASE_URL: "nowhere" }, "TWITTER_API_BASE_URL must be a scheme and a host"],
  [{ REPORT_GAP_SECONDS: "60" }, "REPORT_GAP_SECONDS must be whole seconds, 3600 or more unless"],
  [{ REPORT_GAP_SECONDS: "3599" }, "REPORT_GAP_SECONDS must be"],
  [{ REPORT_GAP_SECONDS: "0", TWITTER_API_BASE_URL: "http://127.0.0.1:1" }, "REPORT_GAP_SECONDS must be"],
])("the function does not start with %o", async (changes, message) => {
  await expect(startHandler(changes)).rejects.toThrow(message);
});

it.each([[[]], [[{}]]])("the function needs no context: %j", async (contexts) => {
  const handler = await startHandler();
  const answer = Reflect.apply(handler, undefined, [{ detail: { hour: "soon" } }, ...contexts]);
  await expect(answer).rejects.toThrow("hour must be an hour such as");
});

it("an event whose detail does not fit fails the invocation", async () => {
  const handler = await startHandler();
  await expect(handler({ detail: { hour: "soon" } }, context)).rejects.toThrow("hour must be an hour such as");
});
