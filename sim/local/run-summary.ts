/**
 * The end of a local run: what exchange, engine and ledger each say of the same fills. Owns the asking; who is right, and
 * how it is said, is `console.ts`'s.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { type Books, unrealizedPnl } from "../../core/accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import type { MarketState } from "../../fargate/status/state.ts";
import { countFills, type LedgerTable, readBooks } from "../../lambdas/ledger-table.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { AuditSummary, BooksSummary, MarketSummary, RunSummary } from "./console.ts";
import { localClientSettings } from "./local-client.ts";
import type { LocalWorld } from "./local-world.ts";
import type { TaskEnd } from "./task-process.ts";

/** Reads everything once more. The task has ended and the queue is drained. */
export async function summarize(input: {
  readonly world: LocalWorld;
  readonly end: TaskEnd;
  readonly seconds: number;
  readonly faults: readonly string[];
}): Promise<RunSummary> {
  const { world, end } = input;
  const client = new DynamoDBClient(localClientSettings(world.cloud.dynamodbUrl));
  const table: LedgerTable = { client, tableName: world.cloud.tableName };
  try {
    const markets: MarketSummary[] = [];
    const faults = [...input.faults];
    const audits = await auditAll(world);
    for (const { symbol } of world.markets.settings) {
      const engine = end.state?.markets.find((market) => market.market === symbol);
      const audit = audits.get(symbol) ?? null;
      const summary = { ...(await summarizeMarket(world.exchange, table, symbol, engine)), audit };
      const facts = await countFills(table, symbol);
      if (facts !== summary.ledger?.fills)
        faults.push(`${symbol}: the ledger holds ${facts} fills, its books are of ${summary.ledger?.fills}`);
      markets.push(summary);
    }
    const stats = world.api.stats();
    return {
      seconds: input.seconds,
      markets,
      refusedForRate: stats.refusedForRate + stats.refusedForPlacements,
      refusedForSignature: stats.refusedForSignature,
      malformedFrames: end.state?.feed.malformed ?? null,
      events: end.state?.feed.events ?? null,
      deadLetters: await deadLetters(world),
      pushesTaken: world.collector.collector.takenCount,
      pushesRefused: world.collector.collector.refusals,
      faults,
    };
  } finally {
    client.destroy();
  }
}

async function summarizeMarket(
  exchange: Exchange,
  table: LedgerTable,
  symbol: string,
  engine: MarketState | undefined,
): Promise<Omit<MarketSummary, "audit">> {
  const [base = "", quote = ""] = symbol.split("/");
  const mark = toMoney(exchange.mid(symbol) ?? engine?.mid ?? "0");
  return {
    market: symbol,
    base,
    quote,
    exchange: exchangeBooks(exchange, symbol, mark),
    engine: engine === undefined ? null : engineBooks(engine, mark),
    ledger: ledgerBooks(await readBooks(table, symbol), mark),
    openOrders: exchange.openOrders(symbol).length,
    spreadImprovementBps: engine?.spreadImprovementBps ?? null,
    spreadImprovementPercent: engine?.spreadImprovementPercent ?? null,
  };
}

/** Audits of a long history that may be needed to come to its end: a minute each, of some forty pages. */
const AUDITS_MAX = 10;

const auditAnswer = z.object({
  markets: z.array(
    z.object({
      market: z.string(),
      state: z.enum(["clean", "repairing", "different", "failed"]),
      checkedTotal: z.number(),
      complete: z.boolean(),
      reason: z.string().optional(),
    }),
  ),
});

/** The audit's last word of each market: the task has ended and nothing is on its way, so every fill must be there. */
async function auditAll(world: LocalWorld): Promise<ReadonlyMap<string, AuditSummary>> {
  for (let audit = 1; ; audit++) {
    const result = await world.cloud.invoke("fill-audit", { detail: { graceSeconds: 0 } });
    const answer = auditAnswer.safeParse(result.kind === "returned" ? result.value : undefined);
    if (!answer.success) return new Map();
    const { markets } = answer.data;
    if (markets.every(({ complete, state }) => complete || state === "failed") || audit === AUDITS_MAX) {
      return new Map(markets.map(({ market, ...word }) => [market, word]));
    }
  }
}

/** From cash alone, without any average cost: an answer by other arithmetic than the engine's and the ledger's. */
function exchangeBooks(exchange: Exchange, symbol: string, mark: bigint): BooksSummary {
  const { position, cash, fees, fillCount } = exchange.standing(symbol);
  const worth = unrealizedPnl({ position: toMoney(position), averageCost: 0n }, mark);
  return { fills: fillCount, position, totalPnl: toText(toMoney(cash) + worth - toMoney(fees)) };
}

function engineBooks(engine: MarketState, mark: bigint): BooksSummary {
  const books = { position: toMoney(engine.position), averageCost: toMoney(engine.averageCost) };
  const totalPnl = toText(toMoney(engine.realizedPnl) + unrealizedPnl(books, mark));
  return { fills: engine.fillCount, position: engine.position, totalPnl };
}

function ledgerBooks(books: Books, mark: bigint): BooksSummary {
  const totalPnl = toText(books.realizedPnl + unrealizedPnl(books, mark));
  return { fills: books.fillCount, position: toText(books.position), totalPnl };
}

async function deadLetters(world: LocalWorld): Promise<number> {
  let count = 0;
  for (const name of Object.keys(world.cloud.queueUrls)) {
    if (!/dead-letter|dlq/.test(name)) continue;
    const depth = await world.cloud.depth(name);
    count += depth.visible + depth.held;
  }
  return count;
}

function toMoney(text: string): bigint {
  return parseScaled(text, MONEY_DECIMALS, "amount");
}

function toText(units: bigint): string {
  return formatScaled(units, MONEY_DECIMALS);
}
