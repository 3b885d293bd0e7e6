/**
 * The function that looks at every integration each minute, and ends the orders of a silent task (CONTRACTS 6, 9). Owns its cold start and
 * that the sweep and the dead men run side by side; it answers what it found. What started it (schedule or event) makes no difference,
 * but for a look (`looks.ts`), which is the dead men's alone.
 */
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import middy from "@middy/core";
import { makeDynamoDb, makeEventBridge, makeSqs } from "../aws-clients.ts";
import { parseMarkets, requireEnvironment } from "../environment.ts";
import { makeLogger } from "../log.ts";
import { makeMeasure } from "../measure.ts";
import { lessReserve, timeLeft } from "../time-left.ts";
import { makeTiming } from "../timing.ts";
import { guardOrders, guardUnarmed } from "./dead-man.ts";
import { absentVenueVariables, makeIntegrations, taskIntegrations, venueOptions } from "./integrations.ts";
import { askForLooks, isLook } from "./looks.ts";
import { parseShards, readShards, type Shard } from "./shards.ts";
import { type Integration, type Sweep, sweepAll } from "./sweep.ts";
import { keyFault, VenueOrders } from "./venue-orders.ts";

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
const sqs = makeSqs();
const sources = { environment: process.env, table: sweep.table, sqs, fetch, timing };
const markets = parseMarkets(environment("MARKETS"));
const configured = parseShards(process.env);
const integrations = makeIntegrations(sources, configured?.flatMap((shard) => shard.markets) ?? markets);
const venue = venueOptions(sources);
const orders = venue && new VenueOrders(venue, logger);
const looksQueueUrl = process.env["LOOKS_QUEUE_URL"] ?? "";

/** Its time is that of the whole invocation: it may have to watch, and then to act. */
function deadManOf(shard: Shard, untilMs: number): Integration {
  const { name, suffix, ...own } = shard;
  return {
    name: `dead-man${suffix}`,
    timeoutMs: Math.max(1, Math.floor(untilMs - timing.monotonicMs())),
    breaks: false,
    look: async () => {
      const fault = venue === undefined ? absentVariables() : await keyFault(venue.keys);
      if (orders === undefined || fault !== undefined) return await guardUnarmed(sweep.table, name, fault ?? "");
      return await guardOrders({ ...sweep, ...own, orders, shard: name }, untilMs);
    },
  };
}

function absentVariables(): string {
  const names = absentVenueVariables(process.env);
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"} not set`;
}

export const handler = middy()
  .use(injectLambdaContext(logger))
  .handler(async (event: unknown, context) => {
    const untilMs = timing.monotonicMs() + lessReserve(timeLeft(context, RUN_MS)(), RESERVE_MS);
    const looking = isLook(event);
    const asking = looking ? undefined : askForLooks(sqs, looksQueueUrl).catch((error: unknown) => ({ error }));
    const shards = configured ?? (await readShards(sweep.table, markets));
    const looks = looking ? [] : [...integrations, ...shards.flatMap((shard) => taskIntegrations(sources, shard))];
    const deadMen = shards.map((shard) => deadManOf(shard, untilMs));
    const findings = await sweepAll(sweep, [...looks, ...deadMen]);
    const lost = findings.filter(({ item }) => item === "lost").map(({ integration }) => integration);
    // Everything was looked at and measured all the same.
    if (lost.length > 0) throw new Error(`health items could not be written: ${lost.join(", ")}`);
    const unasked = await asking;
    if (unasked !== undefined)
      throw new Error("the looks before the next sweep could not be asked for", { cause: unasked.error });
    return { integrations: findings };
  });
