import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type GrafanaServer, startGrafanaApi } from "../../../sim/grafana-api/server.ts";
import { makeLambdaContext } from "../lambda-context.ts";

const TOKEN = "glsa_the-token";

let grafana: GrafanaServer;
beforeAll(async () => {
  grafana = await startGrafanaApi({ token: TOKEN });
});
afterAll(async () => await grafana.close());
afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const context = makeLambdaContext("grafana-provisioning");
const REQUESTED = { source: "flashmm.operator", "detail-type": "Dashboards Provision Requested", detail: {} };

async function startHandler(changes: Readonly<Record<string, string>> = {}) {
  const environment = { GRAFANA_URL: grafana.url, GRAFANA_API_KEY: TOKEN, LOG_LEVEL: "SILENT", ...changes };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const { handler } = await import("../../../lambdas/grafana-provisioning/handler.ts");
  return handler;
}

it.each([
  [
    { GRAFANA_URL: "", GRAFANA_API_KEY: "" },
    "GRAFANA_SECRET_ARN must be set in the function's environment, or GRAFANA_URL and GRAFANA_API_KEY in its place",
  ],
  [{ GRAFANA_URL: "nowhere" }, "GRAFANA_URL must be an https:// address"],
  [{ ALERT_WEBHOOK_URL: "nowhere" }, "ALERT_WEBHOOK_URL must be an https:// address"],
  [{ MARKETS: "SEI" }, "MARKETS must be symbols such as SEI/USDC"],
  [{ ALERT_EMAILS: "ops@flashmm.test, ops" }, 'ALERT_EMAILS must be addresses, comma-separated, was "ops"'],
])("the function does not start with %j", async (changes, expected) => {
  await expect(startHandler(changes)).rejects.toThrow(expected);
});

it("the function provisions over real sockets, and answers what it did", async () => {
  const handler = await startHandler({ ALERT_WEBHOOK_URL: "https://hooks.test/x", ALERT_EMAILS: "ops@flashmm.test" });
  expect(await handler(REQUESTED, context)).toMatchObject({
    provisioned: true,
    folder: "created",
    dashboard: "created",
    receiver: "flashmm",
  });
  expect(await handler(REQUESTED, context)).toMatchObject({ folder: "unchanged", dashboard: "unchanged" });
});

it("the function asks after each market of its environment", async () => {
  const handler = await startHandler({ MARKETS: "SEI/USDC,ATOM/USDC" });
  expect(await handler(REQUESTED, context)).toMatchObject({ provisioned: true });
  const path = "/api/v1/provisioning/folder/flashmm/rule-groups/flashmm-core";
  const response = await fetch(`${grafana.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(await response.text()).toContain('absent_over_time(flashmm_quoting_state{market=\\"ATOM/USDC\\"}[2m])');
});

it("the function fails where Grafana refuses its token, so that the request is set aside", async () => {
  const handler = await startHandler({ GRAFANA_API_KEY: "glsa_another" });
  await expect(handler(REQUESTED, context)).rejects.toThrow("Grafana refuses the token");
});
