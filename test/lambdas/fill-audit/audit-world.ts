/**
 * An audit over the simulated order API, with a history in the hand of the test, dynalite as the ledger, and a queue whose messages are
 * booked when the test says so. Time is the test's; nothing here waits for real.
 */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { SendMessageBatchCommand } from "@aws-sdk/client-sqs";
import { InputError } from "../../../core/errors.ts";
import { type FillMessage, parseFillMessage } from "../../../core/messages.ts";
import { CambrianClient, type Fetch } from "../../../lambdas/cambrian-client.ts";
import { makeKeys } from "../../../lambdas/cambrian-keys.ts";
import type { AuditWord } from "../../../lambdas/fill-audit/audit-items.ts";
import { type Auditor, auditMarket } from "../../../lambdas/fill-audit/audit-market.ts";
import { encodeFill, FILL_PREFIX, toFillText, toMarketKey } from "../../../lambdas/ledger-items.ts";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import { makeCambrianApi } from "../../../sim/cambrian-api/cambrian-api.ts";
import type { ExchangeFill } from "../../../sim/exchange/account-records.ts";
import { makeHandMadeExchange } from "../../../sim/exchange/hand-made-exchange.ts";
import { makeDrivenTiming } from "../driven-timing.ts";
import { deliverAll } from "../fill-accounting/deliver.ts";
import { makeMessage } from "../fill-accounting/make-messages.ts";

const KEYS = { apiKey: "the-key", secretKey: "the-secret" };

export type AuditWorld = ReturnType<typeof makeAuditWorld>;

let markets = 0;

/** A world with a market of its own over `table`; it begins at noon unless told. */
export function makeAuditWorld(
  table: LedgerTable,
  options: { readonly startMs?: number; readonly pageFills?: number } = {},
) {
  markets++;
  const market = `M${markets}X${process.pid % 10_000}/USDC`;
  const timing = makeDrivenTiming(options.startMs);
  const { clock } = timing;
  const history = makeHistory(market);
  const exchange = makeHandMadeExchange({
    clock,
    markets: [{ symbol: market, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" }],
  });
  const api = makeCambrianApi({
    ...KEYS,
    exchange: { ...exchange, fillsAfter: ({ cursor, limit }) => history.page(cursor, options.pageFills ?? limit) },
    network: "testnet",
    clock,
    rng: { next: () => 0.5 },
    latencyMs: 0,
  });
  const paths: string[] = [];
  const client = new CambrianClient({
    baseUrl: "http://venue.test",
    network: "testnet",
    keys: makeKeys({ CAMBRIAN_API_KEY: KEYS.apiKey, CAMBRIAN_SECRET_KEY: KEYS.secretKey }),
    fetch: fetchFrom(api.desk, paths),
    timing,
    timeoutMs: 20,
  });
  const queued: FillMessage[] = [];
  const queueFaults: Error[] = [];
  const announced: { readonly detailType: string; readonly source: string; readonly detail: unknown }[] = [];
  const lines: { readonly level: string; readonly message: string; readonly fields: Record<string, unknown> }[] = [];
  const say = (level: string) => (message: string, fields: Record<string, unknown>) => {
    lines.push({ level, message, fields });
  };
  const auditor: Auditor = {
    table,
    client,
    queue: {
      url: "http://queue.test/fills",
      client: {
        send: async (command: SendMessageBatchCommand) => {
          const fault = queueFaults.shift();
          if (fault !== undefined) throw fault;
          for (const { MessageBody } of command.input.Entries ?? []) queued.push(JSON.parse(MessageBody ?? ""));
          return { Successful: [], Failed: [] };
        },
      },
    },
    bus: {
      name: "flashmm",
      client: {
        send: async (command: PutEventsCommand) => {
          for (const entry of command.input.Entries ?? []) {
            const { DetailType: detailType = "", Source: source = "", Detail = "" } = entry;
            announced.push({ detailType, source, detail: JSON.parse(Detail) });
          }
          return { FailedEntryCount: 0, Entries: [] };
        },
      },
    },
    timing,
    log: { info: say("info"), warn: say("warn"), error: say("error") },
  };
  return {
    market,
    clock,
    timing,
    history,
    api,
    auditor,
    queued,
    queueFaults,
    announced,
    lines,
    /** Paths asked, with their queries. */
    paths,
    /** Audits once, with a minute of time unless told; `by` another connection to the table if given. */
    audit: async (
      how: { graceMs?: number; restart?: boolean; forMs?: number; by?: LedgerTable } = {},
    ): Promise<AuditWord> => {
      const { graceMs = 120_000, restart = false, forMs = 45_000, by = table } = how;
      const untilMs = timing.monotonicMs() + forMs;
      return (await auditMarket({ ...auditor, table: by }, market, { graceMs, restart, untilMs })).word;
    },
    /** Books what the ledger is to hold of these fills of the venue. */
    book: async (fills: readonly ExchangeFill[]) => await deliverAll(table, fills.map(toMessage)),
    /** Books what the audit has queued. */
    bookQueued: async () => await deliverAll(table, queued.splice(0)),
  };
}

/** Fills in venue order, whatever order they are added in; a cursor is the place of a fill. */
function makeHistory(market: string) {
  const fills: ExchangeFill[] = [];
  let generation = 1;
  const placeOf = (fill: ExchangeFill) => toFillText({ venueTime: fill.timestamp, fillId: fill.fillId });
  return {
    fills,
    /** `at` is a time of the day of the world, such as `11:00:00.000`. */
    add(fillId: string, at: string, fields: Partial<ExchangeFill> = {}): ExchangeFill {
      const fill: ExchangeFill = {
        fillId: `${market}-${fillId}`,
        orderId: `O-${fillId}`,
        clientOrderId: "fm-1-SEIUSDC-b0-1",
        market,
        side: "buy",
        price: "0.4213",
        quantity: "40",
        fee: "0.0016",
        feeAsset: "USDC",
        liquidity: "maker",
        timestamp: at.length > 12 ? at : `2026-01-02T${at}Z`,
        ...fields,
      };
      fills.push(fill);
      fills.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
      return fill;
    },
    /** Cursors that were given before are refused from now on. */
    forgetCursors() {
      generation++;
    },
    page(cursor: string | undefined, limit: number) {
      const [given, place] = cursor?.split("|") ?? [];
      if (given !== undefined && given !== `${generation}`) {
        throw new InputError({ what: "after", expected: "a cursor that this account's history gave", was: cursor });
      }
      const after = fills.filter((fill) => place === undefined || placeOf(fill) > place).slice(0, limit);
      const last = after.at(-1);
      return { fills: after, nextCursor: `${generation}|${last === undefined ? (place ?? "") : placeOf(last)}` };
    },
  };
}

/** The message that the task would have queued for a fill of the venue. */
export function toMessage(fill: ExchangeFill): FillMessage {
  const { fillId, orderId, clientOrderId, market, side, price, fee, feeAsset, liquidity } = fill;
  const venue = { fillId, orderId, clientOrderId, market, side, price, fee, feeAsset, liquidity };
  const message = makeMessage({ ...venue, size: fill.quantity, venueTime: fill.timestamp });
  parseFillMessage(message);
  return message;
}

function fetchFrom(desk: ReturnType<typeof makeCambrianApi>["desk"], paths: string[]): Fetch {
  return async (url, { method, headers, signal }) => {
    const path = url.slice("http://venue.test".length);
    paths.push(path);
    const reply = await desk.serve(desk.arrive(method, path), { headers, body: "" });
    if (reply.type === "dropped") throw new TypeError("fetch failed");
    if (reply.type === "silence") {
      return await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }
    return new Response(reply.body, { status: reply.status, headers: { ...reply.headers } });
  };
}

/** Puts a fact in its place as it is, over whatever stands there: what no program of ours does. */
export async function putFact(table: LedgerTable, message: FillMessage): Promise<void> {
  const fill = parseFillMessage(message);
  const key = toMarketKey(fill.market, FILL_PREFIX + toFillText(fill));
  await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: { ...encodeFill(fill), ...key } }));
}
