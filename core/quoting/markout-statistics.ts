/** From the markouts of the last hour to what the strategies go by. Owns the choice of the horizon. */
import { MARKOUT_SECONDS } from "../accounting/markout.ts";
import type { MarkoutFigures } from "../accounting/markout-figures.ts";
import type { Side } from "../units.ts";
import type { PerSide } from "./parameters.ts";
import type { MarkoutStatistics } from "./strategy.ts";

/** Long enough for the mid to have gone where the taker knew it would, short enough to be of this fill and not of the next. */
const HORIZON = MARKOUT_SECONDS.indexOf(5);

/** Of all fills of each side; undefined while they are too few for an interval. */
export function markoutStatistics(figures: MarkoutFigures): PerSide<MarkoutStatistics | undefined> {
  return { buy: statisticsOf(figures, "buy"), sell: statisticsOf(figures, "sell") };
}

function statisticsOf(figures: MarkoutFigures, side: Side): MarkoutStatistics | undefined {
  const row = figures.of(side, "all");
  const markout = row?.markouts[HORIZON];
  if (markout?.mean === undefined || markout.plusMinus === undefined) return undefined;
  const adverseBps = row?.adverse[HORIZON]?.mean;
  return {
    meanBps: markout.mean,
    highBps: markout.mean + markout.plusMinus,
    ...(adverseBps === undefined ? {} : { adverseBps }),
  };
}
