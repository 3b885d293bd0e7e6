/**
 * How the panels and alerts ask Prometheus. Owns the words: a metric is named by its type alone, so that no query asks for one that does
 * not exist. Counters are asked by `rate` and `increase`, gauges never: a gauge that falls would count as a reset.
 */
import type { CounterName, GaugeName, HistogramName } from "../../core/metrics.ts";

/** The markets chosen on the dashboard. */
const CHOSEN = 'market=~"$market"';

/** Grafana puts in a window that holds at least four samples. */
const WINDOW = "$__rate_interval";

export function gauge(name: GaugeName, selector = ""): string {
  return selector === "" ? name : `${name}{${selector}}`;
}

export function chosen(name: GaugeName, selector = ""): string {
  return gauge(name, selector === "" ? CHOSEN : `${CHOSEN},${selector}`);
}

export function rate(name: CounterName, selector = CHOSEN, window = WINDOW): string {
  return `rate(${name}${selector === "" ? "" : `{${selector}}`}[${window}])`;
}

export function increase(name: CounterName, window: string, selector = ""): string {
  return `increase(${name}${selector === "" ? "" : `{${selector}}`}[${window}])`;
}

/** A quantile of a histogram of fixed buckets, by `labels`. */
export function quantile(
  share: 0.5 | 0.99,
  name: HistogramName,
  options: { readonly by?: readonly string[]; readonly selector?: string; readonly window?: string } = {},
): string {
  const { by = [], selector = "", window = WINDOW } = options;
  const series = `${name}_bucket${selector === "" ? "" : `{${selector}}`}`;
  return `histogram_quantile(${share}, sum by (${["le", ...by].join(", ")}) (rate(${series}[${window}])))`;
}

/**
 * Those of the markets of which a gauge has not told in two minutes, for as long as it does not. Where no markets are known: those of which
 * it has told within an hour and not in two minutes; without a label where it has told of none within the hour.
 */
export function silence(name: GaugeName, markets: readonly string[]): string {
  if (markets.length > 0)
    return markets.map((market) => `absent_over_time(${gauge(name, `market="${market}"`)}[2m])`).join(" or ");
  const told = (window: string) => `count by (market) (count_over_time(${name}[${window}]))`;
  return `(${told("1h")} unless ${told("2m")}) or absent_over_time(${name}[1h])`;
}

export const MARKET_SELECTOR = CHOSEN;
