/** Requests as EventBridge delivers them, and what they left in the table. */
import { assert } from "../../../core/assert.ts";
import type { LedgerTable } from "../../../lambdas/ledger-table.ts";
import { readItem } from "../../../lambdas/ledger-table.ts";
import type { OperatorControl, OperatorRequest } from "../../../lambdas/operator-control/apply-request.ts";

export function makeRequest(
  action: "halt" | "resume",
  fields: Partial<OperatorRequest> = {},
): OperatorRequest & { readonly source: "flashmm.operator" } {
  return {
    "detail-type": action === "halt" ? "Quoting Halt Requested" : "Quoting Resume Requested",
    account: "123456789012",
    time: "2026-01-02T03:04:05Z",
    detail: { reason: "maintenance" },
    ...fields,
    source: "flashmm.operator",
  };
}

export function makeControl(table: LedgerTable, markets: readonly string[]) {
  const lines: string[] = [];
  const say = (message: string, fields: Record<string, unknown>) => {
    // A field of that name would stand in place of the line's own time.
    assert(!("at" in fields), `${message} must not carry a field named at`);
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const control: OperatorControl = { table, markets, log: { info: say, warn: say } };
  return { control, lines };
}

/** The control item's own attributes as texts; undefined when there is none. */
export async function readControl(table: LedgerTable, scope: string): Promise<Record<string, unknown> | undefined> {
  const item = await readItem(table, { pk: { S: "CONTROL" }, sk: { S: scope } });
  if (item === undefined) return undefined;
  const { pk: _, sk: __, ...attributes } = item;
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, value.S]));
}
