/** From the engine's markouts to what is shown of them. Owns the writing alone. */
import type { FillMarkouts } from "../../core/accounting/fill-markouts.ts";
import { hourOf } from "../../core/accounting/hourly.ts";
import type { MarkoutRow } from "../../core/accounting/markout-figures.ts";
import type { WeightedMean } from "../../core/accounting/weighted-mean.ts";
import type { Instant } from "../../core/units.ts";
import type { MarkoutHorizon, MarkoutState, MarkoutsState, MeanState } from "./state.ts";

export function toMarkoutsState(markouts: FillMarkouts, now: Instant): MarkoutsState {
  const hour = hourOf(new Date(now.epochMs).toISOString());
  const rows = markouts.hour(hour)?.rows();
  const { late, withoutMid, dropped } = markouts.unmarked;
  return {
    rolling: markouts.rolling.rows().map(toMarkoutState),
    hour: rows === undefined ? null : { hour, rows: rows.map(toMarkoutState) },
    unmarked: late + withoutMid + dropped,
  };
}

function toMarkoutState({ side, level, capture, markouts, adverse }: MarkoutRow): MarkoutState {
  return {
    side,
    level,
    capture: toMeanState(capture),
    markout: byHorizon(markouts),
    adverseSelection: byHorizon(adverse),
  };
}

/** The core's lists are in the order of `MARKOUT_SECONDS`. */
function byHorizon([one, five, sixty]: readonly WeightedMean[]): Record<MarkoutHorizon, MeanState> {
  return { "1s": toMeanState(one), "5s": toMeanState(five), "60s": toMeanState(sixty) };
}

function toMeanState(mean: WeightedMean | undefined): MeanState {
  return { count: mean?.count ?? 0, bps: mean?.mean ?? null, plusMinusBps: mean?.plusMinus ?? null };
}
