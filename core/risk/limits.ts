/** The limits of the risk gate. They have no defaults: a limit that was not set is a start that is refused. */
import type { Lots } from "../units.ts";

/** Of one market. */
export type Limits = {
  /** Largest size of one order. */
  readonly orderSize: Lots;
  /** Largest value of one order: price × size, an integer of 10^-18 quote currency. */
  readonly orderValue: bigint;
  /** Largest position, long or short, on the worst case: everything open that could fill, filled. */
  readonly position: Lots;
  /** Furthest an order's price may be from the median mid of the last minute, in percent of it. */
  readonly priceCollarPercent: number;
  /** An order like one of the last so many milliseconds (side, price and size) is a duplicate. */
  readonly duplicateMs: number;
  /** Orders of one side that may begin to fill within a minute, and in a row without one of the other side. */
  readonly executionsPerMinute: number;
  readonly executionsInARow: number;
  /** Oldest book that may be quoted on, in milliseconds since it was read; past it every quote is pulled. */
  readonly bookAgeMs: number;
  /** Oldest book that a new order may be placed on, in milliseconds; at most `bookAgeMs`. */
  readonly placeBookAgeMs: number;
  /** A mid that moved further than this within a second, in percent, pulls the quotes for the pause, in milliseconds. */
  readonly midJumpPercent: number;
  readonly midJumpPauseMs: number;
  /** Widest spread of the others, in percent of the mid, that may be quoted on. */
  readonly spreadPercent: number;
  /** Share of the wanted sizes that is quoted for the first `startPeriodMs` milliseconds, in percent. */
  readonly startSizePercent: number;
  readonly startPeriodMs: number;
};

/** Of all markets of a shard together. Amounts are integers of 10^-18 quote currency. */
export type ShardLimits = {
  /** Largest worst-case position of all markets together, at the mids. */
  readonly exposureValue: bigint;
  /** What the percentages of loss are of. */
  readonly capital: bigint;
  /** Loss from the peak of the profit, unrealised included, at which an alarm is raised, positions are only reduced, all is halted. */
  readonly drawdownAlertPercent: number;
  readonly drawdownReducePercent: number;
  readonly drawdownHaltPercent: number;
  /** Loss since midnight UTC at which all is halted. */
  readonly dailyLossPercent: number;
};
