/**
 * The rows of a table with the keys `pk` and `sk`, both text: found by key, walked in the order of their sort keys' bytes.
 * Owns the order and the memory they take; what a row means is `table.ts`'s. Rows are kept as JSON text, since most are written
 * once and seldom read: a million fills fit a process.
 */
import { compareUtf8 } from "../../core/accounting/venue-order.ts";
import { type Row, readRow, sizeOfRow } from "./attribute-values.ts";
import { RequestError } from "./request-error.ts";

/** Developer guide, "Constraints": bytes of an item. */
const ROW_BYTES_MAX = 400 * 1_024;

/** Characters of JSON are never fewer than the bytes that a row counts for, but that one of them may be three bytes. */
const BYTES_A_CHARACTER_MAX = 3;

/** Rows that are kept as they are read: a few are asked for again and again. */
const READ_ROWS_MAX = 64;

export class StoredRow {
  readonly sk: string;
  readonly json: string;
  #bytes: number | undefined;

  constructor(sk: string, json: string) {
    this.sk = sk;
    this.json = json;
  }

  /** Measured when it is asked for: most rows are written more often than a page is filled with them. */
  get bytes(): number {
    this.#bytes ??= sizeOfRow(parseRow(this));
    return this.#bytes;
  }
}

export type FoundRow = { readonly pk: string; readonly stored: StoredRow };

export type RowKey = { readonly pk: string; readonly sk: string };

export class Rows {
  /** By `pk`, in the order of their first rows; an empty one stays, so that positions hold. */
  readonly #partitions = new Map<string, Partition>();
  readonly #order: string[] = [];
  readonly #read = new Map<StoredRow, Row>();

  get(key: RowKey): Row | undefined {
    const stored = this.#partitions.get(key.pk)?.get(key.sk);
    if (stored === undefined) return undefined;
    const known = this.#read.get(stored);
    if (known !== undefined) return known;
    const row = parseRow(stored);
    this.#keep(stored, row);
    return row;
  }

  put(key: RowKey, row: Row): void {
    const stored = new StoredRow(key.sk, JSON.stringify(row));
    if (stored.json.length * BYTES_A_CHARACTER_MAX > ROW_BYTES_MAX && stored.bytes > ROW_BYTES_MAX) {
      throw new RequestError("ValidationException", "Item size has exceeded the maximum allowed size");
    }
    this.#partition(key.pk).put(stored);
    this.#keep(stored, row);
  }

  delete(key: RowKey): void {
    this.#partitions.get(key.pk)?.delete(key.sk);
  }

  /** Another number after each change of a partition. */
  version(pk: string): number {
    return this.#partitions.get(pk)?.version ?? 0;
  }

  /** The rows of a partition from `from` to `to` (both included), or backwards. */
  *walk(
    pk: string,
    range: { readonly from: string; readonly to: string; readonly isForward: boolean },
  ): Generator<FoundRow> {
    for (const stored of this.#partitions.get(pk)?.walk(range) ?? []) yield { pk, stored };
  }

  /** Every row after `after`, a partition after the other. */
  *walkAll(after: RowKey | undefined): Generator<FoundRow> {
    const first = after === undefined ? 0 : (this.#partitions.get(after.pk)?.index ?? this.#order.length);
    for (let index = first; index < this.#order.length; index++) {
      const pk = this.#order[index] ?? "";
      for (const stored of this.#partitions.get(pk)?.walk({ from: "", to: LAST, isForward: true }) ?? []) {
        if (pk !== after?.pk || compareUtf8(stored.sk, after.sk) > 0) yield { pk, stored };
      }
    }
  }

  #keep(stored: StoredRow, row: Row): void {
    if (this.#read.size >= READ_ROWS_MAX) this.#read.clear();
    this.#read.set(stored, row);
  }

  #partition(pk: string): Partition {
    let partition = this.#partitions.get(pk);
    if (partition === undefined) {
      partition = new Partition(this.#order.length);
      this.#order.push(pk);
      this.#partitions.set(pk, partition);
    }
    return partition;
  }
}

/** Sorts after every sort key that is valid text. */
export const LAST = "\u{10ffff}";

export function parseRow(stored: StoredRow): Row {
  return readRow(JSON.parse(stored.json));
}

/** Sorted by `sk`; adding at the end, as fills in order do, moves nothing. */
class Partition {
  readonly index: number;
  version = 0;
  readonly #rows: StoredRow[] = [];

  constructor(index: number) {
    this.index = index;
  }

  get(sk: string): StoredRow | undefined {
    const row = this.#rows[this.#find(sk)];
    return row?.sk === sk ? row : undefined;
  }

  put(row: StoredRow): void {
    this.version += 1;
    const at = this.#find(row.sk);
    if (at === this.#rows.length) this.#rows.push(row);
    else this.#rows.splice(at, this.#rows[at]?.sk === row.sk ? 1 : 0, row);
  }

  delete(sk: string): void {
    this.version += 1;
    const at = this.#find(sk);
    if (this.#rows[at]?.sk === sk) this.#rows.splice(at, 1);
  }

  *walk(range: { readonly from: string; readonly to: string; readonly isForward: boolean }): Generator<StoredRow> {
    const first = this.#find(range.from);
    let end = this.#find(range.to);
    if (this.#rows[end]?.sk === range.to) end += 1;
    for (let step = 0; step < end - first; step++) {
      const row = this.#rows[range.isForward ? first + step : end - 1 - step];
      if (row !== undefined) yield row;
    }
  }

  /** The place of the first row that is not before `sk`. */
  #find(sk: string): number {
    let low = 0;
    let high = this.#rows.length;
    const last = this.#rows[high - 1];
    if (last === undefined || compareUtf8(last.sk, sk) < 0) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#rows[middle]?.sk ?? "", sk) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
