/** The proofs of hours as they are stored: `AUDIT#<market>`/`HOUR#<YYYY-MM-DDTHH>`, kept for ever. Owns their form. */
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { HourProof } from "../core/accounting/hour-proof.ts";
import { formatScaled, MONEY_DECIMALS } from "../core/decimal.ts";
import { readAll, readSome } from "./item-range.ts";
import { HOUR_PREFIX, type Item, readCount, readRoundedAmount } from "./ledger-items.ts";
import type { LedgerTable } from "./ledger-table.ts";

/** What is read of a stored proof. */
export type StoredProof = {
  readonly hour: string;
  /** The version of the hour's item that was proven. */
  readonly hourVersion: number;
  readonly state: "proven" | "different";
  /** The marks that it was proven with, 10^-18 quote a unit of base: they outlive the engine minutes they come from. */
  readonly openingMark: bigint | undefined;
  readonly closingMark: bigint | undefined;
  readonly faults: readonly string[];
};

const FAULTS_MAX = 30;
const FAULT_CHARACTERS_MAX = 500;

/** The partition of a market's audit. */
export function auditPartition(market: string): string {
  return `AUDIT#${market}`;
}

/** Whether the market was ever looked at by the audit: whether it has an item in its partition. */
export async function hasAudit(table: LedgerTable, market: string): Promise<boolean> {
  const { items } = await readSome(table, { pk: auditPartition(market), from: "!", to: "~" }, 1);
  return items.length > 0;
}

/** The stored proofs from hour to hour, both included, by hour. */
export async function readProofs(
  table: LedgerTable,
  market: string,
  range: { readonly from: string; readonly to: string },
): Promise<ReadonlyMap<string, StoredProof>> {
  const pk = auditPartition(market);
  const items = await readAll(table, { pk, from: HOUR_PREFIX + range.from, to: HOUR_PREFIX + range.to });
  return new Map(items.map(decodeProof).map((proof) => [proof.hour, proof]));
}

export async function writeProof(
  table: LedgerTable,
  market: string,
  proof: HourProof,
  meta: { readonly hourVersion: number; readonly checkedAt: string },
): Promise<void> {
  const key = { pk: { S: auditPartition(market) }, sk: { S: HOUR_PREFIX + proof.hour } };
  const item = { ...encodeProof(proof), hourVersion: { N: `${meta.hourVersion}` }, checkedAt: { S: meta.checkedAt } };
  await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: { ...item, ...key } }));
}

/** The faults as they are stored: bounded in number and length. */
export function toStoredFaults(faults: readonly string[]): readonly string[] {
  return faults.slice(0, FAULTS_MAX).map((fault) => fault.slice(0, FAULT_CHARACTERS_MAX).toWellFormed());
}

function encodeProof(proof: HourProof): Item {
  const toAmount = (amount: bigint) => ({ N: formatScaled(amount, MONEY_DECIMALS) });
  const toCount = (count: number | bigint) => ({ N: `${count}` });
  return {
    hour: { S: proof.hour },
    state: { S: proof.faults.length === 0 ? "proven" : "different" },
    fillCount: toCount(proof.fillCount),
    openingMark: toAmount(proof.openingMark),
    closingMark: toAmount(proof.closingMark),
    pnl: toAmount(proof.pnl),
    spreadCapture: toAmount(proof.spreadCapture),
    revaluation: toAmount(proof.revaluation),
    fees: toAmount(proof.fees),
    realizedChange: toAmount(proof.realizedChange),
    unrealizedChange: toAmount(proof.unrealizedChange),
    differenceUnits: toCount(proof.differenceUnits),
    driftUnits: toCount(proof.driftUnits),
    driftBoundUnits: toCount(proof.driftBoundUnits),
    unmarkedFills: toCount(proof.unmarkedFills),
    faults: { L: toStoredFaults(proof.faults).map((fault) => ({ S: fault })) },
  };
}

function decodeProof(item: Item): StoredProof {
  const toMark = (name: string) => (item[name]?.N === undefined ? undefined : readRoundedAmount(item, name));
  return {
    hour: item["hour"]?.S ?? "",
    hourVersion: readCount(item, "hourVersion"),
    state: item["state"]?.S === "proven" ? "proven" : "different",
    openingMark: toMark("openingMark"),
    closingMark: toMark("closingMark"),
    faults: (item["faults"]?.L ?? []).flatMap((fault) => fault.S ?? []),
  };
}
