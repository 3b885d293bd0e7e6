/**
 * The shards whose tasks are watched: from `SHARDS`, or, without it, one for each lease there is. Owns the grammar, what each one's
 * integrations are called, and whose an order is where nobody configured it.
 */
import { InputError } from "../../core/errors.ts";
import { epochOf } from "../../core/order.ts";
import { readIsoTime } from "../../core/sei/iso-time.ts";
import { type Environment, parseMarkets } from "../environment.ts";
import { readAll } from "../item-range.ts";
import type { Item } from "../ledger-items.ts";
import type { LedgerTable } from "../ledger-table.ts";
import type { OwnOrder } from "./venue-orders.ts";

export type Shard = {
  /** The sort key of its lease; undefined where there is no lease at all. */
  readonly name: string | undefined;
  readonly markets: readonly string[];
  /** What its integrations end in: nothing for the first shard. */
  readonly suffix: string;
  /** Which orders in its markets are its own, as the leases stand now; all of them where it is not told. */
  readonly readClaim?: () => Promise<Claim>;
};

export type Claim = (order: OwnOrder) => boolean;

const SHARD = /^([A-Za-z0-9_.-]{1,64})=(.+)$/;
/** Tasks watched at once where the leases say how many: the newest. */
const LEASES_MAX = 16;

/**
 * `SHARDS` is `main=SEI/USDC,ATOM/USDC;second=ETH/USDC`; undefined without it. Throws `InputError` on anything else, and on a shard or a
 * market that is there twice.
 */
export function parseShards(environment: Environment): readonly Shard[] | undefined {
  const text = environment["SHARDS"] ?? "";
  if (text === "") return undefined;
  const shards = text.split(";").map((part, index): Shard => {
    const [, name, markets = ""] = SHARD.exec(part.trim()) ?? [];
    if (name === undefined) throw fault(text);
    return { name, markets: parseMarkets(markets), suffix: suffixOf(name, index) };
  });
  for (const values of [shards.map(({ name }) => name), shards.flatMap(({ markets }) => markets)]) {
    if (new Set(values).size !== values.length) throw fault(text);
  }
  return shards;
}

/** A shard for each lease of the table. A table that does not answer, or has none, makes one of them all. */
export async function readShards(table: LedgerTable, markets: readonly string[]): Promise<readonly Shard[]> {
  const leases = await readLeases(table).catch(() => []);
  const [first] = leases;
  if (first === undefined) return [{ name: undefined, markets, suffix: "" }];
  return leases.map((lease, index) => ({
    name: lease.name,
    markets: [...new Set([...markets, ...(lease.markets ?? [])])],
    suffix: suffixOf(lease.name, index),
    readClaim: async () => claimOf(lease.name, await readLeases(table)),
  }));
}

/** A lease as far as it says whose an order is. */
export type Claimant = {
  readonly name: string;
  readonly epoch: number | undefined;
  /** Of its last heartbeat, epoch milliseconds, by its task's clock; below 0 without one. */
  readonly atMs: number;
  /** What its task quotes, if it says so. */
  readonly markets: readonly string[] | undefined;
};

/**
 * Whose an order is. A market belongs to the lease that names it, of several to the one that beat last: the others had it before. Where
 * none names it, an order is of the lease of its epoch that beat last; one of an epoch that no lease has is of nobody who lives, so
 * that whoever is silent may end it.
 */
export function claimOf(name: string, leases: readonly Claimant[]): Claim {
  const untold = leases.filter(({ markets }) => markets === undefined);
  return ({ market, clientOrderId }) => {
    const naming = newest(leases.filter(({ markets }) => markets?.includes(market) === true));
    if (naming !== undefined) return naming.name === name;
    const ofEpoch = newest(untold.filter(({ epoch }) => epoch === epochOf(clientOrderId)));
    if (ofEpoch !== undefined) return ofEpoch.name === name;
    return untold.length === 0 || untold.some((lease) => lease.name === name);
  };
}

/** By name, so that each keeps its place. */
async function readLeases(table: LedgerTable): Promise<readonly Claimant[]> {
  const leases = (await readAll(table, { pk: "LEASE", from: " ", to: "~" })).map(toClaimant);
  const kept = new Set(leases.toSorted((a, b) => b.atMs - a.atMs).slice(0, LEASES_MAX));
  return leases.filter((lease) => kept.has(lease));
}

function toClaimant(item: Item): Claimant {
  const epoch = Number(item["epoch"]?.N ?? Number.NaN);
  const markets = item["markets"]?.L?.flatMap(({ S }) => S ?? []);
  return {
    name: item["sk"]?.S ?? "",
    epoch: Number.isSafeInteger(epoch) ? epoch : undefined,
    atMs: readIsoTime(item["heartbeatAt"]?.S ?? ""),
    markets,
  };
}

function newest(leases: readonly Claimant[]): Claimant | undefined {
  return leases.toSorted((a, b) => b.atMs - a.atMs)[0];
}

function suffixOf(name: string, index: number): string {
  return index === 0 ? "" : `-${name}`;
}

function fault(was: string): InputError {
  return new InputError({
    what: "SHARDS",
    expected: "such as main=SEI/USDC,ATOM/USDC;second=ETH/USDC, each once",
    was,
  });
}
