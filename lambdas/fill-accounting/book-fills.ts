/**
 * Booking a batch of fills: claim, announce, put the facts, fold the books, market by market. Owns what a batch's parts
 * do to each other: nothing; each fill ends as booked, as a conflict, or as failed, and a failed one may come again.
 */
import type { LedgerFill } from "../../core/messages.ts";
import {
  ANNOUNCED_AT_ONCE_MAX,
  announceFills,
  type Claim,
  claimFill,
  hasFact,
  putFact,
  readClaim,
} from "../ledger-facts.ts";
import { fromFillText, toFillText } from "../ledger-items.ts";
import { type LedgerTable, type PositionItem, readPosition } from "../ledger-table.ts";
import { type FoldingTools, foldBooks, OutOfTimeError, type Pacing } from "./fold-books.ts";
import { runLimited, type Settled } from "./parallel.ts";

/**
 * Writes on their way at once: of the part that is booked, and of the next one's claims beside it; the SDK opens 50 sockets. More
 * would not help: a dozen keep one processor busy, as a call costs it a third of a millisecond and a table takes some.
 */
const WRITES_MAX = 24;
const MARKETS_MAX = 4;
const ANNOUNCE_ATTEMPTS_MAX = 3;
/** A part is begun when so many times what the longest before it took is left: calls that take longer and longer end no process. */
const TIME_FOR_A_PART = 1.5;

export type Booking = {
  readonly table: LedgerTable;
  readonly pacing: Pacing;
  /** Told each fill whose fact is not written yet, before anything but its claim is: at least once a fill, in all deliveries. */
  onBooking(fill: LedgerFill): void;
  /** Milliseconds until the process is ended. */
  timeLeftMs(): number;
};

/**
 * Books fills and says for each, in their order, how its claim went once the books hold it, or what failed. They are booked in
 * parts of one announcement at most; while one part is booked, the next is claimed. What there is no time for fails by itself, so that
 * what is booked is told and comes no more.
 */
export async function bookFills(booking: Booking, fills: readonly LedgerFill[]): Promise<readonly Settled<Claim>[]> {
  const claimPart = (from: number) =>
    runLimited(fills.slice(from, from + ANNOUNCED_AT_ONCE_MAX), WRITES_MAX, (fill) => claimFill(booking.table, fill));
  const outcomes: Settled<Claim>[] = [];
  let claiming = claimPart(0);
  let longestMs = 0;
  for (let at = 0; at < fills.length; at += ANNOUNCED_AT_ONCE_MAX) {
    const leftMs = booking.timeLeftMs();
    const claims = await claiming;
    if (leftMs < longestMs * TIME_FOR_A_PART) return [...outcomes, ...notBegun(fills.slice(at), leftMs)];
    claiming = claimPart(at + ANNOUNCED_AT_ONCE_MAX);
    outcomes.push(...(await bookClaims(booking, claims)));
    longestMs = Math.max(longestMs, leftMs - booking.timeLeftMs());
  }
  return outcomes;
}

function notBegun(fills: readonly LedgerFill[], leftMs: number): readonly Settled<Claim>[] {
  // Nothing was tried but their claims.
  return fills.map(({ fillId }) => ({
    type: "failed",
    error: new OutOfTimeError(`fill ${fillId} was not begun`, leftMs),
  }));
}

/** Books what was claimed, market by market. */
async function bookClaims(booking: Booking, claims: readonly Settled<Claim>[]): Promise<readonly Settled<Claim>[]> {
  // The copies that stand, each id once: two messages of one batch may carry the same fill.
  const standing = new Map<string, Claim>();
  for (const claim of claims) {
    if (claim.type === "failed" || claim.value.type === "conflict") continue;
    const { fillId } = claim.value.fill;
    if (standing.get(fillId)?.type !== "first") standing.set(fillId, claim.value);
  }
  const markets = [...Map.groupBy(standing.values(), (claim) => claim.fill.market)];
  const writesMax = Math.ceil(WRITES_MAX / Math.min(MARKETS_MAX, markets.length));
  const failures = new Map<string, unknown>();
  const outcomes = await runLimited(markets, MARKETS_MAX, ([market, ours]) =>
    bookMarket(booking, { market, claims: ours, writesMax }),
  );
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.type === "done") for (const [fillId, error] of outcome.value) failures.set(fillId, error);
    else for (const claim of markets[index]?.[1] ?? []) failures.set(claim.fill.fillId, outcome.error);
  }
  return claims.map((claim) => {
    if (claim.type === "failed" || claim.value.type === "conflict") return claim;
    const { fillId } = claim.value.fill;
    return failures.has(fillId) ? { type: "failed", error: failures.get(fillId) } : claim;
  });
}

/**
 * Books claimed fills of one market; answers those whose facts could not be written. When it rejects, any of them may be booked
 * or not: delivered again, they end in the same books.
 */
async function bookMarket(
  { table, pacing, onBooking, timeLeftMs }: Booking,
  part: { readonly market: string; readonly claims: readonly Claim[]; readonly writesMax: number },
): Promise<ReadonlyMap<string, unknown>> {
  const { market, claims, writesMax } = part;
  const tools = { table, market, pacing, timeLeftMs };
  const failures = new Map<string, unknown>();
  const known = await runLimited(claims, writesMax, async (claim) =>
    claim.type === "repeat" ? await hasFact(table, claim.fill) : false,
  );
  const unwritten: LedgerFill[] = [];
  const keys = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const outcome = known[index];
    if (outcome?.type === "failed") failures.set(claim.fill.fillId, outcome.error);
    else if (outcome?.value) keys.add(toFillText(claim.fill));
    else unwritten.push(claim.fill);
  }
  for (const fill of unwritten) onBooking(fill);
  const announced = unwritten.length > 0 ? await announce(tools, unwritten) : undefined;
  const puts = await runLimited(unwritten, writesMax, (fill) => putFact(table, fill));
  for (const [index, fill] of unwritten.entries()) {
    const outcome = puts[index];
    if (outcome?.type === "failed") failures.set(fill.fillId, outcome.error);
    else keys.add(toFillText(fill));
  }
  if (keys.size > 0) await foldBooks(tools, keys, announced);
  return failures;
}

/** Announces fills; when too many wait, of deliveries that ended half-way and never came back, those are booked first. */
async function announce(tools: FoldingTools, fills: readonly LedgerFill[]): Promise<PositionItem> {
  const { table, market } = tools;
  for (let attempt = 0; attempt < ANNOUNCE_ATTEMPTS_MAX; attempt++) {
    const announced = await announceFills(table, market, fills);
    if (announced !== undefined) return announced;
    const waiting = (await readPosition(table, market))?.pending ?? new Set<string>();
    const puts = await runLimited([...waiting], WRITES_MAX, async (text) =>
      putFact(table, await readClaim(table, fromFillText(text).fillId)),
    );
    for (const put of puts) if (put.type === "failed") throw put.error;
    await foldBooks(tools, waiting);
  }
  throw new Error(
    `${market}: too many fills wait to be booked, ${ANNOUNCE_ATTEMPTS_MAX} tries to book them did not help`,
  );
}
