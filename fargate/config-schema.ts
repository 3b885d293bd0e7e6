/**
 * The grammar of `config/<stage>.json`: every key with its range, its unit and the reason for it.
 * Owns the single field; what several fields must satisfy together is `config-faults.ts`'s, the environment `config.ts`'s.
 * Each field's error text is what it must be, so that a fault reads "levels must be an integer from 1 to 10, was 12".
 */
import { z } from "zod";
import { LOG_LEVELS } from "./log.ts";

/** Three subscriptions a market, at most 10 on a connection (CONTRACTS 1): more markets than this is another shard. */
const MARKETS_MAX = 10;
const ENDPOINTS_MAX = 10;

const POSITIVE_DECIMAL = /^(?!0(?:\.0+)?$)(?:0|[1-9]\d{0,18})(?:\.\d{1,18})?$/;
const SYMBOL = /^[A-Z0-9]{1,12}\/[A-Z0-9]{1,12}$/;
const SEI_ADDRESS = /^sei1[0-9a-z]{6,80}$/;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const WEBSOCKET_URL = /^wss?:\/\/[^\s/?#]+[^\s#]*$/;
const HTTP_URL = /^https?:\/\/[^\s/?#]+[^\s#]*$/;
/** API keys travel in a header in clear: only a server on this machine may be spoken to without TLS. */
const SAFE_HTTP_URL = /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$))[^\s?#]*$/;

/** The strategies a market may be given. */
const strategySchema = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      type: z
        .literal("pure-market-making", 'the name of a strategy: "pure-market-making"')
        .describe("Quotes at fixed distances around the fair value, leaning against the position."),
      halfSpreadBps: number(0.1, 1_000).describe(
        "Distance of the innermost quote from the fair value, in basis points of it (0.1 to 1,000). Below the fees and the market's usual move per block it loses money.",
      ),
      levels: integer(1, 10).describe(
        "Quotes a side (1 to 10). Each costs a request to place and one to move, out of ten a second.",
      ),
      levelSpacingBps: number(0, 1_000).describe(
        "Distance between a side's quotes, in basis points of the fair value (0 to 1,000; never less than a tick).",
      ),
      orderSize: decimal("a size in the base asset").describe(
        "Size of each quote, in the base asset: a decimal string, a multiple of the lot, at most limits.orderSize.",
      ),
      inventorySkewBps: number(0, 1_000).describe(
        "How far all quotes move against the position when it equals limits.position, in basis points of the fair value (0 to 1,000; linear in between). 0 leans on nothing and lets the position wander to its limit.",
      ),
      refreshToleranceTicks: integer(0, 1_000).describe(
        "A quote is left alone while its price is at most this many ticks from the wanted one (0 to 1,000): saves requests and keeps the place in the queue.",
      ),
      refreshTolerancePercent: number(0, 100).describe(
        "A quote is left alone while its size is at most this share from the wanted one, in percent of it (0 to 100).",
      ),
    }),
  ],
  'the name of a strategy: "pure-market-making"',
);

/** No defaults here on purpose: a limit that nobody chose protects nobody. */
const limitsSchema = z.strictObject({
  orderSize: decimal("a size in the base asset").describe(
    "Largest size of one order, in the base asset: a decimal string, a multiple of the lot.",
  ),
  position: decimal("a size in the base asset").describe(
    "Largest position, long or short, that may exist if every order not proven dead fills, in the base asset: a decimal string, a multiple of the lot.",
  ),
  bookAgeMs: integer(100, 60_000).describe(
    "Age of the book, in milliseconds since it was received, past which every quote is pulled (100 to 60,000): old data never quotes.",
  ),
});

const marketSchema = z.strictObject({
  symbol: text(SYMBOL, "BASE/QUOTE in capitals and digits, at most 12 each").describe("The market, e.g. SEI/USDC."),
  tickSize: decimal("a price step").describe("Smallest step of a price, in the quote asset, as the venue says it."),
  lotSize: decimal("a size step").describe("Smallest step of a size, in the base asset, as the venue says it."),
  contractAddr: text(SEI_ADDRESS, "a Sei address")
    .exactOptional()
    .describe("The market's contract, for Sei's own query of open orders; left out, that query is not made."),
  venue: z.literal("cambrian", '"cambrian"').describe("Where orders are sent."),
  strategy: strategySchema.describe("How the quotes are chosen."),
  limits: limitsSchema.describe("What the risk gate never lets past; every one must be chosen."),
});

const seiSchema = z.strictObject({
  wsUrls: urls(WEBSOCKET_URL, "a ws:// or wss:// address").describe(
    "WebSocket endpoints of Sei nodes, in order of preference; the first is the primary (SEI_WS_URLS).",
  ),
  restUrls: urls(HTTP_URL, "an http:// or https:// address").describe(
    "REST endpoints of Sei nodes, in order of preference (SEI_REST_URL).",
  ),
  rpcUrl: text(HTTP_URL, "an http:// or https:// address")
    .exactOptional()
    .describe("RPC endpoint for transactions of our own (SEI_RPC_URL); needed by orders on chain alone."),
  address: text(SEI_ADDRESS, "a Sei address")
    .exactOptional()
    .describe("Our wallet, whose balances are read at the start; left out, they are not."),
  stalenessMs: integer(500, 120_000)
    .default(5_000)
    .describe(
      "Silence on a connection, in milliseconds, after which it counts as dead (500 to 120,000). A Sei block takes about 400 ms.",
    ),
});

const cambrianSchema = z.strictObject({
  baseUrl: text(SAFE_HTTP_URL, "an https:// address without a query, or an http:// one of this machine").describe(
    "Where the order API is, per stage (CAMBRIAN_BASE_URL).",
  ),
  network: z
    .enum(["testnet", "mainnet"], '"testnet" or "mainnet"')
    .describe("Which network orders are for (CAMBRIAN_TESTNET true or false)."),
  requestTimeoutMs: integer(100, 5_000)
    .default(2_000)
    .describe(
      "Time for an answer, in milliseconds (100 to 5,000); past it the outcome is unknown and the order is looked up. A stop, which must end within 30 seconds, waits for it more than once.",
    ),
  requestsPerSecond: integer(5, 10)
    .default(10)
    .describe(
      "Requests in any one second (5 to 10, the venue's own limit). Three of them are kept for cancels and one for lookups.",
    ),
  placementsInFlight: integer(1, 5)
    .default(5)
    .describe("Placements waiting for their answer at a time (1 to 5, the venue's own limit)."),
});

/** A file `config/<stage>.json`. Secrets have no place in it: they come from the environment alone. */
export const configFileSchema = z.strictObject({
  $schema: z.string().exactOptional().describe("Where editors find the schema of this file."),
  stage: text(NAME, "a lower-case name of at most 32 letters, digits and hyphens").describe(
    "Which stage the file is for; FLASHMM_STAGE, when set, must agree.",
  ),
  shard: text(NAME, "a lower-case name of at most 32 letters, digits and hyphens")
    .default("main")
    .describe("Which tasks replace one another: one lease, and one epoch, a shard."),
  engineId: text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "1 to 64 letters, digits, dots, hyphens or underscores")
    .exactOptional()
    .describe("The task's name in fills and logs; left out, the task makes one up at its start."),
  sei: seiSchema.describe("Market data and queries of Sei."),
  cambrian: cambrianSchema.describe("The order API."),
  markets: z
    .array(marketSchema, `a list of 1 to ${MARKETS_MAX} markets`)
    .min(1, `a list of 1 to ${MARKETS_MAX} markets`)
    .max(MARKETS_MAX, `a list of 1 to ${MARKETS_MAX} markets`)
    .describe(`The markets to quote (1 to ${MARKETS_MAX}).`),
  fillsQueueUrl: text(HTTP_URL, "the http:// or https:// address of an SQS queue")
    .exactOptional()
    .describe("Queue that fills are sent to (FILLS_QUEUE_URL); must be given here or there."),
  tableName: text(TABLE_NAME, "the name of a DynamoDB table")
    .exactOptional()
    .describe("Table of the ledger and of the task's own state (TABLE_NAME); must be given here or there."),
  eventBusName: text(/^[A-Za-z0-9_./-]{1,256}$/, "the name of an EventBridge bus")
    .exactOptional()
    .describe("Bus that the engine's events go to (EVENT_BUS_NAME); left out, none are sent."),
  statusPort: integer(0, 65_535)
    .default(8_080)
    .describe("Port of the status page on 127.0.0.1 (0 to 65,535; 0 picks a free one) (STATUS_PORT)."),
  logLevel: z
    .enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(", ")}`)
    .default("INFO")
    .describe("Least severe line that is written (LOG_LEVEL)."),
});

export type ConfigFile = z.output<typeof configFileSchema>;
export type MarketFile = z.output<typeof marketSchema>;

/** One market of the file, for checks that must run although another part of the file is at fault. */
export const marketFileSchema = marketSchema;

/** The JSON Schema (draft 2020-12) of a configuration file, for editors; `config/schema.json` holds it. */
export function makeConfigJsonSchema(): Record<string, unknown> {
  return { title: "FlashMM configuration", ...z.toJSONSchema(configFileSchema, { io: "input" }) };
}

function text(pattern: RegExp, expected: string) {
  return z.string(expected).regex(pattern, expected);
}

function decimal(expected: string) {
  return text(POSITIVE_DECIMAL, `${expected}: a positive decimal string such as "0.25"`);
}

function integer(minimum: number, maximum: number) {
  const expected = `an integer from ${minimum} to ${maximum}`;
  return z.int(expected).min(minimum, expected).max(maximum, expected);
}

function number(minimum: number, maximum: number) {
  const expected = `a number from ${minimum} to ${maximum}`;
  return z.number(expected).min(minimum, expected).max(maximum, expected);
}

function urls(pattern: RegExp, expected: string) {
  const list = `a list of 1 to ${ENDPOINTS_MAX} addresses`;
  return z.array(text(pattern, expected), list).min(1, list).max(ENDPOINTS_MAX, list);
}
