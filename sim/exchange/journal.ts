/**
 * The exchange's memory across restarts: an append-only file of JSON lines about our one account, written record by
 * record before anybody is told, so that `kill -9` loses nothing that was said. Owns the file and its grammar.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import * as z from "zod";
import { assert } from "../../core/assert.ts";
import { InputError } from "../../core/errors.ts";

const text = z.string().min(1).max(64);

const record = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("account"),
    version: z.literal(1),
    accountId: text,
    /** Opening balances by asset. */
    balances: z.record(text, text),
  }),
  z.strictObject({
    type: z.literal("order"),
    orderId: text,
    clientOrderId: text,
    market: text,
    side: z.enum(["buy", "sell"]),
    orderType: z.enum(["limit", "market"]),
    timeInForce: z.enum(["gtc", "ioc", "fok", "post_only"]),
    price: text.nullable(),
    quantity: text,
    createdAt: z.iso.datetime({ precision: 3 }),
  }),
  z.strictObject({
    type: z.literal("end"),
    orderId: text,
    status: z.enum(["cancelled", "rejected"]),
  }),
  z.strictObject({
    type: z.literal("fill"),
    fillId: text,
    orderId: text,
    price: text,
    quantity: text,
    fee: text,
    liquidity: z.enum(["maker", "taker"]),
    timestamp: z.iso.datetime({ precision: 3 }),
  }),
]);

export type JournalRecord = z.infer<typeof record>;

/** What opening found: records read, and the bytes of a torn last line that were cut off (0 for none). */
export type JournalReport = { readonly records: number; readonly tornBytes: number };

export class Journal {
  readonly #descriptor: number;
  #closed = false;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Opens or creates a journal and reads it. A last line without an end is what a kill in the middle of a write leaves:
   * nobody was told of it, so it is cut off and reported. Any other bad line throws `InputError` naming file and line.
   */
  static open(file: string): {
    readonly journal: Journal;
    readonly records: readonly { readonly line: number; readonly record: JournalRecord }[];
    readonly report: JournalReport;
  } {
    const descriptor = openSync(file, "a+");
    try {
      const content = readFileSync(descriptor);
      const whole = content.lastIndexOf(0x0a) + 1;
      const lines = content.subarray(0, whole).toString("utf8").split("\n").slice(0, -1);
      const records = lines.map((line, index) => ({ line: index + 1, record: parseLine(line, index + 1, file) }));
      const tornBytes = content.length - whole;
      if (tornBytes > 0) ftruncateSync(descriptor, whole);
      return { journal: new Journal(descriptor), records, report: { records: records.length, tornBytes } };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  append(entry: JournalRecord): void {
    assert(!this.#closed, "a stopped exchange must not be traded on");
    writeSync(this.#descriptor, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }
}

function parseLine(line: string, number: number, file: string): JournalRecord {
  const what = `line ${number} of the journal ${file}`;
  try {
    return record.parse(JSON.parse(line));
  } catch (cause) {
    throw new InputError({ what, expected: "a journal record", was: line, cause });
  }
}
