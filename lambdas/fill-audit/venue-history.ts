/**
 * The venue's history of fills, page by page (CONTRACTS 3), in the ledger's own grammar: what is compared is what would be booked.
 * Owns the reading of a page; a fill that cannot be read costs itself alone.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";
import { type LedgerFill, parseFillMessage } from "../../core/messages.ts";
import { boundedText } from "../bounded-text.ts";
import type { CambrianClient } from "../cambrian-client.ts";
import { readAnswer } from "../read-answer.ts";

/** What fills that the audit sends carry as their engine. */
export const AUDITOR = "fill-audit";

/** Venue order. */
export type HistoryPage = {
  readonly fills: readonly LedgerFill[];
  readonly unreadable: readonly UnreadableFill[];
  /** Where the next page begins; the cursor asked with when the venue names none. */
  readonly nextCursor: string | undefined;
  /** Whether anything may come after it. */
  readonly more: boolean;
};

/** `fillId` as far as it could be read: by it a person finds the fill at the venue. */
type UnreadableFill = { readonly fillId: string; readonly reason: string };

const FILLS_A_PAGE_MAX = 500;
/** More than twice what was asked for is no page: fifty thousand values that are no fills would take half a second to refuse. */
const FILLS_READ_MAX = 1_000;
const FILL_ID_SHOWN_MAX = 128;

const text = boundedText(128);
const fillSchema = z.object({
  fill_id: text,
  order_id: text,
  client_order_id: text.nullish(),
  market_id: text,
  side: text,
  price: text,
  quantity: text,
  fee: text,
  fee_asset: text,
  liquidity: text,
  timestamp: text,
});
const pageSchema = z.object({
  fills: z
    .array(z.unknown())
    .refine((fills) => fills.length <= FILLS_READ_MAX, `a list of at most ${FILLS_READ_MAX} fills`),
  next_cursor: boundedText(512, 1).nullish(),
});
const namedSchema = z.object({ fill_id: z.string() });

/** The page after `cursor`, from the very first fill without one. Rejects with `CambrianError`. */
export async function readHistoryPage(
  client: Pick<CambrianClient, "ask">,
  market: string,
  cursor: string | undefined,
  untilMs: number,
): Promise<HistoryPage> {
  const after = cursor === undefined ? "" : `&after=${encodeURIComponent(cursor)}`;
  const path = `/v1/fills?market_id=${encodeURIComponent(market)}${after}&limit=${FILLS_A_PAGE_MAX}`;
  return await client.ask({ path, read: (json) => parseHistoryPage(json, market, cursor) }, untilMs);
}

/** Throws when it is no page. */
function parseHistoryPage(json: unknown, market: string, cursor: string | undefined): HistoryPage {
  const page = readAnswer(pageSchema, json, "page");
  const nextCursor = page.next_cursor ?? cursor;
  const fills: LedgerFill[] = [];
  const unreadable: UnreadableFill[] = [];
  for (const each of page.fills) {
    try {
      fills.push(parseVenueFill(each, market));
    } catch (error) {
      unreadable.push({ fillId: shownId(each), reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { fills, unreadable, nextCursor, more: page.fills.length > 0 && nextCursor !== cursor };
}

/** The last word is the ledger's: what it would not take is no fill here either. */
function parseVenueFill(json: unknown, market: string): LedgerFill {
  const parsed = fillSchema.safeParse(json);
  if (!parsed.success) {
    throw new InputError({ what: "fill", expected: z.prettifyError(parsed.error).replace(/\s+/g, " "), was: json });
  }
  const fill = parsed.data;
  if (fill.market_id !== market) throw new InputError({ what: "market_id", expected: market, was: fill.market_id });
  return parseFillMessage({
    version: 1,
    engineId: AUDITOR,
    market: fill.market_id,
    fillId: fill.fill_id,
    orderId: fill.order_id,
    clientOrderId: fill.client_order_id ?? "",
    side: fill.side,
    price: fill.price,
    size: fill.quantity,
    fee: fill.fee,
    feeAsset: fill.fee_asset,
    liquidity: fill.liquidity,
    venueTime: fill.timestamp,
  });
}

function shownId(json: unknown): string {
  const named = namedSchema.safeParse(json);
  return named.success ? named.data.fill_id.slice(0, FILL_ID_SHOWN_MAX).toWellFormed() : "absent";
}
