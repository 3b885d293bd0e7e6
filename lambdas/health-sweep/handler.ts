/**
 * The function that looks at every integration each minute, and ends the orders of a silent task (CONTRACTS 6, 9). Owns its cold start and
 * that the sweep and the dead men run side by side; it answers what it found. What started it (schedule or event) makes no difference.
 */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import { makeDynamoDb, makeEventBridge, makeSqs } from "../aws-clients.ts";
import { requireEnvironment } from "../environment.ts";
import { makeLogger } from "../log.ts";
import { makeMeasure } from "../measure.ts";
import { lessReserve, timeLeft } from "../time-left.ts";
import { makeTiming } from "../timing.ts";
import { guardOrders } from "./dead-man.ts";
import { makeIntegrations, venueOptions } from "./integrations.ts";
import { parseShards, type Shard } from "./shards.ts";
import { type Integration, type Sweep, sweepAll } from "./sweep.ts";
import { VenueOrders } from "./venue-orders.ts";

/** For the last items and the answer. */
const RESERVE_MS = 2_000;

/** Of an event that is handed over without Lambda's context. */
const RUN_MS = 60_000;

const logger = makeLogger("health-sweep");
const environment = requireEnvironment(process.env, ["TABLE_NAME", "EVENT_BUS_NAME", "MARKETS"]);
const timing = makeTiming();

const sweep: Sweep = {
  table: { client: makeDynamoDb(), tableName: environment("TABLE_NAME") },
  bus: { client: makeEventBridge(), name: environment("EVENT_BUS_NAME") },
  timing,
  log: logger,
  measure: makeMeasure("health-sweep", logger),
};
const sources = { environment: process.env, table: sweep.table, sqs: makeSqs(), fetch, timing };
const shards = parseShards(process.env);
const integrations = makeIntegrations(sources, shards);
const venue = venueOptions(sources);
const orders = venue && new VenueOrders(venue, logger);

/** Its time is that of the whole invocation: it may have to watch, and then to act. */
function deadManOf({ name, markets, suffix }: Shard, remainingMs: number): Integration {
  const untilMs = timing.monotonicMs() + remainingMs;
  return {
    name: `dead-man${suffix}`,
    timeoutMs: Math.max(1, Math.floor(remainingMs)),
    breaks: false,
    look: async () => {
      if (orders === undefined) return { kind: "not-configured", detail: "no address or key of the order API" };
      return await guardOrders({ ...sweep, orders, shard: name, markets }, untilMs);
    },
  };
}

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (_event: unknown, context) => {
    const remainingMs = lessReserve(timeLeft(context, RUN_MS)(), RESERVE_MS);
    const deadMen = shards.map((shard) => deadManOf(shard, remainingMs));
    const findings = await sweepAll(sweep, [...integrations, ...deadMen]);
    const lost = findings.filter(({ item }) => item === "lost").map(({ integration }) => integration);
    // Everything was looked at and measured all the same.
    if (lost.length > 0) throw new Error(`health items could not be written: ${lost.join(", ")}`);
    return { integrations: findings };
  });
