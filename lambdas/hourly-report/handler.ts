/**
 * The function that tells the world once an hour how well the market was made (CONTRACTS 6, 9). Owns its cold start: environment, clients,
 * logger, metrics; what a report is, and when it is posted, is `make-report.ts`'s and `publish.ts`'s.
 */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import middy from "@middy/core";
import { InputError } from "../../core/errors.ts";
import type { CounterName } from "../../core/metrics.ts";
import { makeDynamoDb, makeS3 } from "../aws-clients.ts";
import { type Environment, parseMarkets, requireEnvironment } from "../environment.ts";
import { makeLogger } from "../log.ts";
import { moduleBeside } from "../module-beside.ts";
import { lessReserve, timeLeft } from "../time-left.ts";
import { makeTiming } from "../timing.ts";
import { makeXKeys, readXBaseUrl } from "../x-keys.ts";
import { type Reporter, runReport } from "./make-report.ts";
import { parseReportRequest } from "./report-request.ts";

const VARIABLES = ["TABLE_NAME", "REPORT_BUCKET", "MARKETS"] as const;
const ERRORS = "flashmm_twitter_publish_errors_total" satisfies CounterName;

const GAP_SECONDS = 3_600;

/**
 * Kept at the end for a claim that was made: two attempts, the pause between them, and what is written down. A run of little time keeps less
 * of it: X mostly answers in a second, and a run that is cut off leaves its mark.
 */
const RESERVE_MS = 60_000;

/** Of an event that is handed over without Lambda's context. */
const RUN_MS = 60_000;

// Loaded when they are needed: a start that only reads the request does not pay for charts, X, and X's count of a text's weight.
const DRAWING = moduleBeside(import.meta.url, "draw-report");
const WORDING = moduleBeside(import.meta.url, "report-text");
const X_CLIENT = moduleBeside(import.meta.url, "x-client");

const logger = makeLogger("hourly-report");
const metrics = new Metrics({ namespace: "FlashMM", serviceName: "hourly-report", logger });
const environment = requireEnvironment(process.env, VARIABLES);
const timing = makeTiming();
const baseUrl = readXBaseUrl(process.env);
const readXKeys = makeXKeys(process.env);

const reporter: Reporter = {
  table: { client: makeDynamoDb(), tableName: environment("TABLE_NAME") },
  bucket: { client: makeS3(process.env), name: environment("REPORT_BUCKET") },
  markets: parseMarkets(environment("MARKETS")),
  word: async (figures) => {
    const { reportWords }: typeof import("./report-text.ts") = await import(WORDING);
    return reportWords(figures);
  },
  draw: async (figures) => {
    const { drawReport }: typeof import("./draw-report.ts") = await import(DRAWING);
    return await drawReport(figures);
  },
  openX: async () => {
    const keys = await readXKeys();
    if (keys === undefined) return undefined;
    const { makeXClient }: typeof import("./x-client.ts") = await import(X_CLIENT);
    return makeXClient(keys, baseUrl);
  },
  timing,
  gapMs: 1_000 * readGapSeconds(process.env),
  log: logger,
  countError: () => metrics.singleMetric().addMetric(ERRORS, MetricUnit.Count, 1),
};

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (event: unknown, context) => {
    const untilMs = timing.monotonicMs() + lessReserve(timeLeft(context, RUN_MS)(), RESERVE_MS);
    return await runReport(reporter, parseReportRequest(event, timing.epochMs()), untilMs);
  });

/** The local run's hours are shorter. X itself is never posted to more often than once an hour. */
function readGapSeconds({ REPORT_GAP_SECONDS: text = "" }: Environment): number {
  if (text === "") return GAP_SECONDS;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= GAP_SECONDS || (seconds >= 1 && baseUrl !== undefined)) return seconds;
  const expected = `whole seconds, ${GAP_SECONDS} or more unless TWITTER_API_BASE_URL points elsewhere`;
  throw new InputError({ what: "REPORT_GAP_SECONDS", expected, was: text });
}
