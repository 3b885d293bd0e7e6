/** How good the quotes of one run were, as text of at most 100 columns. Owns the words; the figures are the meter's. */
import { MARKOUT_SECONDS } from "../../core/accounting/markout.ts";
import type { WeightedMean } from "../../core/accounting/weighted-mean.ts";
import type { Market } from "../../core/market.ts";
import type { RunFigures } from "../compare/run-meter.ts";

export type PlayedRun = {
  readonly market: Market;
  /** Epoch milliseconds of the tape's first line. */
  readonly startMs: number;
  readonly roundTripMs: number;
  readonly figures: RunFigures;
};

const LABEL_WIDTH = 20;
const LINE_WIDTH = 100;

export function qualityText(
  run: PlayedRun & { readonly notes: readonly string[]; readonly tookSeconds: number; readonly png: string },
): string {
  const { market, startMs, roundTripMs, figures, notes, tookSeconds, png } = run;
  const pace = Math.round(figures.seconds / Math.max(tookSeconds, 1e-3));
  const lines = [
    `${market.symbol}, ${durationText(figures.seconds)} from ${new Date(startMs).toISOString()}`,
    `played in ${tookSeconds.toFixed(1)} s (${pace} times as fast), ${roundTripMs} ms from a request to its answer`,
    "",
    ...moneyRows(figures, market.quote),
    ...quoteRows(figures),
    ...notes.map((note) => row("", note)),
    "",
    `drawn in ${png}`,
  ];
  return `${lines.map((line) => line.trimEnd().slice(0, LINE_WIDTH)).join("\n")}\n`;
}

function moneyRows(figures: RunFigures, quote: string): string[] {
  const { pnl, capture, inventory, fees, volume, fills, drawdown, drawdownPercent, captureBps } = figures;
  return [
    row("PnL", `${amount(pnl)} ${quote}`),
    row("made of", `edge at fills ${amount(capture)}, inventory ${amount(inventory)}, fees ${amount(-fees)}`),
    row("of volume", `${bps(figures.pnlPerVolumeBps)} of ${amount(volume)} ${quote} in ${fills} fills`),
    row("drawdown", `${amount(drawdown)} ${quote}, ${amount(drawdownPercent)} % of the capital`),
    row("edge at fills", bps(captureBps)),
    ...figures.markouts.map((mean, index) => row(`markout ${MARKOUT_SECONDS[index]} s`, markoutText(mean))),
  ];
}

function quoteRows(figures: RunFigures): string[] {
  const { spreadOthersBps, spreadImprovementBps, spreadImprovementPercent, halfLifeSeconds } = figures;
  const { placed, cancelled, filled, rejected, fillRate, quoteToTrade } = figures;
  const improved =
    spreadOthersBps === undefined
      ? "unknown: never a book with two sides"
      : `${bps(spreadImprovementBps, 3)} (${spreadImprovementPercent?.toFixed(1)} %) of the others' ${bps(spreadOthersBps, 3)}`;
  const halfLife = halfLifeSeconds === undefined ? "none, it does not come back" : `${halfLifeSeconds.toFixed(0)} s`;
  return [
    row("spread improved by", improved),
    row("two-sided", `${percent(figures.uptime)} of the time, ${percent(figures.uptimeObliged)} within 100 bps`),
    row("inventory", `half-life ${halfLife}, ${percent(figures.inventoryShare)} of its limit on average`),
    row("orders", `${placed} placed, ${cancelled} cancelled, ${filled} filled, ${rejected} rejected`),
    row("fill rate", fillRate === undefined ? "no order" : percent(fillRate)),
    row("quotes a trade", quoteToTrade === undefined ? "no trade" : quoteToTrade.toFixed(1)),
  ];
}

/** With the 95 % interval, from ten periods on. */
function markoutText({ count, mean, plusMinus }: WeightedMean): string {
  if (mean === undefined) return "no fill";
  const interval = plusMinus === undefined ? "too few for an interval" : `± ${plusMinus.toFixed(2)}`;
  return `${mean.toFixed(2)} bps (${interval}, ${count} fills)`;
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL_WIDTH) + text;
}

function bps(value: number | undefined, digits = 2): string {
  return value === undefined ? "–" : `${value.toFixed(digits)} bps`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Two digits behind the point, or the first two that say something. */
export function amount(value: number): string {
  const digits = value === 0 ? 2 : Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function durationText(seconds: number): string {
  if (seconds < 7_200) return `${seconds.toFixed(0)} s`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
