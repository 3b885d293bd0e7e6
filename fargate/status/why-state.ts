/** From a market's last decision and what it measured to what is shown of them. Owns the writing alone. */
import { hourOf } from "../../core/accounting/hourly.ts";
import { meaningOf, type UnquotedReason } from "../../core/execution/why.ts";
import { formatPrice, formatSize } from "../../core/market.ts";
import type { MarketEngine } from "../../core/market-engine.ts";
import { remainingOf } from "../../core/order.ts";
import type { UnquotedSums } from "../../core/quoting/unquoted-time.ts";
import type { Instant } from "../../core/units.ts";
import type { EstimatesState, ReasonState, UnquotedState, WhyState } from "./state.ts";

export function toWhyState(engine: MarketEngine): WhyState {
  const { market, strategy } = engine.settings;
  const accounts = engine.decision.accounts(strategy.levels, engine.orders.open());
  return {
    quotes: accounts.map(({ side, level, wanted, order, reasons }) => ({
      side,
      level,
      wanted:
        wanted === undefined
          ? null
          : { price: formatPrice(market, wanted.price), size: formatSize(market, wanted.size) },
      order:
        order === undefined
          ? null
          : {
              price: formatPrice(market, order.price),
              size: formatSize(market, remainingOf(order)),
              state: order.state,
            },
      reasons: reasons.map(toReasonState),
    })),
    unquoted: {
      total: toUnquotedState(engine.unquoted.total),
      hours: engine.unquoted.hours
        .map(({ startEpochMs, millis }) => ({
          hour: hourOf(new Date(startEpochMs).toISOString()),
          reasons: toUnquotedState(millis),
        }))
        .reverse(),
    },
  };
}

export function toEstimatesState(engine: MarketEngine, now: Instant): EstimatesState {
  const { fairValue, volatility, intensity, pausedSides } = engine.quoter.view(now.monotonicMs);
  const ticksPerBps = fairValue.ticks === undefined ? undefined : fairValue.ticks / 10_000;
  return {
    fairValueNote: fairValue.note ?? null,
    volatilityBps: volatility === undefined || ticksPerBps === undefined ? null : volatility / ticksPerBps,
    arrivals:
      !intensity.isFitted || ticksPerBps === undefined
        ? null
        : { perSecond: intensity.arrivalsPerSecond, decayPerBps: intensity.decayPerTick * ticksPerBps },
    pausedSides,
  };
}

function toUnquotedState(sums: UnquotedSums): UnquotedState {
  return [...sums]
    .sort(([, one], [, other]) => other - one)
    .map(([reason, ms]) => ({ ...toReasonState(reason), seconds: ms / 1_000 }));
}

function toReasonState(reason: UnquotedReason): ReasonState {
  return { reason, meaning: meaningOf(reason) };
}
