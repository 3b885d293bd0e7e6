/**
 * A market whose PnL does not add up is halted: the control item that the task reads, and the event that people follow. Owns what
 * is said; that it is said once a difference is `prove-hours.ts`'s.
 */
import { readControlTime, toReasonLine, writeControlItem } from "../control-item.ts";
import { type EventSink, sayEvent } from "../event-bus.ts";
import type { LedgerTable } from "../ledger-table.ts";
import type { Timing } from "../timing.ts";
import { AUDITOR } from "./venue-history.ts";

export type HaltLog = {
  warn(message: string, fields: Record<string, unknown>): void;
  error(message: string, fields: Record<string, unknown>): void;
};

export type Halting = {
  readonly table: LedgerTable;
  readonly bus: EventSink;
  readonly timing: Pick<Timing, "epochMs">;
  readonly log: HaltLog;
};

/** When the newest word on a market was said that this run knows of: a halt goes over it, and never over a later one. */
export type KnownWord = { readonly atMs: number | undefined };

export async function readKnownWord(table: LedgerTable, market: string): Promise<KnownWord> {
  return { atMs: await readControlTime(table, market) };
}

/**
 * Halts the market unless a later word than `known` stands there. Rejects when the item could not be written; that the event could
 * not be sent is logged.
 */
export async function haltMarket(
  { table, bus, timing, log }: Halting,
  halt: { readonly market: string; readonly reason: string; readonly known: KnownWord },
): Promise<void> {
  const { market, known } = halt;
  const reason = toReasonLine(halt.reason);
  // Past what was known, as the task's own kills are: a clock that lags must not make a halt look older than the last resume.
  const atMs = Math.max(Math.floor(timing.epochMs()), (known.atMs ?? -1) + 1);
  const word = { state: "halted", reason, by: AUDITOR, at: new Date(atMs).toISOString() } as const;
  const outcome = await writeControlItem(table, market, word);
  log.error("the market is halted, its PnL does not add up", { market, reason, haltedAt: word.at, outcome });
  const detail = { limit: `identity ${market}`, market, reason, by: AUDITOR };
  try {
    await sayEvent(bus, { source: "flashmm.engine", type: "Risk Limit Breached", detail });
  } catch (error) {
    log.warn("the event could not be announced", { market, error });
  }
}
