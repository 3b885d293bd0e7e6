/** The parameters of the strategies, as the engine takes them: already checked, sizes in lots. */
import type { Lots } from "../units.ts";

export type PureMarketMakingParameters = {
  readonly type: "pure-market-making";
  /** Distance of the first level from the reservation price, in basis points of the fair value; above 0. */
  readonly halfSpreadBps: number;
  /** Quotes a side, 1 to 10. */
  readonly levels: number;
  /** Distance from one level to the next, in basis points of the fair value; at least 0 (a tick apart at least). */
  readonly levelSpacingBps: number;
  /** Size of each quote. */
  readonly orderSize: Lots;
  /** How far the quotes move against the position when it is at its limit, in basis points; linear below; at least 0. */
  readonly inventorySkewBps: number;
};

export type StrategyParameters = PureMarketMakingParameters;

/** When an order that is not exactly the wanted one is left in its place in the queue all the same. */
export type RefreshTolerance = {
  /** Ticks its price may differ, at least 0. */
  readonly priceTicks: number;
  /** Percent of the wanted size its remainder may differ, 0 to 100. */
  readonly sizePercent: number;
};
