/**
 * A market's fills as rows for a spreadsheet or an auditor: what the venue said, what the books were after each, by average cost
 * and by FIFO, and what became of the mid. Owns the columns; how rows become a file is the caller's.
 */
import { FifoLots } from "../core/accounting/fifo.ts";
import { MARKOUT_SECONDS } from "../core/accounting/markout.ts";
import { applyFill, type Books, emptyBooks, multiply } from "../core/accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import { type LedgerFill, splitSymbol } from "../core/messages.ts";
import { readMarkouts } from "./engine-items.ts";
import { readFacts } from "./ledger-streams.ts";
import type { LedgerTable } from "./ledger-table.ts";

/** In the order of the file. Amounts are decimal text, in quote currency where nothing else is said; PnL is cumulative. */
export const EXPORT_COLUMNS = [
  "venueTime",
  "fillId",
  "orderId",
  "clientOrderId",
  "side",
  "price",
  "size",
  "fee",
  "feeAsset",
  "liquidity",
  "midAtFill",
  "spreadCapture",
  "position",
  "averageCost",
  "realizedPnl",
  "realizedPnlFifo",
  ...MARKOUT_SECONDS.map((seconds) => `mid${seconds}s` as const),
] as const;

export type ExportRow = Readonly<Record<(typeof EXPORT_COLUMNS)[number], string>>;

/** A fill's markouts are stored under the minute they were finished in: a minute after it, or some more. */
const MARKOUTS_AFTER_MILLIS = 10 * 60_000;

const HOUR_MILLIS = 3_600_000;

/**
 * The rows of the fills from `from` (included) to `to` (not included; venue times), in venue order. What is cumulative counts from
 * the first fill of the market, whatever `from` is. Throws `InputError` on a fact that cannot be read.
 */
export async function* exportRows(
  table: LedgerTable,
  market: string,
  range: { readonly from: string | undefined; readonly to: string | undefined },
): AsyncGenerator<ExportRow> {
  const assets = splitSymbol(market);
  const fifo = new FifoLots(assets);
  const mids = new HourOfMids(table, market);
  let books = emptyBooks();
  for await (const facts of readFacts(table, market)) {
    for (const fact of facts) {
      if (fact.type === "unreadable") {
        throw new InputError({ what: `${market} ${fact.key}`, expected: "a fact that can be read", was: fact.reason });
      }
      const { fill } = fact;
      if (range.to !== undefined && fill.venueTime >= range.to) return;
      books = applyFill(books, fill, assets);
      fifo.add(fill);
      if (range.from !== undefined && fill.venueTime < range.from) continue;
      yield toRow(fill, books, fifo.realizedPnl, await mids.after(fill));
    }
  }
}

function toRow(
  fill: LedgerFill,
  books: Books,
  realizedPnlFifo: bigint,
  mids: readonly (bigint | undefined)[] | undefined,
): ExportRow {
  const [mid1s, mid5s, mid60s] = MARKOUT_SECONDS.map((_, index) => toText(mids?.[index]));
  const { midAtFill } = fill;
  return {
    venueTime: fill.venueTime,
    fillId: fill.fillId,
    orderId: fill.orderId,
    clientOrderId: fill.clientOrderId,
    side: fill.side,
    price: toText(fill.price),
    size: toText(fill.size),
    fee: toText(fill.fee),
    feeAsset: fill.feeAsset,
    liquidity: fill.liquidity,
    midAtFill: toText(midAtFill),
    spreadCapture: toText(midAtFill === undefined ? undefined : spreadCapture(fill, midAtFill)),
    position: toText(books.position),
    averageCost: toText(books.averageCost),
    realizedPnl: toText(books.realizedPnl),
    realizedPnlFifo: toText(realizedPnlFifo),
    mid1s: mid1s ?? "",
    mid5s: mid5s ?? "",
    mid60s: mid60s ?? "",
  };
}

/** What the fill was better than the mid of its moment, in quote: above 0 for a buy below it and a sell above it. */
function spreadCapture({ side, price, size }: LedgerFill, mid: bigint): bigint {
  return multiply(side === "buy" ? mid - price : price - mid, size);
}

/** The mids after the fills of one hour, read when its first fill comes. */
class HourOfMids {
  readonly #table: LedgerTable;
  readonly #market: string;
  #hour = "";
  #mids: ReadonlyMap<string, readonly (bigint | undefined)[]> = new Map();

  constructor(table: LedgerTable, market: string) {
    this.#table = table;
    this.#market = market;
  }

  async after({ venueTime, fillId }: LedgerFill): Promise<readonly (bigint | undefined)[] | undefined> {
    const hour = `${venueTime.slice(0, 13)}:00`;
    if (hour !== this.#hour) {
      const endMs = Date.parse(`${hour}:00.000Z`) + HOUR_MILLIS + MARKOUTS_AFTER_MILLIS;
      const to = new Date(endMs).toISOString().slice(0, 16);
      const markouts = await readMarkouts(this.#table, this.#market, { from: hour, to });
      this.#mids = new Map(markouts.map((markout) => [markout.fillId, markout.mids]));
      this.#hour = hour;
    }
    return this.#mids.get(fillId);
  }
}

function toText(amount: bigint | undefined): string {
  return amount === undefined ? "" : formatScaled(amount, MONEY_DECIMALS);
}
