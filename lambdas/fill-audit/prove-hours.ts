/**
 * The proof of every finished hour of a market, once, and again when its item has changed or its proof did not come out: what the
 * stored books earned is what its fills come to. Owns which hours are due and what a proof that does not come out leads to; the arithmetic is
 * `core/accounting/hour-proof.ts`'s.
 *
 * Each run looks at the newest hours, a day back, since late fills mostly come soon; and at a few older ones, on and on from the
 * first, so that a change of any hour is found in the end at a cost that does not grow.
 */
import { isDeepStrictEqual } from "node:util";
import { proveHour } from "../../core/accounting/hour-proof.ts";
import { hourOf } from "../../core/accounting/hourly.ts";
import { splitSymbol } from "../../core/messages.ts";
import { readProofs, type StoredProof, toStoredFaults, writeProof } from "../proof-items.ts";
import type { Timing } from "../timing.ts";
import type { ProofsState } from "./audit-state.ts";
import { type Halting, type HaltLog, haltMarket, type KnownWord } from "./halt-market.ts";
import { endOf, readHour, readStoredHours, type StoredHour, shiftHour } from "./hour-reading.ts";

export type Prover = Halting & {
  readonly timing: Timing;
  readonly log: HaltLog & { info(message: string, fields: Record<string, unknown>): void };
  readonly market: string;
  readonly known: KnownWord;
  /** Venue time up to which the facts are known to be all there are; nothing later is proven. */
  readonly completeThrough: string | undefined;
  /** Monotonic: no hour is begun later. */
  readonly untilMs: number;
};

/** Late fills of an hour just finished are given so long to be booked. */
const AFTER_END_MS = 5 * 60_000;
const LOOK_BACK_HOURS = 24;
const NEWEST_HOURS_MAX = 200;
const OLDER_HOURS_MAX = 24;
const FAULTY_HOURS_MAX = 500;

/** Proves what is due and answers how far it has come. */
export async function proveHours(prover: Prover, state: ProofsState): Promise<ProofsState> {
  const last = lastFinished(prover);
  if (last === undefined) return state;
  const faulty = new Set(state.faulty);
  const lookBack = state.provenThrough === undefined ? "" : shiftHour(state.provenThrough, -LOOK_BACK_HOURS);
  const newest = await proveRange(prover, faulty, { from: lookBack, to: last, limit: NEWEST_HOURS_MAX });
  const provenThrough = newest.through ?? state.provenThrough;
  const older = { from: afterHour(state.lookedThrough), to: shiftHour(lookBack || last, -1), limit: OLDER_HOURS_MAX };
  const isLooking = lookBack !== "" && older.from <= older.to;
  const looked = isLooking ? await proveRange(prover, faulty, older) : undefined;
  return {
    provenThrough,
    lookedThrough: looked === undefined || looked.isWhole ? undefined : (looked.through ?? state.lookedThrough),
    faulty: [...faulty].sort().slice(-FAULTY_HOURS_MAX),
  };
}

/** The newest hour whose facts are complete and that ended long enough ago. */
function lastFinished({ completeThrough, timing }: Prover): string | undefined {
  if (completeThrough === undefined) return undefined;
  const settled = new Date(timing.epochMs() - AFTER_END_MS).toISOString();
  const through = completeThrough < settled ? completeThrough : settled;
  return shiftHour(hourOf(through), -1);
}

/** Sorts behind an hour and before the next one. */
function afterHour(hour: string | undefined): string {
  return hour === undefined ? "" : `${hour}~`;
}

/**
 * Proves the hours of a range that are due, oldest first. `through` is the last hour that is as it should be up to there; it stops
 * where an hour cannot be read of one moment, and the next run goes on.
 */
async function proveRange(
  prover: Prover,
  faulty: Set<string>,
  range: { readonly from: string; readonly to: string; readonly limit: number },
): Promise<{ readonly through: string | undefined; readonly isWhole: boolean }> {
  const { table, market } = prover;
  const { hours, complete } = await readStoredHours(table, market, range);
  const proofs = hours.length === 0 ? new Map<string, StoredProof>() : await readProofs(table, market, range);
  let through: string | undefined;
  for (const stored of hours) {
    const { hour } = stored.figures;
    const proof = proofs.get(hour);
    const isProven = proof?.hourVersion === stored.version && proof.state === "proven";
    if (!isProven && !(await prove(prover, faulty, stored, proof))) return { through, isWhole: false };
    through = hour;
  }
  forgetRemoved(faulty, hours, { from: range.from, to: complete ? range.to : (through ?? "") });
  return { through, isWhole: complete };
}

/** A faulty hour whose item is there no more, since a rebuild found no fill in it, is mended. */
function forgetRemoved(
  faulty: Set<string>,
  hours: readonly StoredHour[],
  range: { readonly from: string; readonly to: string },
): void {
  const stored = new Set(hours.map(({ figures }) => figures.hour));
  for (const hour of faulty) {
    if (hour >= range.from && hour <= range.to && !stored.has(hour)) faulty.delete(hour);
  }
}

/**
 * Proves one hour and writes the proof; false when that must wait. A fault halts the market before it is written; one that is known
 * already does not halt it again, so that an operator's resume holds.
 */
async function prove(
  prover: Prover,
  faulty: Set<string>,
  stored: StoredHour,
  earlier: StoredProof | undefined,
): Promise<boolean> {
  const { table, market, timing, log } = prover;
  if (timing.monotonicMs() >= prover.untilMs) return false;
  const reading = await readHour(table, market, stored, earlier);
  if (reading === undefined) return false;
  const { figures: hour, closing, version: hourVersion } = stored;
  const { opening, fills, openingMark, closingMark } = reading;
  const proof = proveHour({ hour, opening, closing, fills, openingMark, closingMark, assets: splitSymbol(market) });
  const at = { market, hour: hour.hour, hourVersion };
  if (proof.faults.length === 0) {
    faulty.delete(hour.hour);
    log.info("hour proven", { ...at, fills: proof.fillCount });
  } else {
    faulty.add(hour.hour);
    const faults = toStoredFaults(proof.faults);
    const isKnown = earlier?.hourVersion === hourVersion && isDeepStrictEqual(earlier.faults, faults);
    if (isKnown) return true;
    log.error("the PnL of an hour does not add up", { ...at, faults: proof.faults, earlier: earlier?.faults });
    const reason = `the PnL of ${hour.hour} (ended ${endOf(hour.hour)}) does not add up: ${faults.join("; ")}`;
    await haltMarket(prover, { market, reason, known: prover.known });
  }
  await writeProof(table, market, proof, { hourVersion, checkedAt: new Date(timing.epochMs()).toISOString() });
  return true;
}
