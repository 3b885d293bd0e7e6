/**
 * The grammar of `config/<stage>.json`: every key with its range, its unit and the reason for it.
 * Owns the single field but for a strategy's (`strategy-schema.ts`); what several fields must satisfy together is
 * `config-faults.ts`'s, the environment `config.ts`'s.
 * Each field's error text is what it must be, so that a fault reads "levels must be an integer from 1 to 10, was 12".
 */
import * as z from "zod";
import { PRICE_COLLAR_PERCENT_MAX } from "../core/risk/gate.ts";
import { denom, seiChainSchema } from "./chain-schema.ts";
import { decimal, integer, listOf, number, symbol, text } from "./config-fields.ts";
import { LOG_LEVELS } from "./log.ts";
import { strategySchema } from "./strategy-schema.ts";

/** Three subscriptions a market, at most 10 on a connection (CONTRACTS 1): more markets than this is another shard. */
const MARKETS_MAX = 10;
const ENDPOINTS_MAX = 10;
const URL_CHARACTERS_MAX = 2_048;

const SEI_ADDRESS = /^sei1[0-9a-z]{6,80}$/;
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const WEBSOCKET_URL = /^wss?:\/\/[^\s/?#]+[^\s#]*$/;
const HTTP_URL = /^https?:\/\/[^\s/?#]+[^\s#]*$/;
/** API keys travel in a header in clear: only a server on this machine may be spoken to without TLS. */
const SAFE_HTTP_URL = /^(?:https:\/\/[^\s:/?#@]|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$))[^\s?#]*$/;

const HTTPS_URL = /^https:\/\/[a-zA-Z0-9.-]+(?::\d{1,5})?(?:[/?][^\s#]*)?$/;
/** RFC 6901, section 3, with bounds. */
const JSON_POINTER = /^(?:\/(?:[^/~]|~[01]){0,64}){1,16}$/;

/** No defaults here on purpose: a limit that nobody chose protects nobody. */
const limitsSchema = z.strictObject({
  orderSize: decimal("a size in the base asset").describe(
    "Largest size of one order, in the base asset: a decimal string, a multiple of the lot.",
  ),
  orderValue: decimal("an amount in the quote asset").describe(
    "Largest value (price × size) of one order, in the quote asset: catches a price or a size that slipped by a decimal.",
  ),
  position: decimal("a size in the base asset").describe(
    "Largest position, long or short, that may exist if every order not proven dead fills, in the base asset: a decimal string, a multiple of the lot.",
  ),
  priceCollarPercent: number(0.01, PRICE_COLLAR_PERCENT_MAX).describe(
    `Furthest an order's price may be from the median mid of the last minute, in percent of it (0.01 to ${PRICE_COLLAR_PERCENT_MAX}): a wrong price source moves no order further.`,
  ),
  duplicateMs: integer(0, 10_000).describe(
    "An order of the same side, price and size as one sent within so many milliseconds is held back (0 to 10,000; 0 holds none back): a loop that sends the same order again and again gets no further.",
  ),
  executionsPerMinute: integer(1, 1_000).describe(
    "Orders of one side that may begin to fill within a minute (1 to 1,000); one more halts the market until an operator resumes it.",
  ),
  executionsInARow: integer(1, 1_000).describe(
    "Orders of one side that may begin to fill without one of the other side between them (1 to 1,000); one more halts the market until an operator resumes it.",
  ),
  bookAgeMs: integer(100, 60_000).describe(
    "Age of the book, in milliseconds since it was received, past which every quote is pulled (100 to 60,000): old data never quotes.",
  ),
  placeBookAgeMs: integer(100, 60_000).describe(
    "Age of the book, in milliseconds since it was received, past which no new order is placed (100 to 60,000, at most bookAgeMs).",
  ),
  midJumpPercent: number(0.01, 50).describe(
    "Move of the mid within a second, in percent, that pulls every quote (0.01 to 50): the first price after a shock is rarely the last.",
  ),
  midJumpPauseMs: integer(0, 600_000).describe(
    "How long the quotes stay away after such a move, in milliseconds (0 to 600,000).",
  ),
  spreadPercent: number(0.01, 100).describe(
    "Widest spread of all others, in percent of the mid, that is quoted on (0.01 to 100): a wider one is no market.",
  ),
  startSizePercent: number(1, 100).describe(
    "Share of each size that is quoted at first after every start, in percent (1 to 100): a fault of a new version or configuration is met small.",
  ),
  startPeriodMs: integer(0, 86_400_000).describe("How long the smaller sizes last, in milliseconds (0 to 86,400,000)."),
});

/** No defaults here either: these are of all markets together. */
export const shardLimitsSchema = z.strictObject({
  exposureValue: decimal("an amount in the quote asset").describe(
    "Largest worst-case value of all markets' positions together, at the mids, in the quote asset.",
  ),
  capital: decimal("an amount in the quote asset").describe(
    "What is put at risk, in the quote asset: the percentages of loss below are of this.",
  ),
  drawdownAlertPercent: number(0.01, 100).describe(
    "Loss from the best moment so far, unrealised profit included, in percent of the capital, at which an alarm is raised (0.01 to 100). Survives restarts.",
  ),
  drawdownReducePercent: number(0.01, 100).describe(
    "The same, at which only orders that make positions smaller are placed (0.01 to 100, at least drawdownAlertPercent).",
  ),
  drawdownHaltPercent: number(0.01, 100).describe(
    "The same, at which everything is cancelled and stays halted, over restarts, until an operator resumes (0.01 to 100, at least drawdownReducePercent).",
  ),
  dailyLossPercent: number(0.01, 100).describe(
    "Loss since midnight UTC, in percent of the capital, at which everything is halted in the same way (0.01 to 100).",
  ),
});

/** Asked for with nothing that is ours: no query for keys, no name and password, and never in clear, where anybody could move it. */
const referencePriceSchema = z.strictObject({
  url: text(HTTPS_URL, "an https:// address without name, password or fragment")
    .refine(
      (url) => url.length <= URL_CHARACTERS_MAX,
      `an https:// address of at most ${URL_CHARACTERS_MAX} characters`,
    )
    .meta({ maxLength: URL_CHARACTERS_MAX })
    .describe("Address whose answer to GET is JSON with the price in it."),
  pricePointer: text(
    JSON_POINTER,
    "a JSON Pointer (RFC 6901) of 1 to 16 steps of at most 64 characters, such as /data/0/last",
  ).describe(
    "Where in the answer the price stands, as a JSON Pointer (RFC 6901), e.g. /data/0/last: a positive number or decimal string, in whatever unit, since only its moves count.",
  ),
  pollMs: integer(250, 60_000)
    .default(1_000)
    .describe(
      "Pause between an answer and the next question, in milliseconds (250 to 60,000; 1,000 when left out), a tenth more or less; doubled after each fault in a row, up to a minute. The strategy's fairValue.reference.ageMs must leave room for it.",
    ),
});

const marketSchema = z.strictObject({
  symbol: symbol().describe("The market, e.g. SEI/USDC."),
  tickSize: decimal("a price step").describe("Smallest step of a price, in the quote asset, as the venue says it."),
  lotSize: decimal("a size step").describe("Smallest step of a size, in the base asset, as the venue says it."),
  contractAddr: text(SEI_ADDRESS, "a Sei address")
    .exactOptional()
    .describe("The market's contract, for Sei's own query of open orders; left out, that query is not made."),
  venue: z
    .enum(["cambrian", "sei-chain"], '"cambrian" or "sei-chain"')
    .describe("Where orders are sent: to the order API, or to Sei itself, signed by our wallet."),
  assetDenom: denom()
    .exactOptional()
    .describe("What the market's contract calls the base asset, for orders on chain; left out, as the symbol does."),
  priceDenom: denom()
    .exactOptional()
    .describe("What the market's contract calls the quote asset, for orders on chain; left out, as the symbol does."),
  referencePrice: referencePriceSchema
    .exactOptional()
    .describe(
      "A price from outside the venue, for a strategy whose fairValue.reference names no market; none is asked for when left out. Not changed while the task runs.",
    ),
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
  rpcUrls: urls(HTTP_URL, "an http:// or https:// address")
    .exactOptional()
    .describe(
      "RPC endpoints of Sei nodes for transactions of our own, in order of preference (SEI_RPC_URL); needed by orders on chain alone.",
    ),
  address: text(SEI_ADDRESS, "a Sei address")
    .exactOptional()
    .describe("Our wallet, whose balances are read at the start; left out, they are not."),
  stalenessMs: integer(500, 120_000)
    .default(5_000)
    .describe(
      "Silence on a connection, in milliseconds, after which it counts as dead (500 to 120,000). A Sei block takes about 400 ms.",
    ),
  venueAgeMs: integer(1_000, 600_000)
    .exactOptional()
    .describe(
      "How old a book may be by the venue's own timestamps next to our clock, in milliseconds (1,000 to 600,000); more than the two clocks may be apart. A chain that comes back from a halt first sends books of the past. Left out, timestamps only tell the order of books, as where a recorded market is played.",
    ),
  freshDataMs: integer(0, 600_000)
    .default(1_000)
    .describe(
      "How long every market's data must have come without a break before the first quote of a start, in milliseconds (0 to 600,000).",
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
  requestsPerSecond: integer(6, 10).describe(
    "Requests in any one second (6 to 10, the venue's own limit; no default). Three of them are kept for cancels and two for lookups.",
  ),
  placementsInFlight: integer(2, 5).describe(
    "Orders unanswered, being cancelled or of unproven fate at a time (2 to 5, the venue's own limit for placements; no default). To move a quote takes two.",
  ),
});

const recordingSchema = z.strictObject({
  folder: text(/^[^\0]{1,1024}$/, "a folder").describe(
    "Where the recordings go: gzip JSON lines, one file a period. In AWS a folder under /tmp.",
  ),
  rotateMinutes: integer(1, 1_440)
    .default(60)
    .describe("How long one file lasts, in minutes (1 to 1,440). A file can be played once it is ended."),
  filesMax: integer(1, 10_000)
    .default(48)
    .describe(
      "Files kept in the folder (1 to 10,000); the oldest goes for the newest. A busy market fills some megabytes an hour.",
    ),
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
  seiChain: seiChainSchema
    .exactOptional()
    .describe("The chain as a venue; needed by markets whose venue is sei-chain alone."),
  shardLimits: shardLimitsSchema.describe("What all markets together must never pass; every one must be chosen."),
  leaseTermMs: integer(3_000, 60_000)
    .default(10_000)
    .describe(
      "How long the right to make this shard's markets lasts without being renewed, in milliseconds (3,000 to 60,000). After a crash the next task waits for it; the shorter, the sooner an outage of the table pulls the quotes.",
    ),
  markets: listOf(marketSchema, MARKETS_MAX, "markets").describe(`The markets to quote (1 to ${MARKETS_MAX}).`),
  fillsQueueUrl: text(HTTP_URL, "the http:// or https:// address of an SQS queue")
    .exactOptional()
    .describe("Queue that fills are sent to (FILLS_QUEUE_URL); must be given here or there."),
  tableName: text(TABLE_NAME, "the name of a DynamoDB table")
    .exactOptional()
    .describe("Table of the ledger and of the task's own state (TABLE_NAME); must be given here or there."),
  eventBusName: text(/^[A-Za-z0-9_./-]{1,256}$/, "the name of an EventBridge bus")
    .exactOptional()
    .describe("Bus that the engine's events go to (EVENT_BUS_NAME); left out, none are sent."),
  reportsUrl: text(HTTP_URL, "an http:// or https:// address")
    .exactOptional()
    .describe("Where the hourly reports can be seen: the status page links to it; left out, it does not."),
  recording: recordingSchema
    .exactOptional()
    .describe("Records what moves the engine, for `npm run replay`; left out, nothing is recorded."),
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

function urls(pattern: RegExp, expected: string) {
  return listOf(text(pattern, expected), ENDPOINTS_MAX, "addresses");
}
