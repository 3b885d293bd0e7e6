/**
 * The function behind the operator's halts and resumes. Owns its cold start: environment, client, logger; what a request
 * does is `apply-request.ts`'s. A request that cannot be applied fails the invocation, where alarms see it.
 */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { parser } from "@aws-lambda-powertools/parser/middleware";
import middy from "@middy/core";
import type * as z from "zod";
import { makeDynamoDb, makeEventBridge } from "../aws-clients.ts";
import { parseMarkets, requireEnvironment } from "../environment.ts";
import { makeLogger } from "../log.ts";
import { answerRequest, type OperatorControl } from "./apply-request.ts";
import { operatorEventSchema } from "./operator-event.ts";

const logger = makeLogger("operator-control");
const environment = requireEnvironment(process.env, ["TABLE_NAME", "MARKETS"]);

const busName = process.env["EVENT_BUS_NAME"];

const control: OperatorControl = {
  bus: busName ? { client: makeEventBridge(), name: busName } : undefined,
  table: { client: makeDynamoDb(), tableName: environment("TABLE_NAME") },
  markets: parseMarkets(environment("MARKETS")),
  log: logger,
};

export const handler = middy()
  .use(injectLambdaContext(logger))
  .use(parser({ schema: operatorEventSchema }))
  .handler(async (event: z.infer<typeof operatorEventSchema>) => ({ outcome: await answerRequest(control, event) }));
