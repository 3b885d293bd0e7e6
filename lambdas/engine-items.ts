/**
 * Reading what the task keeps of a market for the functions (CONTRACTS 5): engine minutes, and fills with their markouts. Owns the strict
 * way back from the stored form, and no writing: that is the task's (`fargate/minute-item.ts`), held to this by a test. A minute's figures
 * may have more decimals than 18, and are rounded: they are told, never booked.
 */
import { QueryCommand, type QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { type FillMarkout, MARKOUT_SECONDS } from "../core/accounting/markout.ts";
import { formatScaled, MONEY_DECIMALS } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import { type Item, readAmount, readCount, readRoundedAmount } from "./ledger-items.ts";
import type { LedgerTable } from "./ledger-table.ts";

/** A minute of a market. Amounts are integers of 10^-18; spreads are basis points, time-weighted over `measuredSeconds`. */
export type EngineMinute = {
  /** `YYYY-MM-DDTHH:mm`, UTC. */
  readonly minute: string;
  /** Of the task that closed it. */
  readonly epoch: number;
  /** Undefined when no book was believed in that minute. */
  readonly spreads: MinuteSpreads | undefined;
  /** 0 to 60; the whole minute where the item does not say. */
  readonly measuredSeconds: number;
  readonly twoSidedSeconds: number;
  readonly ordersPlaced: number;
  readonly ordersCancelled: number;
  readonly ordersFilled: number;
  readonly position: bigint;
  readonly realizedPnl: bigint;
  /** At the last mid that was believed; undefined when there had never been one. */
  readonly marked: MarkedFigures | undefined;
  readonly drawdownPercent: number;
};

type MinuteSpreads = { readonly othersBps: number; readonly selfBps: number; readonly improvementBps: number };

/** `equity` is realised and unrealised PnL together. */
type MarkedFigures = { readonly mid: bigint; readonly unrealizedPnl: bigint; readonly equity: bigint };

/** Minutes `YYYY-MM-DDTHH:mm`, both included. */
export type MinuteRange = { readonly from: string; readonly to: string };

const MINUTE_PREFIX = "MINUTE#";
const MARKOUTS_PREFIX = "MARKOUTS#";
const MINUTE = /^MINUTE#(\d{4}-\d\d-\d\dT\d\d:\d\d)$/;

/** Sorts right after the `#` that follows a minute. */
const AFTER_MINUTE = "$";

const MINUTE_SECONDS = 60;

/** Pages of one query at most: a mebibyte each. */
const PAGES_MAX = 10_000;

/** The minutes of a market that were written, oldest first. */
export async function readMinutes(
  table: LedgerTable,
  market: string,
  { from, to }: MinuteRange,
): Promise<readonly EngineMinute[]> {
  const range = rangeOf(table, market, { from: MINUTE_PREFIX + from, to: MINUTE_PREFIX + to });
  return (await readAll(table, range)).map(decodeMinute);
}

/** The newest minute not after `minute`: how a market stood then. Undefined when there is none. */
export async function lastMinuteAtOrBefore(
  table: LedgerTable,
  market: string,
  minute: string,
): Promise<EngineMinute | undefined> {
  const range = rangeOf(table, market, { from: MINUTE_PREFIX, to: MINUTE_PREFIX + minute });
  const { Items } = await table.client.send(new QueryCommand({ ...range, ScanIndexForward: false, Limit: 1 }));
  const [item] = Items ?? [];
  return item === undefined ? undefined : decodeMinute(item);
}

/** The fills of a market whose markouts were finished in these minutes, oldest minute first. */
export async function readMarkouts(
  table: LedgerTable,
  market: string,
  { from, to }: MinuteRange,
): Promise<readonly FillMarkout[]> {
  const range = rangeOf(table, market, { from: MARKOUTS_PREFIX + from, to: MARKOUTS_PREFIX + to + AFTER_MINUTE });
  return (await readAll(table, range)).flatMap(decodeMarkouts);
}

function decodeMinute(item: Item): EngineMinute {
  const sortKey = item["sk"]?.S ?? "";
  const [, minute] = MINUTE.exec(sortKey) ?? [];
  if (minute === undefined) {
    throw new InputError({ what: "sk", expected: "MINUTE# and a minute such as 2026-01-02T03:04", was: sortKey });
  }
  return {
    minute,
    epoch: readCount(item, "epoch"),
    spreads: decodeSpreads(item),
    measuredSeconds: item["measuredSeconds"] === undefined ? MINUTE_SECONDS : readSeconds(item, "measuredSeconds"),
    twoSidedSeconds: readSeconds(item, "twoSidedSeconds"),
    ordersPlaced: readCount(item, "ordersPlaced"),
    ordersCancelled: readCount(item, "ordersCancelled"),
    ordersFilled: readCount(item, "ordersFilled"),
    position: readRoundedAmount(item, "position"),
    realizedPnl: readRoundedAmount(item, "realizedPnl"),
    marked: decodeMarked(item),
    drawdownPercent: readFigure(item, "drawdownPercent"),
  };
}

/** All of them or none. */
function decodeSpreads(item: Item): MinuteSpreads | undefined {
  const names = ["spreadOthersBps", "spreadSelfBps", "spreadImprovementBps"];
  if (names.every((name) => item[name] === undefined)) return undefined;
  return {
    othersBps: readFigure(item, "spreadOthersBps"),
    selfBps: readFigure(item, "spreadSelfBps"),
    improvementBps: readFigure(item, "spreadImprovementBps"),
  };
}

function decodeMarked(item: Item): MarkedFigures | undefined {
  if (["mid", "unrealizedPnl", "equity"].every((name) => item[name] === undefined)) return undefined;
  return {
    mid: readRoundedAmount(item, "mid"),
    unrealizedPnl: readRoundedAmount(item, "unrealizedPnl"),
    equity: readRoundedAmount(item, "equity"),
  };
}

function decodeMarkouts(item: Item): readonly FillMarkout[] {
  const fills = item["fills"]?.L;
  if (fills === undefined) throw new InputError({ what: "fills", expected: "a list", was: item["fills"] });
  return fills.map(({ M: fill }) => {
    if (fill === undefined) throw new InputError({ what: "a fill's markouts", expected: "a map", was: fill });
    return {
      fillId: readText(fill, "fillId"),
      venueTime: readText(fill, "venueTime"),
      side: readSide(fill),
      level: fill["level"] === undefined ? undefined : readCount(fill, "level"),
      price: readAmount(fill, "price"),
      size: readAmount(fill, "size"),
      midAtFill: readAmount(fill, "midAtFill"),
      mids: readMids(fill),
    };
  });
}

function readMids(fill: Item): readonly (bigint | undefined)[] {
  const mids = fill["mids"]?.L;
  if (mids?.length !== MARKOUT_SECONDS.length) {
    throw new InputError({ what: "mids", expected: `a list of ${MARKOUT_SECONDS.length}`, was: mids });
  }
  return mids.map((mid) => (mid.NULL === true ? undefined : readAmount({ mid }, "mid")));
}

function readSide(fill: Item): FillMarkout["side"] {
  const side = fill["side"]?.S;
  if (side !== "buy" && side !== "sell") throw new InputError({ what: "side", expected: "buy or sell", was: side });
  return side;
}

function readText(item: Item, name: string): string {
  const text = item[name]?.S;
  if (text === undefined) throw new InputError({ what: name, expected: "text of the item", was: item[name] });
  return text;
}

function readSeconds(item: Item, name: string): number {
  const seconds = readFigure(item, name);
  if (seconds < 0 || seconds > MINUTE_SECONDS) {
    throw new InputError({ what: name, expected: `0 to ${MINUTE_SECONDS}`, was: seconds });
  }
  return seconds;
}

/** What is no amount of money: a number as near as a floating-point one comes. */
function readFigure(item: Item, name: string): number {
  return Number(formatScaled(readRoundedAmount(item, name), MONEY_DECIMALS));
}

async function readAll(table: LedgerTable, range: QueryCommandInput): Promise<readonly Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: QueryCommandInput["ExclusiveStartKey"];
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await table.client.send(new QueryCommand({ ...range, ExclusiveStartKey }));
    items.push(...(answer.Items ?? []));
    ExclusiveStartKey = answer.LastEvaluatedKey;
    if (ExclusiveStartKey === undefined) return items;
  }
  throw new RangeError(`more than ${PAGES_MAX} pages`);
}

function rangeOf(table: LedgerTable, market: string, { from, to }: MinuteRange): QueryCommandInput {
  return {
    TableName: table.tableName,
    KeyConditionExpression: "#pk = :pk AND #sk BETWEEN :from AND :to",
    ExpressionAttributeNames: { "#pk": "pk", "#sk": "sk" },
    ExpressionAttributeValues: { ":pk": { S: `ENGINE#${market}` }, ":from": { S: from }, ":to": { S: to } },
    ConsistentRead: true,
  };
}
