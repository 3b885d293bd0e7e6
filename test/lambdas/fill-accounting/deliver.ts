/** Delivering messages to the function as SQS does: what fails comes again; and looking at the books afterwards. */
import { expect } from "vitest";
import type { FillMessage } from "../../../core/messages.ts";
import { type Accounting, accountBatch, type Trouble } from "../../../lambdas/fill-accounting/account-batch.ts";
import { countFills, type LedgerTable, readHours, readPosition } from "../../../lambdas/ledger-table.ts";
import { foldMessages, makeRecord } from "./make-messages.ts";

const REDELIVERIES_MAX = 10;

export function makeAccounting(
  table: LedgerTable,
): Accounting & { readonly troubles: Trouble[]; readonly lines: string[] } {
  const troubles: Trouble[] = [];
  const lines: string[] = [];
  const say = (message: string, fields: Record<string, unknown>) => lines.push(`${message} ${JSON.stringify(fields)}`);
  return {
    table,
    pacing: { random: () => 0.5, wait: () => new Promise((resolve) => setImmediate(resolve)) },
    count: (kind, by) => troubles.push(...Array.from({ length: by }, () => kind)),
    log: { info: () => undefined, warn: say, error: say },
    troubles,
    lines,
  };
}

/** One delivery of a batch; answers the messages that SQS would bring again. */
export async function deliver<Message>(table: LedgerTable, messages: readonly Message[]): Promise<readonly Message[]> {
  const records = messages.map(makeRecord);
  const { batchItemFailures } = await accountBatch(makeAccounting(table), records);
  const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
  return messages.filter((_, index) => failed.has(records[index]?.messageId ?? ""));
}

/** Delivers until nothing comes back. */
export async function deliverAll(table: LedgerTable, messages: readonly FillMessage[]): Promise<void> {
  let waiting = messages;
  for (let delivery = 0; waiting.length > 0; delivery++) {
    if (delivery === REDELIVERIES_MAX) throw new Error(`${waiting.length} messages fail for ever`);
    waiting = await deliver(table, waiting);
  }
}

/** The books of a market hold exactly these messages, each once, in every item that others read. */
export async function expectBooks(table: LedgerTable, market: string, messages: readonly FillMessage[]): Promise<void> {
  const expected = foldMessages(messages);
  const position = await readPosition(table, market);
  expect(position?.state).toEqual(expected.state);
  expect([...(position?.pending ?? [])]).toEqual([]);
  expect(await readHours(table, market, { from: "0000", to: "9999" })).toEqual(expected.hours);
  expect(await countFills(table, market)).toBe(messages.length);
}
