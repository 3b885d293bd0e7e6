/**
 * The task's heartbeat as the sweep sees it: the lease's items (CONTRACTS 5), and whether whoever wrote them last is silent. Owns the
 * judgement, which decides whether a running task's orders may be touched; what is done then is `dead-man.ts`'s.
 *
 * Two clocks that differ must not decide it. `heartbeatAt` is by the task's clock, `now` by the function's: a task whose clock lags
 * would look silent while it beats, one whose clock leads would look alive for as long as it leads. So:
 *
 * - Nobody is called silent whose items were seen to change within a full term of the lease, by the function's own monotonic clock. A
 *   holder that has not renewed for a term may not place any more, by the lease's own law.
 * - Beside that the heartbeat must be old: by its time, less what the clocks differ; or it must have stood unchanged for as long, which
 *   needs no clock but the function's. What the clocks differ at most, an earlier sweep has seen: no heartbeat is from the future, so a
 *   task's clock is behind by no more than the age at which its heartbeat was first seen.
 * - A heartbeat is taken for fresh by its time alone only where that time can be believed: not from the future, and not one that an
 *   earlier sweep saw long ago.
 */
import { readIsoTime } from "../../core/sei/iso-time.ts";
import { readAll } from "../item-range.ts";
import type { Item } from "../ledger-items.ts";
import type { LedgerTable } from "../ledger-table.ts";

/** One shard's lease, or all leases of the table as one. */
export type Beat = {
  /** Changes whenever a lease is written. */
  readonly key: string;
  /** Of the newest heartbeat, by the task's clock; undefined when there is none. */
  readonly atMs: number | undefined;
  readonly owner: string | undefined;
  /** The highest: orders of a later one belong to a task that came after. Infinite when no lease tells one. */
  readonly epoch: number;
  readonly termMs: number;
  /** As the task wrote it: `<status> <endpoint>`. */
  readonly feed: string | undefined;
  readonly openOrders: number | undefined;
};

/** What is known of a beat at one moment; durations in milliseconds. */
export type BeatView = {
  /** Now by the function's clock less the beat's by the task's; undefined without a beat. */
  readonly ageMs: number | undefined;
  /** The same of the beat that an earlier sweep noted, this one or one before; undefined without one. */
  readonly notedAgeMs: number | undefined;
  /** For how long this invocation has seen the same. */
  readonly watchedMs: number;
  /** For how long the sweeps have seen the same, this one and those before it. */
  readonly unchangedMs: number;
  readonly termMs: number;
};

/** A heartbeat older than this is silence. */
export const SILENT_AFTER_MS = 30_000;

/**
 * The venue refuses a signature more than 5 s off its clock (CONTRACTS 3): a task further off can not trade, a function further off can
 * not cancel. So where it matters, and nothing better is known, the two differ by no more than this.
 */
const CLOCKS_APART_MS = 10_000;

/** Heartbeats come each third of a term. One younger than this is no reason to look twice. */
const FRESH_WITHIN_MS = 5_000;

/** As the lease itself allows for (`fargate/lease-acquisition.ts`). */
const TERM_MARGIN = 1.05;
const TERM_MS = 10_000;

/** What every write of a lease changes. */
const NAMES = ["sk", "owner", "epoch", "version", "heartbeatAt"];

/** Reads a shard's lease, consistently; without a shard all there are, of which an earlier one's may still stand there. */
export async function readBeat(table: LedgerTable, shard: string | undefined): Promise<Beat> {
  const items = await readAll(table, { pk: "LEASE", from: shard ?? " ", to: shard ?? "~" });
  return toBeat(items);
}

export function toBeat(items: readonly Item[]): Beat {
  const newest = items.toSorted((a, b) => beatTime(b) - beatTime(a))[0];
  const atMs = newest === undefined ? -1 : beatTime(newest);
  const wholes = (name: string) => items.flatMap((item) => readWhole(item, name));
  const epochs = wholes("epoch");
  return {
    key: JSON.stringify(items.map((item) => NAMES.map((name) => item[name]?.S ?? item[name]?.N ?? null))),
    atMs: atMs < 0 ? undefined : atMs,
    owner: newest?.["owner"]?.S,
    epoch: epochs.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...epochs),
    termMs: Math.max(...wholes("termMs"), 0) || TERM_MS,
    feed: newest?.["feed"]?.S,
    openOrders: newest === undefined ? undefined : readWhole(newest, "openOrders")[0],
  };
}

/** `unsure`: it must be watched for longer. */
export function judgeBeat(view: BeatView): "fresh" | "silent" | "unsure" {
  const { ageMs, watchedMs, unchangedMs } = view;
  const isBelievable = ageMs !== undefined && ageMs >= -CLOCKS_APART_MS && unchangedMs < SILENT_AFTER_MS;
  if (isBelievable && ageMs < FRESH_WITHIN_MS) return "fresh";
  const termMs = Math.min(view.termMs * TERM_MARGIN, SILENT_AFTER_MS);
  if (watchedMs < termMs) return "unsure";
  const isOldByItsTime = ageMs !== undefined && ageMs - (view.notedAgeMs ?? CLOCKS_APART_MS) >= SILENT_AFTER_MS;
  return isOldByItsTime || unchangedMs >= SILENT_AFTER_MS ? "silent" : "unsure";
}

function beatTime(item: Item): number {
  return readIsoTime(item["heartbeatAt"]?.S ?? "");
}

function readWhole(item: Item, name: string): readonly number[] {
  const value = item[name]?.N === undefined ? Number.NaN : Number(item[name].N);
  return Number.isSafeInteger(value) && value >= 0 ? [value] : [];
}
