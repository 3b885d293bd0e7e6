/**
 * Reads what a report says of a market, or the reasons why nothing may be said: the audit is not clean, the hour is not proven, fills
 * wait to be booked, or what a figure needs is not there. Owns these reasons; the arithmetic is `market-figures.ts`'s, and for an hour of a
 * ledger that no audit has looked at `contract-figures.ts`'s.
 */

import { hourOf } from "../../core/accounting/hourly.ts";
import { applyFill, type Books, emptyBooks } from "../../core/accounting/pnl.ts";
import { type LedgerFill, splitSymbol } from "../../core/messages.ts";
import { type LatestWord, readLatestWord } from "../audit-word.ts";
import { type EngineMinute, lastMinuteAtOrBefore, readMinutes } from "../engine-items.ts";
import { readMark } from "../engine-marks.ts";
import { readAll } from "../item-range.ts";
import { decodeFill, decodeState, FILL_PREFIX, type Item, toMarketKey } from "../ledger-items.ts";
import { type LedgerTable, readHourBefore } from "../ledger-table.ts";
import { hasAudit, readProofs } from "../proof-items.ts";
import { contractFigures } from "./contract-figures.ts";
import { closingMarkOf, type MarketFigures, type MarketReading, marketFigures } from "./market-figures.ts";
import type { Period } from "./period.ts";
import { bookFaults, readStanding, readStoredHour, type StoredHour } from "./stored-books.ts";

const NO_MINUTE = "the task wrote no minute of the period";
const DAY_MS = 24 * 3_600_000;

export type MarketOutcome = { readonly type: "figures"; readonly figures: MarketFigures } | MarketRefusal;

/** `reasons`: sentences that say why. */
export type MarketRefusal = {
  readonly type: "refused";
  readonly reasons: readonly string[];
  /** What may mend it: a fold that is under way ends in a moment, an audit comes in minutes. */
  readonly awaits: "fold" | "audit" | "nothing";
};

export async function readMarket(table: LedgerTable, market: string, period: Period): Promise<MarketOutcome> {
  const word = await readLatestWord(table, market);
  if (word === undefined && period.hour !== undefined && !(await hasAudit(table, market))) {
    return await readByContract(table, market, period, { hour: period.hour, faults: [], hasProofs: false });
  }
  const before = await readStanding(table, market);
  const opening = await readOpening(table, market, period);
  if (opening === undefined) {
    // Books that begin nowhere would be wrong: what the contract names is there still.
    const noBooks = "the hour before has no closing books, and a part of an hour needs them";
    const faults = [...auditFaults(word, period), ...(period.hour === undefined ? [noBooks] : [])];
    return await readByContract(table, market, period, {
      hour: hourOf(period.from),
      faults,
      hasProofs: period.hour !== undefined,
    });
  }
  const reading = await readPeriod(table, market, period, opening);
  const figures = marketFigures(period, reading);
  // The books last: what was announced meanwhile is seen waiting.
  const after = await readStanding(table, market);
  const { hour, to } = period;
  const stored = hour === undefined ? undefined : await readStoredHour(table, market, hour);
  const lastFillTime = figures.closing.lastFill?.venueTime;
  const folding = bookFaults({ to, hour, stored, lastFillTime, before, after });
  const reasons = [
    ...auditFaults(word, period),
    ...folding,
    ...(hour === undefined ? [] : await proofFaults(table, figures, { hour, stored })),
    ...dataFaults(reading, figures),
  ];
  return outcomeOf(figures, reasons, folding.length > 0 ? "fold" : "audit");
}

/** By what the hour's item and the minutes say, whatever else is there. */
async function readByContract(
  table: LedgerTable,
  market: string,
  period: Period,
  {
    hour,
    faults,
    hasProofs,
  }: { readonly hour: string; readonly faults: readonly string[]; readonly hasProofs: boolean },
): Promise<MarketOutcome> {
  const before = await readStanding(table, market);
  const fills = await readFactItems(table, market, period);
  const minutes = await readMinutesOf(table, market, period);
  const figures = contractFigures(period, {
    market,
    assets: splitSymbol(market),
    hour: await readStoredHour(table, market, hour),
    minutes,
    before: await lastMarkedBefore(table, market, period.from),
  });
  const after = await readStanding(table, market);
  const stored = await readStoredHour(table, market, hour);
  const folding = bookFaults({ to: period.to, hour, stored, lastFillTime: undefined, before, after });
  const absent = stored === undefined && fills.length > 0;
  const reasons = [
    ...faults,
    ...folding,
    ...(hasProofs ? await proofFaults(table, figures, { hour, stored }) : []),
    ...(absent ? [`the hour's item must be there for ${fills.length} fills, was absent`] : []),
    ...(minutes.length === 0 ? [NO_MINUTE] : []),
  ];
  return outcomeOf(figures, reasons, folding.length > 0 ? "fold" : hasProofs ? "audit" : "nothing");
}

function outcomeOf(figures: MarketFigures, reasons: readonly string[], awaits: MarketRefusal["awaits"]): MarketOutcome {
  if (reasons.length === 0) return { type: "figures", figures };
  return { type: "refused", reasons: reasons.map((reason) => `${figures.market}: ${reason}`), awaits };
}

/** The books before the period's hour; undefined where an hour before it does not state them. */
async function readOpening(table: LedgerTable, market: string, { from }: Period): Promise<Books | undefined> {
  const item = await readHourBefore(table, market, hourOf(from));
  if (item === undefined) return emptyBooks();
  const closing = item["closing"]?.M;
  return closing === undefined ? undefined : decodeState(closing).books;
}

async function readPeriod(table: LedgerTable, market: string, period: Period, before: Books): Promise<MarketReading> {
  const { from, to } = period;
  const assets = splitSymbol(market);
  const startOfHour = `${hourOf(from)}:00:00.000Z`;
  const facts: readonly LedgerFill[] = (await readFactItems(table, market, { from: startOfHour, to })).map(decodeFill);
  const earlier = facts.filter((fill) => fill.venueTime < from);
  return {
    market,
    assets,
    opening: earlier.reduce((books, fill) => applyFill(books, fill, assets), before),
    fills: facts.slice(earlier.length),
    minutes: await readMinutesOf(table, market, period),
    openingMark: await readMark(table, market, from),
  };
}

async function readMinutesOf(
  table: LedgerTable,
  market: string,
  { from, to }: Period,
): Promise<readonly EngineMinute[]> {
  const lastMinute = new Date(Date.parse(to) - 1).toISOString();
  return await readMinutes(table, market, { from: from.slice(0, 16), to: lastMinute.slice(0, 16) });
}

/** The last minute before a moment that has a mid: mostly the last one, else one of the day before. */
async function lastMarkedBefore(table: LedgerTable, market: string, from: string): Promise<EngineMinute | undefined> {
  const minuteAt = (millis: number) => new Date(millis).toISOString().slice(0, 16);
  const last = await lastMinuteAtOrBefore(table, market, minuteAt(Date.parse(from) - 1));
  if (last === undefined || last.marked !== undefined) return last;
  const dayBefore = minuteAt(Date.parse(`${last.minute}:00.000Z`) - DAY_MS);
  const minutes = await readMinutes(table, market, { from: dayBefore, to: last.minute });
  return minutes.findLast(({ marked }) => marked !== undefined) ?? last;
}

/** Facts in venue order; the times are of one length, so that nothing of `to` itself sorts below it. */
async function readFactItems(
  table: LedgerTable,
  market: string,
  { from, to }: Pick<Period, "from" | "to">,
): Promise<readonly Item[]> {
  const { pk } = toMarketKey(market, "");
  return await readAll(table, { pk: pk.S, from: FILL_PREFIX + from, to: FILL_PREFIX + to });
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
async function proofFaults(
  table: LedgerTable,
  figures: MarketFigures,
  { hour, stored }: { readonly hour: string; readonly stored: StoredHour | undefined },
): Promise<readonly string[]> {
  if (stored === undefined) {
    return figures.fillCount === 0 ? [] : [`the hour's item must be there for ${figures.fillCount} fills, was absent`];
  }
  const proof = (await readProofs(table, figures.market, { from: hour, to: hour })).get(hour);
  if (proof === undefined) return ["the hour's PnL is not proven yet"];
  if (proof.hourVersion !== stored.version) return ["the hour's item was written after it was proven"];
  if (proof.state !== "proven") return [`the hour's PnL does not add up: ${proof.faults.join("; ")}`];
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
    ...(minutes.length === 0 ? [NO_MINUTE] : []),
  ];
}
