/**
 * One report from the question to its end: figures, text, chart, files, item, post. Owns this order, and that each step may be done again: a
 * run that ends anywhere is made up for by the next one of the same hour.
 */
import type { Item } from "../ledger-items.ts";
import { storeFiles } from "./chart-store.ts";
import { figureAttributes, figuresJson } from "./figure-items.ts";
import type { Period } from "./period.ts";
import { latenessOf, type Publisher, publishWaiting } from "./publish.ts";
import { type MarketRefusal, readMarket } from "./read-market.ts";
import { type ReportFigures, reportFigures } from "./report-figures.ts";
import {
  isReplaceable,
  markAsked,
  type Report,
  type ReportState,
  readReport,
  storeDryRun,
  storeReport,
} from "./report-items.ts";
import type { ReportRequest } from "./report-request.ts";
import type { ReportWords } from "./report-text.ts";
import type { XClient } from "./x-client.ts";

export type Reporter = Omit<Publisher, "x"> & {
  readonly markets: readonly string[];
  readonly word: (figures: ReportFigures) => Promise<ReportWords>;
  /** The chart as PNG. */
  readonly draw: (figures: ReportFigures) => Promise<Uint8Array>;
  /** Undefined where there are no keys: then everything happens but the post. */
  readonly openX: () => Promise<XClient | undefined>;
};

/** Six minutes of an hour in all: an audit comes each five. */
const READINGS_MAX = 7;
const PAUSE_PART = 1 / 60;

/** A person who asks is not kept waiting for an audit, but for a fold that is done in a second. */
const FOLD_MS = 1_000;

/** How the report of the period stands after a run. */
export type ReportAnswer = Pick<Report, "id" | "state" | "text" | "chartKey" | "reason" | "tweetId">;

/** Makes the report, unless it stands, and posts what waits. `untilMs` is monotonic. Rejects when it could not be stored. */
export async function runReport(reporter: Reporter, request: ReportRequest, untilMs: number): Promise<ReportAnswer> {
  const { table, log } = reporter;
  const { period, isDryRun } = request;
  const standing = await readReport(table, period.id);
  const opened = isDryRun ? { x: undefined } : await openX(reporter);
  const { x } = opened;
  const mayPost = x !== undefined || "error" in opened;
  const isAsked = !isDryRun && !request.isScheduled;
  const late = mayPost ? latenessOf(period.to, reporter.timing.epochMs()) : undefined;
  const state: ReportState = !mayPost ? "dry-run" : late === undefined ? "waiting" : "skipped";
  const why = mayPost || isDryRun ? late : "there are no keys of X";
  if (isAsked && standing?.state === "waiting") await markAsked(table, period.id);
  let made: Report | undefined;
  if (standing === undefined || isReplaceable(standing) || isDryRun) {
    const figures = await readFigures(reporter, request, untilMs);
    made = await makeReport(reporter, period, figures, {
      state,
      why,
      isAsked,
      store: isDryRun ? storeDryRun : storeReport,
    });
    if (made.state === "skipped") log.warn("report is not posted", { report: period.id, reason: made.reason });
    // Who asks for an old one is told, and has lost nothing.
    if (made.state === "skipped" && !isDryRun && !(isAsked && made.reason === late)) reporter.countError();
  }
  if (made === undefined) log.info("report stands already", { report: period.id, state: standing?.state });
  // A local run's hours are short, and its end is waited for by a person.
  const turnMsMax = period.hour === undefined ? reporter.gapMs * PAUSE_PART : Number.POSITIVE_INFINITY;
  if (x !== undefined) await publishWaiting({ ...reporter, x }, untilMs, turnMsMax);
  // A dry run over a report that stands changes nothing, and still answers what it made.
  const report = (isDryRun ? made : undefined) ?? (await readReport(table, period.id)) ?? made;
  if (report === undefined) throw new Error(`the report of ${period.id} must be stored by now, was absent`);
  const { id, text, chartKey, reason, tweetId } = report;
  const answer = { id, state: report.state, text, chartKey, reason, tweetId };
  log.info("report made", answer);
  // The report waits until somebody has mended the keys; the run fails, so that somebody does.
  if ("error" in opened) throw opened.error;
  return answer;
}

async function openX({
  openX: open,
}: Reporter): Promise<{ readonly x: XClient | undefined; readonly error?: unknown }> {
  try {
    return { x: await open() };
  } catch (error) {
    return { x: undefined, error };
  }
}

/** How a report begins: its state, why it is not to be posted, and where it is written. */
type Making = {
  readonly state: ReportState;
  readonly why: string | undefined;
  readonly isAsked: boolean;
  readonly store: (table: Reporter["table"], report: Report, figures: Item) => Promise<unknown>;
};

/** Draws and stores a report; one that is refused has its reasons in the place of a text. */
async function makeReport(
  reporter: Reporter,
  period: Period,
  figures: FiguresOutcome,
  { state, why, isAsked, store }: Making,
): Promise<Report> {
  const { table, bucket, timing } = reporter;
  const blank = {
    id: period.id,
    to: period.to,
    madeAt: new Date(timing.epochMs()).toISOString(),
    tweetId: undefined,
    postedAt: undefined,
    mayBePosted: false,
    isAsked,
  };
  if (figures.type === "refused") {
    const reason = `refused: ${figures.reasons.join("; ")}`;
    const files = { text: undefined, altText: undefined, chartKey: undefined };
    const report: Report = { ...blank, ...files, state: "skipped", reason };
    await store(table, report, {});
    return report;
  }
  const { text, altText } = await reporter.word(figures.value);
  const png = await reporter.draw(figures.value);
  const chartKey = await storeFiles(bucket, { id: period.id, png, text, json: figuresJson(figures.value) });
  const report: Report = { ...blank, state, text, altText, chartKey, reason: why };
  await store(table, report, figureAttributes(figures.value));
  return report;
}

type FiguresOutcome = { readonly type: "figures"; readonly value: ReportFigures } | MarketRefusal;

/**
 * Reads the figures; those that are refused again and again until `untilMs` (monotonic), at most so often that the audit has run once more:
 * a fill that was missing is booked by then, an hour that was not proven is. Where time mends nothing, or nobody waits for an audit, none is
 * lost.
 */
async function readFigures(
  reporter: Reporter,
  { period, isScheduled }: Pick<ReportRequest, "period" | "isScheduled">,
  untilMs: number,
): Promise<FiguresOutcome> {
  const { timing, log, gapMs } = reporter;
  const pauseMs = isScheduled ? gapMs * PAUSE_PART : Math.min(gapMs * PAUSE_PART, FOLD_MS);
  for (let reading = 1; ; reading++) {
    const outcome = await tryFigures(reporter, period);
    if (outcome.type === "figures" || reading === READINGS_MAX || timing.monotonicMs() + pauseMs >= untilMs)
      return outcome;
    if (outcome.awaits === "nothing" || (outcome.awaits === "audit" && !isScheduled)) return outcome;
    log.info("report cannot be made yet", { report: period.id, reading, reasons: outcome.reasons });
    await timing.wait(pauseMs);
  }
}

function awaited(refused: readonly MarketRefusal[]): MarketRefusal["awaits"] {
  const each = refused.map(({ awaits }) => awaits);
  return each.find((awaits) => awaits === "nothing") ?? each.find((awaits) => awaits === "audit") ?? "fold";
}

async function tryFigures({ table, markets }: Reporter, period: Period): Promise<FiguresOutcome> {
  const outcomes = await Promise.all(markets.map((market) => readMarket(table, market, period)));
  const figures = outcomes.flatMap((outcome) => (outcome.type === "figures" ? [outcome.figures] : []));
  const quotes = new Set(figures.map(({ assets }) => assets.quote));
  const refused = outcomes.filter((outcome) => outcome.type === "refused");
  const reasons = [
    ...refused.flatMap((outcome) => outcome.reasons),
    ...(quotes.size > 1 ? [`markets of one report must have one quote asset, was ${[...quotes].join(", ")}`] : []),
  ];
  return reasons.length === 0
    ? { type: "figures", value: reportFigures(period, figures) }
    : { type: "refused", reasons, awaits: quotes.size > 1 ? "nothing" : awaited(refused) };
}
