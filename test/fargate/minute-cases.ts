/** Minutes and markouts with as little said as each test needs. */
import type { FillMarkout } from "../../core/accounting/markout.ts";
import type { MinuteFigures, MinutePart } from "../../core/accounting/minute.ts";

export const ONE = 10n ** 18n;

export const MINUTE_MS = Date.UTC(2026, 0, 2, 3, 4);

export function makeFigures(changed: Partial<MinuteFigures> = {}): MinuteFigures {
  return {
    measuredMs: 60_000,
    spreads: { othersMicroBps: 30_123_456, selfMicroBps: 10_000_001 },
    twoSidedMs: 59_950,
    ordersPlaced: 12,
    ordersCancelled: 9,
    ordersFilled: 2,
    closing: {
      mid: (ONE * 42_145n) / 100_000n,
      position: -40n * ONE,
      realizedPnl: 1_500_000_000_000_000_001n,
      unrealizedPnl: -ONE / 4n,
      drawdownMicroPercent: 1_250_000,
    },
    ...changed,
  };
}

export function makePart(epoch: number, changed: Partial<MinuteFigures> = {}, run = 0): MinutePart {
  return { epoch, run, figures: makeFigures(changed) };
}

export function makeMarkout(fillId: string, changed: Partial<FillMarkout> = {}): FillMarkout {
  return {
    fillId,
    venueTime: "2026-01-02T03:03:58.678Z",
    side: "sell",
    level: 1,
    price: (ONE * 4_216n) / 10_000n,
    size: 40n * ONE,
    midAtFill: (ONE * 42_145n) / 100_000n,
    mids: [ONE, undefined, 1n],
    ...changed,
  };
}
