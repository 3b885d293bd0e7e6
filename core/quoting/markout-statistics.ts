/** From the markouts of the last hour to what the strategies go by. Owns the choice of the horizon. */
import { MARKOUT_SECONDS } from "../accounting/markout.ts";
import type { MarkoutFigures, MarkoutRow } from "../accounting/markout-figures.ts";
import type { PerSide } from "./parameters.ts";
import type { MarkoutStatistics } from "./strategy.ts";

/** Long enough for the mid to have gone where the taker knew it would, short enough to be of this fill and not of the next. */
const HORIZON = MARKOUT_SECONDS.indexOf(5);

type Both = PerSide<MarkoutStatistics | undefined>;

/** Asked in each decision, and worked out when the figures have changed: a table answers the same row until then. */
export class SideMarkouts {
  #buy: MarkoutRow | undefined;
  #sell: MarkoutRow | undefined;
  #statistics: Both = { buy: undefined, sell: undefined };

  /** Of all fills of each side; undefined while they are too few for an interval. */
  of(figures: MarkoutFigures): Both {
    const [buy, sell] = [figures.of("buy", "all"), figures.of("sell", "all")];
    if (buy !== this.#buy || sell !== this.#sell) {
      this.#buy = buy;
      this.#sell = sell;
      this.#statistics = { buy: statisticsOf(buy), sell: statisticsOf(sell) };
    }
    return this.#statistics;
  }
}

function statisticsOf(row: MarkoutRow | undefined): MarkoutStatistics | undefined {
  const markout = row?.markouts[HORIZON];
  if (markout?.mean === undefined || markout.plusMinus === undefined) return undefined;
  const adverseBps = row?.adverse[HORIZON]?.mean;
  return {
    meanBps: markout.mean,
    highBps: markout.mean + markout.plusMinus,
    ...(adverseBps === undefined ? {} : { adverseBps }),
  };
}
