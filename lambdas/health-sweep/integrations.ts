/** The integrations that are swept, put together from the environment. Owns their names, their times and what makes one not configured. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import { CambrianClient, type CambrianClientOptions, type Fetch, parseNetwork } from "../cambrian-client.ts";
import { keyVariables, makeKeys } from "../cambrian-keys.ts";
import type { Environment } from "../environment.ts";
import { makeGrafanaAccess } from "../grafana-access.ts";
import type { LedgerTable } from "../ledger-table.ts";
import type { Timing } from "../timing.ts";
import { makeXKeys, readXBaseUrl } from "../x-keys.ts";
import { checkCambrian, checkGrafana, checkSeiRest, checkX, type HttpGet } from "./external-checks.ts";
import { readBeat } from "./heartbeat.ts";
import { checkAudit, checkDeadLetters, checkFeed, checkFillsQueue, checkHeartbeat, checkTable } from "./own-checks.ts";
import type { Shard } from "./shards.ts";
import type { Integration } from "./sweep.ts";
import { readAuditAnswer } from "./venue-turn.ts";

export type Sources = {
  readonly environment: Environment;
  readonly table: LedgerTable;
  readonly sqs: Pick<SQSClient, "send">;
  readonly fetch: Fetch & HttpGet;
  readonly timing: Timing;
};

/** Each is far above what an answer takes, and all are far below a minute. */
const OUTSIDE_MS = 8_000;
const OWN_MS = 8_000;

/** Everything that is there once, whatever tasks there are. Throws `InputError` on a variable that is malformed. */
export function makeIntegrations(sources: Sources, markets: readonly string[]): readonly Integration[] {
  const { environment, table, sqs, fetch, timing } = sources;
  const restUrls = list(environment["SEI_REST_URL"]);
  const venue = venueOptions(sources);
  const cambrian = venue && new CambrianClient({ ...venue, attemptsMax: 1 });
  // Read at the look, and kept: what is malformed of theirs is said of them alone, and stops no dead man.
  const grafana = once(() => makeGrafanaAccess(environment));
  const x = once(() => ({ keys: makeXKeys(environment), baseUrl: readXBaseUrl(environment) }));
  const fills = { client: sqs, urls: list(environment["FILLS_QUEUE_URL"]) };
  const deadLetters = { client: sqs, urls: list(environment["DEAD_LETTER_QUEUE_URLS"]) };
  const own = (name: string, look: Integration["look"]): Integration => ({ name, timeoutMs: OWN_MS, look });
  const outside = (name: string, look: Integration["look"]): Integration => ({ name, timeoutMs: OUTSIDE_MS, look });
  return [
    outside("sei-rest", async ({ signal }) => {
      return await checkSeiRest(restUrls, { get: fetch, timeoutMs: OUTSIDE_MS }, signal);
    }),
    outside("cambrian", async ({ before }) => {
      const known = cambrian && (await readAuditAnswer({ table, markets }, before, timing.epochMs()));
      return known ?? (await checkCambrian(cambrian, timing.monotonicMs() + OUTSIDE_MS));
    }),
    outside("grafana", async ({ signal }) => await checkGrafana(await grafana()(), fetch, signal)),
    outside("x", async ({ signal }) => await checkX(await x().keys(), x().baseUrl, fetch, signal)),
    own("dynamodb", async () => await checkTable(table, timing)),
    own("fills-queue", async ({ before }) => await checkFillsQueue(fills, before, timing)),
    own("dead-letters", async () => await checkDeadLetters(deadLetters)),
    own("fill-audit", async () => await checkAudit(table, markets, timing.epochMs())),
  ];
}

/** What a shard's task says of itself. The dead men, which are slower than a look, are not among it. */
export function taskIntegrations(
  { table, timing }: Pick<Sources, "table" | "timing">,
  { name, suffix }: Shard,
): readonly Integration[] {
  const look = (check: typeof checkFeed) => async () => check(await readBeat(table, name), timing.epochMs());
  return [
    { name: `sei-websocket${suffix}`, timeoutMs: OWN_MS, look: look(checkFeed) },
    { name: `heartbeat${suffix}`, timeoutMs: OWN_MS, look: look(checkHeartbeat) },
  ];
}

/** The variables of the order API that are not set: with any of them it can not be reached. */
export function absentVenueVariables(environment: Environment): readonly string[] {
  const names = ["CAMBRIAN_BASE_URL", "CAMBRIAN_TESTNET", ...keyVariables(environment)];
  return names.filter((name) => (environment[name] ?? "") === "");
}

/** How the order API is reached; undefined without an address or a key. */
export function venueOptions({
  environment,
  fetch,
  timing,
}: Pick<Sources, "environment" | "fetch" | "timing">): CambrianClientOptions | undefined {
  if (absentVenueVariables(environment).length > 0) return undefined;
  return {
    baseUrl: environment["CAMBRIAN_BASE_URL"] ?? "",
    network: parseNetwork(environment["CAMBRIAN_TESTNET"] ?? ""),
    keys: makeKeys(environment),
    fetch,
    timing,
  };
}

function list(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Makes it when it is first asked for; a fault is made anew each time. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
