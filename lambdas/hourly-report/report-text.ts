/**
 * The words of a report: the post, within what X takes, and the words that stand for its image. Owns both, and the check that a post is
 * one: a text that is too long, has a link (thirteen times the price) or a second cashtag is a fault of ours, found before it is sent. Bundled
 * by itself (`infra/constructs/hourly-report.ts`), for X's own count of a text's weight is large.
 */
import twitterText from "twitter-text";
import { formatAmount, formatBps, formatPercent } from "./amounts.ts";
import { periodTitle } from "./period.ts";
import type { ReportFigures } from "./report-figures.ts";

/** X API, "Counting characters" and "Media metadata". */
const ALT_CHARACTERS_MAX = 1_000;

const CASHTAGS_MAX = 1;
const MARKETS_NAMED_MAX = 2;
const HASHTAGS = "#SeiNetwork #DeFi #MarketMaking #Trading";

export type ReportWords = { readonly text: string; readonly altText: string };

/** The post, and the words for its image. Throws `RangeError` when X would not take the post. */
export function reportWords(figures: ReportFigures): ReportWords {
  return { text: reportText(figures), altText: altText(figures) };
}

/** The post: the hour in it makes each one another. Throws `RangeError` when X would not take it. */
export function reportText(figures: ReportFigures): string {
  const { markets } = figures;
  const count = `${markets.length} markets`;
  const names = markets.length > MARKETS_NAMED_MAX ? count : markets.map(({ market }) => market).join(" and ");
  const named = postOf(figures, names);
  // Long names and large figures together may be too much.
  const text = twitterText.parseTweet(named).valid ? named : postOf(figures, count);
  assertPost(text);
  return text;
}

function postOf(figures: ReportFigures, markets: string): string {
  const { pnl, volume, quote } = figures;
  return [
    `🤖 FlashMM · ${periodTitle(figures.period)}`,
    `${markets} on Sei`,
    "",
    `📈 Spread improvement ${formatPercent(figures.spreadImprovementPercent)}`,
    `💰 PnL ${formatAmount(pnl, { signed: true })} ${quote}`,
    `📊 Volume ${formatAmount(volume)} ${quote}`,
    `🎯 Fill rate ${formatPercent(figures.fillRatePercent)}`,
    `⏱️ Uptime ${formatPercent(figures.uptimePercent)}`,
    "",
    HASHTAGS,
  ].join("\n");
}

/** What the image shows, for who does not see it. */
export function altText(figures: ReportFigures): string {
  const { quote, markets } = figures;
  const byMarket = markets.map(
    (market) =>
      `${market.market}: spread improved by ${formatBps(market.spreadImprovementBps)} bps, volume ${formatAmount(market.volume)} ${quote}`,
  );
  const text = [
    `Four charts of market making on Sei, ${periodTitle(figures.period)}.`,
    `Profit over time ends at ${formatAmount(figures.pnl, { signed: true })} ${quote}.`,
    `Of ${figures.ordersPlaced} orders placed ${figures.ordersFilled} were filled, ${formatPercent(figures.fillRatePercent)}.`,
    `${byMarket.join("; ")}.`,
  ].join(" ");
  return text.length <= ALT_CHARACTERS_MAX ? text : `${text.slice(0, ALT_CHARACTERS_MAX - 1).toWellFormed()}…`;
}

/** Throws `RangeError` when X would not take the text, or would take it for more than we pay for. */
export function assertPost(text: string): void {
  const { weightedLength, valid } = twitterText.parseTweet(text);
  if (!valid) throw new RangeError(`the post must be of a weight X takes, was ${weightedLength} of 280`);
  const urls = twitterText.extractUrls(text);
  if (urls.length > 0) throw new RangeError(`the post must be without a link, was with ${urls.join(", ")}`);
  const cashtags = twitterText.extractCashtags(text);
  if (cashtags.length > CASHTAGS_MAX) throw new RangeError(`the post must have one cashtag at most, was ${cashtags}`);
}
