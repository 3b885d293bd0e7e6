/** The limits of one market. They have no defaults: a limit that was not set is a start that is refused. */
import type { Lots } from "../units.ts";

export type Limits = {
  /** Largest size of one order. */
  readonly orderSize: Lots;
  /** Largest position, long or short, on the worst case: everything open that could fill, filled. */
  readonly position: Lots;
  /** Oldest book that may be quoted on, in milliseconds since it was read. */
  readonly bookAgeMs: number;
};
