/** Markouts with a tape that a test writes on, and fills dated by the moments of `instant`. */
import { FillMarkouts } from "../../../core/accounting/fill-markouts.ts";
import type { MarkoutFigures, MarkoutLevel, MarkoutRow } from "../../../core/accounting/markout-figures.ts";
import type { Fill } from "../../../core/events.ts";
import { makeMarket } from "../../../core/market.ts";
import { MidTape } from "../../../core/market-data/mid-tape.ts";
import type { Side } from "../../../core/units.ts";
import { toTicks } from "../../../core/units.ts";
import { EPOCH_MS, makeFill } from "../make-events.ts";

const AGE_MS = 2_000;
const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

/** Two levels a side; a mid is in force for two seconds. */
export function makeMarkoutDesk(options: ConstructorParameters<typeof FillMarkouts>[3] = {}) {
  const tape = new MidTape(AGE_MS);
  return { tape, markouts: new FillMarkouts(market, tape, 2, options) };
}

/** A fill that the venue dates `ms` after the epoch: a buy of 40 at 0.4210 unless told. */
export function fillAt(ms: number, fill: Partial<Fill> = {}): Fill {
  const venueTime = new Date(EPOCH_MS + ms).toISOString();
  return makeFill({ fillId: `F-${ms}`, price: toTicks(4_210), venueTime, ...fill });
}

/** A book each second that shows one mid, in ticks. */
export function steady(tape: MidTape, mid: number, untilMs: number, fromMs = 0): void {
  for (let ms = fromMs; ms <= untilMs; ms += 1_000) tape.record(2 * mid, ms);
}

export function rowOf(figures: MarkoutFigures | undefined, side: Side, level: MarkoutLevel = "all"): MarkoutRow {
  const row = figures?.of(side, level);
  if (row === undefined) throw new Error(`there must be a row to ${side} at ${level}`);
  return row;
}
