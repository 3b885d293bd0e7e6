/** A checkpoint's books and overlap as JSON text, and back, exactly. Owns the format, not what stands in it. */
import * as z from "zod";
import type { Books } from "../core/accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import type { FillOverlap } from "./state-table.ts";

const keySchema = z.strictObject({ venueTime: z.string(), fillId: z.string() });

const overlapSchema = z.strictObject({
  cursor: z.string().exactOptional(),
  after: keySchema.exactOptional(),
  fills: z.array(keySchema),
});

const booksSchema = z.strictObject({
  position: z.string(),
  averageCost: z.string(),
  realizedPnl: z.string(),
  fees: z.string(),
  feesByAsset: z.record(z.string(), z.string()),
  volume: z.string(),
  buyVolume: z.string(),
  sellVolume: z.string(),
  fillCount: z.int().min(0),
  lastFill: keySchema.exactOptional(),
});

/** Amounts become decimal strings. */
export function booksToText(books: Books): string {
  const text = (amount: bigint) => formatScaled(amount, MONEY_DECIMALS);
  const stored: z.input<typeof booksSchema> = {
    position: text(books.position),
    averageCost: text(books.averageCost),
    realizedPnl: text(books.realizedPnl),
    fees: text(books.fees),
    feesByAsset: Object.fromEntries(Object.entries(books.feesByAsset).map(([asset, fee]) => [asset, text(fee)])),
    volume: text(books.volume),
    buyVolume: text(books.buyVolume),
    sellVolume: text(books.sellVolume),
    fillCount: books.fillCount,
    ...(books.lastFill === undefined ? {} : { lastFill: { ...books.lastFill } }),
  };
  return JSON.stringify(stored);
}

/** Reads what `booksToText` wrote. Throws `InputError` naming `what`. */
export function booksFromText(text: string | undefined, what: string): Books {
  const stored = booksSchema.safeParse(parseJson(text));
  if (!stored.success) {
    throw new InputError({ what, expected: "books as this task writes them", was: text, cause: stored.error });
  }
  const amount = (value: string) => parseScaled(value, MONEY_DECIMALS, what);
  const { feesByAsset, fillCount, lastFill, ...amounts } = stored.data;
  return {
    position: amount(amounts.position),
    averageCost: amount(amounts.averageCost),
    realizedPnl: amount(amounts.realizedPnl),
    fees: amount(amounts.fees),
    feesByAsset: Object.fromEntries(Object.entries(feesByAsset).map(([asset, fee]) => [asset, amount(fee)])),
    volume: amount(amounts.volume),
    buyVolume: amount(amounts.buyVolume),
    sellVolume: amount(amounts.sellVolume),
    fillCount,
    lastFill,
  };
}

export function overlapToText({ cursor, after, fills }: FillOverlap): string {
  const stored: z.input<typeof overlapSchema> = {
    ...(cursor === undefined ? {} : { cursor }),
    ...(after === undefined ? {} : { after: { ...after } }),
    fills: fills.map(({ venueTime, fillId }) => ({ venueTime, fillId })),
  };
  return JSON.stringify(stored);
}

/** Reads what `overlapToText` wrote. Throws `InputError` naming `what`. */
export function overlapFromText(text: string, what: string): FillOverlap {
  const stored = overlapSchema.safeParse(parseJson(text));
  if (stored.success) return { cursor: stored.data.cursor, after: stored.data.after, fills: stored.data.fills };
  throw new InputError({ what, expected: "an overlap as this task writes it", was: text, cause: stored.error });
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
