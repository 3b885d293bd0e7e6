/**
 * The function that puts dashboard and alerts into Grafana, on request and after a deploy (CONTRACTS 6, 9). Owns its cold start: address,
 * token, targets; what is put there is `provision.ts`'s. It answers what it did, and fails where Grafana refuses.
 */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import { InputError } from "../../core/errors.ts";
import { parseMarkets } from "../environment.ts";
import { makeGrafanaAccess } from "../grafana-access.ts";
import { makeLogger } from "../log.ts";
import { moduleBeside } from "../module-beside.ts";
import { makeTiming } from "../timing.ts";
import { parseTargets } from "./contact-points.ts";
import { GrafanaClient } from "./grafana-client.ts";

const PROVISION = moduleBeside(import.meta.url, "provision");

const logger = makeLogger("grafana-provisioning");
const timing = makeTiming();
const { env } = process;
if (!env["GRAFANA_SECRET_ARN"] && !(env["GRAFANA_URL"] && env["GRAFANA_API_KEY"])) {
  const expected = "set in the function's environment, or GRAFANA_URL and GRAFANA_API_KEY in its place";
  throw new InputError({ what: "GRAFANA_SECRET_ARN", expected, was: undefined });
}
const readAccess = makeGrafanaAccess(env);
// What is malformed in the variables is said at the start.
parseTargets(env["ALERT_WEBHOOK_URL"] ?? "", env["ALERT_EMAILS"] ?? "");
const settings = {
  dataSourceUid: env["GRAFANA_DATASOURCE_UID"] || undefined,
  runbookUrl: env["RUNBOOK_URL"] || "docs/runbook.md",
  markets: env["MARKETS"] ? parseMarkets(env["MARKETS"]) : [],
};

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (_event: unknown) => {
    const access = await readAccess();
    if (access === undefined) {
      // A stack that is deployed before its secret is filled is no failure.
      logger.warn("nothing is provisioned, the secret of Grafana is not filled");
      return { provisioned: false };
    }
    const webhookUrl = env["ALERT_WEBHOOK_URL"] || access.alertWebhookUrl;
    const targets = parseTargets(webhookUrl, env["ALERT_EMAILS"] || access.alertEmails);
    // A bundle of its own: the builders of dashboards are large, and a start does not load them.
    const { provision }: typeof import("./provision.ts") = await import(PROVISION);
    const done = await provision(new GrafanaClient({ access, fetch, timing }), { ...settings, targets });
    logger.info("grafana provisioned", { ...done });
    return { provisioned: true, ...done };
  });
