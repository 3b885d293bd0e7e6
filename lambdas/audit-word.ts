/** The audit's last word of a market (`AUDIT#<market>`/`LATEST`) as other functions read it. Owns no writing: that is `fill-audit/`'s. */
import { type LedgerTable, readItem } from "./ledger-table.ts";
import { auditPartition } from "./proof-items.ts";

export type LatestWord = {
  /** `clean`, `repairing`, `different` or `failed`. */
  readonly state: string;
  readonly reason: string | undefined;
  /** Venue time: every fill up to it was compared. */
  readonly checkedThrough: string | undefined;
  readonly checkedAt: string;
};

/** The last word; undefined when the market was never audited. */
export async function readLatestWord(table: LedgerTable, market: string): Promise<LatestWord | undefined> {
  const item = await readItem(table, { pk: { S: auditPartition(market) }, sk: { S: "LATEST" } });
  if (item === undefined) return undefined;
  return {
    state: item["state"]?.S ?? "",
    reason: item["reason"]?.S,
    checkedThrough: item["checkedThrough"]?.S,
    checkedAt: item["checkedAt"]?.S ?? "",
  };
}
