/**
 * The function that holds the venue's fills against the ledger, every five minutes (CONTRACTS 6, 9). Owns its cold start: environment,
 * clients, logger, metrics; what an audit does is `audit-markets.ts`'s. It answers what it wrote down of each market.
 */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import { makeDynamoDb, makeEventBridge, makeSqs } from "../aws-clients.ts";
import { CambrianClient, parseNetwork } from "../cambrian-client.ts";
import { keyVariables, makeKeys } from "../cambrian-keys.ts";
import { parseMarkets, requireEnvironment } from "../environment.ts";
import { makeLogger } from "../log.ts";
import { makeMeasure } from "../measure.ts";
import { timeLeft } from "../time-left.ts";
import { makeTiming } from "../timing.ts";
import { type Audit, auditMarkets } from "./audit-markets.ts";
import { parseAuditRequest } from "./audit-request.ts";

const VARIABLES = [
  "TABLE_NAME",
  "FILLS_QUEUE_URL",
  "EVENT_BUS_NAME",
  "MARKETS",
  "CAMBRIAN_BASE_URL",
  "CAMBRIAN_TESTNET",
];

/** Of an event that is handed over without Lambda's context. */
const RUN_MS = 60_000;

const logger = makeLogger("fill-audit");
const environment = requireEnvironment(process.env, [...VARIABLES, ...keyVariables(process.env)]);
const timing = makeTiming();

const audit: Audit = {
  table: { client: makeDynamoDb(), tableName: environment("TABLE_NAME") },
  queue: { client: makeSqs(), url: environment("FILLS_QUEUE_URL") },
  bus: { client: makeEventBridge(), name: environment("EVENT_BUS_NAME") },
  client: new CambrianClient({
    baseUrl: environment("CAMBRIAN_BASE_URL"),
    network: parseNetwork(environment("CAMBRIAN_TESTNET")),
    keys: makeKeys(process.env),
    fetch,
    timing,
  }),
  markets: parseMarkets(environment("MARKETS")),
  timing,
  log: logger,
  measure: makeMeasure("fill-audit", logger),
};

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (event: unknown, context) => ({
    markets: await auditMarkets(audit, parseAuditRequest(event), timeLeft(context, RUN_MS)()),
  }));
