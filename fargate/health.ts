/**
 * Whether the task does what it is for (`/healthz`), and whether starting it anew could help (`/livez`). Owns what either counts as; both
 * are answered from the event loop that everything else runs on, so that one that stands still answers neither.
 */
import type { Instant } from "../core/units.ts";
import { reasonsOf } from "./status/market-state.ts";
import type { Health } from "./status/server.ts";
import type { TaskState } from "./status/state.ts";

type Markets = readonly Parameters<typeof reasonsOf>[0][];

export type HealthParts = {
  readonly phase: TaskState["phase"];
  readonly lease: { readonly epoch: number | null; readonly heldBy: string | null };
  /** None before the task is put together. */
  readonly markets: Markets;
  readonly now: Instant;
};

const WELL: Health = { healthy: true, reasons: [] };

/**
 * Healthy while every market quotes, has just begun to, or is halted on purpose (CONTRACTS 8); otherwise the reasons. A task that waits for
 * the lease of another is where it should be.
 */
export function healthOf({ phase, lease, markets, now }: HealthParts): Health {
  const isStandby = phase === "starting" && lease.epoch === null && lease.heldBy !== null;
  if (isStandby) return WELL;
  if (phase !== "running") return { healthy: false, reasons: [`the task is ${phase}`] };
  const reasons = wanted(markets).flatMap((market) => toReasons(market, now));
  return { healthy: reasons.length === 0, reasons };
}

/**
 * Whoever restarts the task goes by this: a start takes the quotes of every market away. So it is well as long as one market is quoted, or
 * none should be; and while it starts, since a start that comes to nothing ends by itself. Where nothing is quoted that should be, start-up
 * is the recovery there is.
 */
export function livenessOf(parts: HealthParts): Health {
  const { phase, markets, now } = parts;
  if (phase === "starting") return WELL;
  if (phase !== "running") return healthOf(parts);
  const isOneQuoted = wanted(markets).some((market) => reasonsOf(market, now).length === 0);
  return isOneQuoted ? WELL : healthOf(parts);
}

/** Those that nobody has halted on purpose. */
function wanted(markets: Markets) {
  return markets.filter((market) => !market.isHaltedByOperator);
}

function toReasons(market: Markets[number], now: Instant): readonly string[] {
  return reasonsOf(market, now).map((reason) => `${market.settings.market.symbol}: ${reason}`);
}
