/**
 * The figures of one market in an hour by the formula of CONTRACTS 5 alone: profit is what the hour's item realised and how the minutes'
 * unrealised profit changed. Owns this arithmetic, which needs no attribute that the contract does not name; it is for a ledger that no
 * audit has looked at. Where there is one, a report is of its proven books (`market-figures.ts`).
 */
import type { Assets } from "../../core/accounting/pnl.ts";
import type { EngineMinute } from "../engine-items.ts";
import { type MarketFigures, minuteSums } from "./market-figures.ts";
import { type Period, pointTime } from "./period.ts";

/** What the contract says of an hour's item; amounts in 10^-18 quote. */
export type StoredSums = Pick<MarketFigures, "volume" | "fees" | "realizedPnl" | "fillCount">;

export type ContractReading = {
  readonly market: string;
  readonly assets: Assets;
  /** Undefined in an hour without a fill. */
  readonly hour: StoredSums | undefined;
  /** Those of the hour that were written, oldest first. */
  readonly minutes: readonly EngineMinute[];
  /** The last one before the hour that has a mid. */
  readonly before: EngineMinute | undefined;
};

const NOTHING: StoredSums = { volume: 0n, fees: 0n, realizedPnl: 0n, fillCount: 0 };

export function contractFigures(period: Period, reading: ContractReading): MarketFigures {
  const { market, assets, minutes, before } = reading;
  const sums = reading.hour ?? NOTHING;
  const opening = before?.marked?.unrealizedPnl ?? 0n;
  const unrealizedChange = unrealizedOf(minutes.findLast(isMarked), opening) - opening;
  return {
    market,
    assets,
    isAudited: false,
    closing: { position: (minutes.at(-1) ?? before)?.position ?? 0n },
    ...sums,
    unrealizedChange,
    series: toSeries(period, reading, { realizedPnl: sums.realizedPnl, opening }),
    ...minuteSums(minutes),
  };
}

/**
 * Profit from minute to minute, as the task told it then, and moved so that it ends at the hour's: the task's own count of what was
 * realised may begin anywhere.
 */
function toSeries(
  period: Period,
  { minutes, before }: ContractReading,
  { realizedPnl, opening }: { readonly realizedPnl: bigint; readonly opening: bigint },
): MarketFigures["series"] {
  const last = minutes.at(-1);
  return Array.from({ length: period.points }, (_, index) => {
    const end = pointTime(period, index + 1);
    const isDone = ({ minute }: EngineMinute) => `${minute}:00.000Z` < end;
    const minute = minutes.findLast(isDone);
    const marked = minutes.findLast((each) => isDone(each) && isMarked(each));
    const realized =
      last === undefined ? 0n : realizedPnl + (minute ?? minutes[0] ?? last).realizedPnl - last.realizedPnl;
    return {
      pnl: realized + unrealizedOf(marked, opening) - opening,
      position: (minute ?? before)?.position ?? 0n,
    };
  });
}

function isMarked({ marked }: EngineMinute): boolean {
  return marked !== undefined;
}

function unrealizedOf(minute: EngineMinute | undefined, otherwise: bigint): bigint {
  return minute?.marked?.unrealizedPnl ?? otherwise;
}
