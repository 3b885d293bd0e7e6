/**
 * The ledger's side of the comparison: its facts of a range, one fill's standing, and whether what was wrong still is.
 * Owns these readings; it writes nothing, and the books least of all.
 */
import { compareFills, type VenueKey } from "../../core/accounting/pnl.ts";
import type { LedgerFill } from "../../core/messages.ts";
import { readAll } from "../item-range.ts";
import { decodeFill, FILL_PREFIX, type ItemKey, toClaimKey, toFillText, toMarketKey } from "../ledger-items.ts";
import { type LedgerTable, readItem } from "../ledger-table.ts";
import type { Difference } from "./differences.ts";
import { type FactRange, reasonOf } from "./history-comparison.ts";

/** A market's ledger as it stood when the audit began. */
export type LedgerSide = {
  readonly table: LedgerTable;
  readonly market: string;
  /** Keys of fills that are announced and not known to be in the books. */
  readonly pending: ReadonlySet<string>;
  /** The newest fill that is in the books; undefined when there are none. */
  readonly lastFill: VenueKey | undefined;
};

/** How a fill of the venue stands in the ledger. */
export type Standing =
  | { readonly type: "booked" }
  | { readonly type: "missing"; readonly reason: string }
  | { readonly type: "different"; readonly reason: string };

const READINGS_AT_ONCE_MAX = 8;
const CONFLICT_PREFIX = "CONFLICT#";
const NOT_FOLDED = "it is written down, and not yet in the books";

export async function readFacts(
  { table, market }: Pick<LedgerSide, "table" | "market">,
  range: FactRange,
): Promise<readonly LedgerFill[]> {
  const items = await readAll(table, {
    pk: toMarketKey(market, "").pk.S,
    from: FILL_PREFIX + (range.from ?? ""),
    // The character after the one between time and id: above every id of that millisecond.
    to: `${FILL_PREFIX}${range.to}$`,
  });
  return items.map(decodeFill);
}

/** How fills of the venue stand, in their order: first by their place among the facts, then by the claim of their id. */
export async function judgeFills(side: LedgerSide, fills: readonly LedgerFill[]): Promise<readonly Standing[]> {
  return await inTurns(fills, (fill) => judgeFill(side, fill));
}

/**
 * A fill whose fact is there and the same: it is booked unless its key still waits for the fold, or the books end before it, as those of
 * a fold that went back for a late fill and never came forward again do. Sent again, it is folded.
 */
export function judgeFact({ pending, lastFill }: LedgerSide, fill: LedgerFill): Standing {
  const isFolded = !pending.has(toFillText(fill)) && lastFill !== undefined && compareFills(fill, lastFill) <= 0;
  return isFolded ? { type: "booked" } : { type: "missing", reason: NOT_FOLDED };
}

/**
 * Looks again at what was wrong: answers what still is, as it is now. What the venue alone could set right (a fill it does not
 * show, a copy that cannot be read) stands until the venue's history shows it.
 */
export async function recheck(side: LedgerSide, open: readonly Difference[]): Promise<readonly Difference[]> {
  const again = await inTurns(open, async (difference): Promise<readonly Difference[]> => {
    const { kind, fill } = difference;
    if (fill === undefined) return [difference];
    if (kind === "unknown-to-venue") return (await readFact(side, fill)) === undefined ? [] : [difference];
    const standing = await judgeFill(side, fill);
    return standing.type === "booked" ? [] : [{ ...difference, kind: standing.type, reason: standing.reason }];
  });
  return again.flat();
}

/** Ids of fills that came to the ledger a second time with other contents, and were kept aside. */
export async function readConflicts({ table, market }: LedgerSide): Promise<ReadonlySet<string>> {
  const pk = toMarketKey(market, "").pk.S;
  const items = await readAll(table, { pk, from: CONFLICT_PREFIX, to: `${CONFLICT_PREFIX}\u{10ffff}` });
  return new Set(items.flatMap((item) => item["fillId"]?.S ?? []));
}

async function judgeFill(side: LedgerSide, fill: LedgerFill): Promise<Standing> {
  const fact = await readFact(side, fill);
  if (fact !== undefined) {
    const reason = reasonOf(fill, fact);
    return reason === undefined ? judgeFact(side, fill) : { type: "different", reason };
  }
  const claim = await readFill(side.table, toClaimKey(fill.fillId));
  if (claim === undefined) return { type: "missing", reason: "the ledger has not seen it" };
  const reason = reasonOf(fill, claim);
  // A claim that says the same is a delivery on its way, or one that ended half-way: sent again, it is brought to its end.
  return reason === undefined ? { type: "missing", reason: NOT_FOLDED } : { type: "different", reason };
}

function readFact({ table, market }: LedgerSide, fill: LedgerFill): Promise<LedgerFill | undefined> {
  return readFill(table, toMarketKey(market, FILL_PREFIX + toFillText(fill)));
}

async function readFill(table: LedgerTable, key: ItemKey): Promise<LedgerFill | undefined> {
  const item = await readItem(table, key);
  return item === undefined ? undefined : decodeFill(item);
}

async function inTurns<From, To>(values: readonly From[], work: (value: From) => Promise<To>): Promise<readonly To[]> {
  const results: To[] = [];
  for (let at = 0; at < values.length; at += READINGS_AT_ONCE_MAX) {
    results.push(...(await Promise.all(values.slice(at, at + READINGS_AT_ONCE_MAX).map(work))));
  }
  return results;
}
