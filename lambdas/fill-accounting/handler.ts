/**
 * The function behind the `fills` queue. Owns its cold start: environment, client, logger, metrics; what happens to a
 * batch is `account-batch.ts`'s.
 */
import { setTimeout as wait } from "node:timers/promises";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { parser } from "@aws-lambda-powertools/parser/middleware";
import middy from "@middy/core";
import type { Context } from "aws-lambda";
import * as z from "zod";
import type { CounterName } from "../../core/metrics.ts";
import { makeDynamoDb } from "../aws-clients.ts";
import { requireEnvironment } from "../environment.ts";
import { makeLogger } from "../log.ts";
import { timeLeft } from "../time-left.ts";
import { type Accounting, accountBatch } from "./account-batch.ts";

const ERRORS = "flashmm_fill_processing_errors_total" satisfies CounterName;

/** What the answer itself needs, with the metrics and the log. */
const ANSWER_MS = 500;

/** Of an event that is handed over without Lambda's context. */
const RUN_MS = 30_000;

/** An event of another shape is a wrong wiring, and fails as a whole. */
const QueueEvent = z.object({ Records: z.array(z.looseObject({ messageId: z.string(), body: z.string() })) });

const logger = makeLogger("fill-accounting");
const metrics = new Metrics({ namespace: "FlashMM", serviceName: "fill-accounting", logger });
const environment = requireEnvironment(process.env, ["TABLE_NAME"]);

const accounting: Accounting = {
  table: { client: makeDynamoDb(), tableName: environment("TABLE_NAME") },
  pacing: { random: Math.random, wait: async (millis) => await wait(millis) },
  log: logger,
  count: (kind, by) => {
    const metric = metrics.singleMetric();
    metric.addDimension("kind", kind);
    metric.addMetric(ERRORS, MetricUnit.Count, by);
  },
};

export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(parser({ schema: QueueEvent }))
  .handler(async (event: z.infer<typeof QueueEvent>, context: Context) => {
    const left = timeLeft(context, RUN_MS);
    return await accountBatch(accounting, event.Records, () => left() - ANSWER_MS);
  });
