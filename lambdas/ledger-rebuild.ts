/**
 * Rebuilding a market's ledger: what the claims prove of the facts is mended first, then the books are folded from them. Owns what
 * may be concluded from claims and facts alone, where each step is what the accounting itself would have done; of two records
 * that contradict each other only the venue knows which is right, and neither is touched.
 */
import type { LedgerFill } from "../core/messages.ts";
import { type ClaimIndex, type Contradiction, FactsCheck, type FactsFound } from "./ledger-claims.ts";
import { ANNOUNCED_AT_ONCE_MAX, announceFills, moveFactAside, putClaim, putFact } from "./ledger-facts.ts";
import { foldHistory, type Rebuilding, type RebuiltBooks, rebuildBooks } from "./ledger-rewrite.ts";
import { isOverdue } from "./ledger-snapshot.ts";
import type { LedgerTable } from "./ledger-table.ts";

/** What was done to the facts of a market, or would be. */
type Mending = {
  /** Claimed fills whose facts are put again, from their claims. */
  readonly restored: readonly LedgerFill[];
  /** Facts whose ids are claimed again. */
  readonly reclaimed: readonly LedgerFill[];
  /** Second facts of a fill, moved to `CONFLICT#…`. */
  readonly setAside: readonly LedgerFill[];
};

export type Rebuilt = {
  readonly market: string;
  readonly mending: Mending;
  readonly books: RebuiltBooks;
  /** What cannot be mended here: a fact and a claim of one fill that do not say the same. */
  readonly contradicted: readonly Contradiction[];
  /** Odd records beyond those that one run looks at: another run finds more. */
  readonly furtherOdd: number;
};

/** Rebuilds one market; `claims` are read before. Throws `InputError` on a fact that cannot be read, before anything is written. */
export async function rebuildMarket(rebuilding: Rebuilding & { readonly claims: ClaimIndex }): Promise<Rebuilt> {
  const { table, clock, market, isDryRun, claims } = rebuilding;
  const check = new FactsCheck(table, claims.of(market));
  let history = await foldHistory(rebuilding, (fact) => check.see(fact));
  const found = await check.settle();
  const mending = planMending(found, clock.now());
  if (!isDryRun && isNeeded(mending)) {
    await mendFacts(table, market, mending);
    history = await foldHistory(rebuilding, () => undefined);
  }
  const books = await rebuildBooks(rebuilding, history);
  return { market, mending, books, contradicted: found.contradicted, furtherOdd: found.furtherOdd };
}

/** A young claim without a fact is on its way: the accounting sees to it. */
function planMending(found: FactsFound, nowMs: number): Mending {
  return {
    restored: found.factless.filter((fill) => isOverdue(fill, nowMs)),
    reclaimed: found.unclaimed,
    setAside: found.doubled.map(({ fact }) => fact),
  };
}

function isNeeded({ restored, reclaimed, setAside }: Mending): boolean {
  return restored.length + reclaimed.length + setAside.length > 0;
}

/** One write after the other; a process that ends between two leaves the rest to be found again. */
async function mendFacts(table: LedgerTable, market: string, mending: Mending): Promise<void> {
  for (const fill of mending.reclaimed) await putClaim(table, fill);
  for (const fill of mending.setAside) await moveFactAside(table, fill);
  for (let at = 0; at < mending.restored.length; at += ANNOUNCED_AT_ONCE_MAX) {
    const part = mending.restored.slice(at, at + ANNOUNCED_AT_ONCE_MAX);
    // A fact that nobody announced, in front of the books' last fill, would be found by nobody should this end here.
    if ((await announceFills(table, market, part)) === undefined) {
      throw new Error(`${market}: too many fills wait to be booked: let the accounting catch up, then rebuild again`);
    }
    for (const fill of part) await putFact(table, fill);
  }
}
