/**
 * Reads what a report says of a market, or the reasons why nothing may be said: the audit is not clean, the hour is not proven, fills
 * wait to be booked, or what a figure needs is not there. Owns these reasons; the arithmetic is `market-figures.ts`'s.
 */

import { hourOf } from "../../core/accounting/hourly.ts";
import { applyFill, emptyBooks } from "../../core/accounting/pnl.ts";
import { type LedgerFill, splitSymbol } from "../../core/messages.ts";
import { type LatestWord, readLatestWord } from "../audit-word.ts";
import { readMinutes } from "../engine-items.ts";
import { readMark } from "../engine-marks.ts";
import { readAll } from "../item-range.ts";
import { decodeFill, decodeHour, FILL_PREFIX, HOUR_PREFIX, readCount, toMarketKey } from "../ledger-items.ts";
import { type LedgerTable, readClosingBefore, readItem, readPosition } from "../ledger-table.ts";
import { readProofs } from "../proof-items.ts";
import { closingMarkOf, type MarketFigures, type MarketReading, marketFigures } from "./market-figures.ts";
import type { Period } from "./period.ts";

/** `refused`: sentences that say why. */
export type MarketOutcome =
  | { readonly type: "figures"; readonly figures: MarketFigures }
  | { readonly type: "refused"; readonly reasons: readonly string[] };

export async function readMarket(table: LedgerTable, market: string, period: Period): Promise<MarketOutcome> {
  const word = await readLatestWord(table, market);
  const reading = await readPeriod(table, market, period);
  const figures = marketFigures(period, reading);
  // The books last: what was announced meanwhile is seen waiting.
  const position = await readPosition(table, market);
  const waiting = [...(position?.pending ?? [])].filter((key) => key < period.to).length;
  const reasons = [
    ...auditFaults(word, period),
    ...(waiting === 0 ? [] : [`${waiting} fills up to ${period.to} wait to be booked`]),
    ...(await hourFaults(table, figures, period)),
    ...dataFaults(reading, figures),
  ].map((reason) => `${market}: ${reason}`);
  return reasons.length === 0 ? { type: "figures", figures } : { type: "refused", reasons };
}

async function readPeriod(table: LedgerTable, market: string, period: Period): Promise<MarketReading> {
  const { from, to } = period;
  const assets = splitSymbol(market);
  const startOfHour = `${hourOf(from)}:00:00.000Z`;
  const closed = await readClosingBefore(table, market, hourOf(from));
  const facts = await readFacts(table, market, { from: startOfHour, to });
  const earlier = facts.filter((fill) => fill.venueTime < from);
  const opening = earlier.reduce((books, fill) => applyFill(books, fill, assets), closed?.books ?? emptyBooks());
  const lastMinute = new Date(Date.parse(to) - 1).toISOString();
  return {
    market,
    assets,
    opening,
    fills: facts.slice(earlier.length),
    minutes: await readMinutes(table, market, { from: from.slice(0, 16), to: lastMinute.slice(0, 16) }),
    openingMark: await readMark(table, market, from),
  };
}

/** Facts in venue order; the times are of one length, so that nothing of `to` itself sorts below it. */
async function readFacts(
  table: LedgerTable,
  market: string,
  { from, to }: Pick<Period, "from" | "to">,
): Promise<readonly LedgerFill[]> {
  const { pk } = toMarketKey(market, "");
  return (await readAll(table, { pk: pk.S, from: FILL_PREFIX + from, to: FILL_PREFIX + to })).map(decodeFill);
}

function auditFaults(word: LatestWord | undefined, { to }: Period): readonly string[] {
  if (word === undefined) return ["the fills were never audited"];
  const { state, reason, checkedThrough, checkedAt } = word;
  if (state !== "clean") {
    return [`the fill audit of ${checkedAt} is ${state}${reason === undefined ? "" : ` (${reason})`}`];
  }
  if (checkedThrough === undefined || checkedThrough < to) {
    return [`the fill audit must have come past ${to}, was at ${checkedThrough ?? "its beginning"}`];
  }
  return [];
}

/** An hour's item must be what the hour's fills come to, and proven as it is now. Parts of hours have neither item nor proof. */
async function hourFaults(table: LedgerTable, figures: MarketFigures, { hour }: Period): Promise<readonly string[]> {
  if (hour === undefined) return [];
  const { market } = figures;
  const item = await readItem(table, toMarketKey(market, HOUR_PREFIX + hour));
  if (item === undefined) {
    return figures.fillCount === 0 ? [] : [`the hour's item must be there for ${figures.fillCount} fills, was absent`];
  }
  const proof = (await readProofs(table, market, { from: hour, to: hour })).get(hour);
  if (proof === undefined) return ["the hour's PnL is not proven yet"];
  if (proof.hourVersion !== readCount(item, "version")) return ["the hour's item was written after it was proven"];
  if (proof.state !== "proven") return [`the hour's PnL does not add up: ${proof.faults.join("; ")}`];
  const stored = decodeHour(item);
  const isSame =
    stored.volume === figures.volume &&
    stored.realizedPnl === figures.realizedPnl &&
    stored.fees === figures.fees &&
    stored.fillCount === figures.fillCount;
  return isSame ? [] : ["the hour's item is not what the hour's fills come to"];
}

function dataFaults(reading: MarketReading, { closing }: MarketFigures): readonly string[] {
  const { opening, openingMark, minutes } = reading;
  return [
    ...(opening.position !== 0n && openingMark === undefined
      ? ["no mid was known for a day before the period, and the position had to be valued"]
      : []),
    ...(closing.position !== 0n && closingMarkOf(reading) === undefined
      ? ["no mid is known up to the period's end, and the position has to be valued"]
      : []),
    ...(minutes.length === 0 ? ["the task wrote no minute of the period"] : []),
  ];
}
