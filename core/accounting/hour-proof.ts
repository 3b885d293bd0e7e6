/**
 * The proof of one hour of one market (docs/accounting.md): what the stored books say was earned is held to what the hour's fills
 * come to by themselves, to the unit. Owns the judgement; reading the items, and what a fault leads to, is the caller's.
 */
import { divideHalfEven, formatScaled, MONEY_DECIMALS } from "../decimal.ts";
import { addUpHour, type HourFacts, type ProvableFill } from "./hour-facts.ts";
import { type HourFigures, hourOf } from "./hourly.ts";
import { type Assets, applyFill, type Books, compareFills, unrealizedPnl } from "./pnl.ts";

/** Everything of one hour, as the ledger stores it. Marks are mids, in 10^-18 quote a unit of base; undefined where not known. */
export type HourToProve = {
  readonly hour: HourFigures;
  /** The books before the hour's first fill: the close of the last hour with fills before it, empty books when there is none. */
  readonly opening: Books;
  /** The books at the hour's last fill, as stored with the hour. */
  readonly closing: Books;
  /** The hour's facts, in venue order. */
  readonly fills: readonly ProvableFill[];
  readonly openingMark: bigint | undefined;
  readonly closingMark: bigint | undefined;
  readonly assets: Assets;
};

/**
 * What came out. Amounts are integers of 10^-18 quote. Those of a proven hour add up as they stand:
 * `pnl = spreadCapture + revaluation − fees`, and the `pnl` of hours that meet at one mark is that of all of them together.
 */
export type HourProof = {
  /** `YYYY-MM-DDTHH`. */
  readonly hour: string;
  readonly fillCount: number;
  /** The marks that were used, 10^-18 quote a unit of base. */
  readonly openingMark: bigint;
  readonly closingMark: bigint;
  /** The change of equity by the stored books, counted in cash: sales − purchases − fees + position × mark. */
  readonly pnl: bigint;
  /** From the fills alone, as `fees` is. */
  readonly spreadCapture: bigint;
  /** From the fills and the opening position. Takes up what rounding the other lines to the unit leaves: below two units. */
  readonly revaluation: bigint;
  readonly fees: bigint;
  /** The same profit at average cost, from the stored books. */
  readonly realizedChange: bigint;
  readonly unrealizedChange: bigint;
  /** `pnl − (spreadCapture + revaluation − fees)`, taken before any rounding, then rounded away from zero: 0 means exact. */
  readonly differenceUnits: bigint;
  /** `realizedChange + unrealizedChange − pnl`. */
  readonly driftUnits: bigint;
  /** What rounding can make of `driftUnits` at most, to either side. */
  readonly driftBoundUnits: bigint;
  /** Fills without a mid of their own: they move profit between capture and revaluation, never the sum. */
  readonly unmarkedFills: number;
  /** Sentences of what, expected and was; none when the hour is proven. */
  readonly faults: readonly string[];
};

const ONE = 10n ** BigInt(MONEY_DECIMALS);

/** Half a unit each for the unrealised PnL and for the equity, at both ends of the hour; doubled, as `roundingTwiceExact` is. */
const ENDS_ROUNDING_TWICE = 4n * ONE;

/** Proves an hour, or says what is wrong with it. Never throws for wrong books. */
export function proveHour(input: HourToProve): HourProof {
  const { hour, opening, closing } = input;
  const facts = addUpHour({ ...input, position: opening.position });
  const before = equityExact(opening, facts.marks.opening);
  const after = equityExact(closing, facts.marks.closing);
  const byFacts = before + facts.spreadCaptureExact + facts.revaluationExact - facts.fees * ONE;
  // Equities are rounded, not their difference, so that the PnLs of hours that meet at one mark add up to the unit.
  const pnl = toUnits(after) - toUnits(before);
  const spreadCapture = toUnits(facts.spreadCaptureExact);
  const unrealizedChange = unrealizedPnl(closing, facts.marks.closing) - unrealizedPnl(opening, facts.marks.opening);
  const proof = {
    hour: hour.hour,
    fillCount: facts.fillCount,
    openingMark: facts.marks.opening,
    closingMark: facts.marks.closing,
    pnl,
    spreadCapture,
    revaluation: toUnits(byFacts) - toUnits(before) + facts.fees - spreadCapture,
    fees: facts.fees,
    realizedChange: hour.realizedPnl,
    unrealizedChange,
    differenceUnits: awayFromZero(after - byFacts),
    driftUnits: hour.realizedPnl + unrealizedChange - pnl,
    driftBoundUnits: (facts.roundingTwiceExact + ENDS_ROUNDING_TWICE) / (2n * ONE),
    unmarkedFills: facts.unmarkedFills,
  };
  return { ...proof, faults: [...faultsOfStanding(input), ...faultsOfBooks(input, facts), ...faultsOfSums(proof)] };
}

/** Cash and the position at `mark`, in 10^-36 quote. It needs no average, and is the same whatever the order of the fills. */
function equityExact(books: Books, mark: bigint): bigint {
  return (books.sellVolume - books.buyVolume - books.fees) * ONE + books.position * mark;
}

/** Facts of another hour, twice the same, or not behind the opening books prove nothing; the first of each kind is named. */
function faultsOfStanding({ hour: { hour }, opening, fills }: HourToProve): readonly string[] {
  const faults: string[] = [];
  const start = opening.lastFill;
  if (start !== undefined && hourOf(start.venueTime) >= hour) {
    faults.push(`opening books must end before ${hour}, was fill ${start.fillId} of ${start.venueTime}`);
  }
  const stranger = fills.find((fill) => hourOf(fill.venueTime) !== hour);
  if (stranger !== undefined) {
    faults.push(`fill ${stranger.fillId} must be of the hour ${hour}, was of ${stranger.venueTime}`);
  }
  for (const [index, fill] of fills.entries()) {
    const last = fills[index - 1];
    if (last === undefined || compareFills(last, fill) < 0) continue;
    faults.push(
      `fill ${fill.fillId} must stand behind fill ${last.fillId} in venue order, was in front of it or the same`,
    );
    break;
  }
  return faults;
}

/** Holds the hour's figures to the facts, and the closing books to the opening books and the hour. */
function faultsOfBooks({ hour, opening, closing, fills, assets }: HourToProve, facts: HourFacts): readonly string[] {
  const folded = fills.reduce((books, fill) => applyFill(books, fill, assets), opening);
  const ofHour = "of the hour, by its fills,";
  const ofClose = "of the closing books, by the opening books and the hour,";
  const ofFold = "of the closing books, by the fills since the opening books,";
  return [
    ...countFault(`fill count ${ofHour}`, facts.fillCount, hour.fillCount),
    ...fault(`volume ${ofHour}`, facts.buyVolume + facts.sellVolume, hour.volume),
    ...fault(`buy volume ${ofHour}`, facts.buyVolume, hour.buyVolume),
    ...fault(`sell volume ${ofHour}`, facts.sellVolume, hour.sellVolume),
    ...fault(`fees ${ofHour}`, facts.fees, hour.fees),
    ...fault(`realised PnL ${ofHour}`, folded.realizedPnl - opening.realizedPnl, hour.realizedPnl),
    ...countFault(`fill count ${ofClose}`, opening.fillCount + hour.fillCount, closing.fillCount),
    ...fault(`volume ${ofClose}`, opening.volume + hour.volume, closing.volume),
    ...fault(`buy volume ${ofClose}`, opening.buyVolume + hour.buyVolume, closing.buyVolume),
    ...fault(`sell volume ${ofClose}`, opening.sellVolume + hour.sellVolume, closing.sellVolume),
    ...fault(`fees ${ofClose}`, opening.fees + hour.fees, closing.fees),
    ...fault(`realised PnL ${ofClose}`, opening.realizedPnl + hour.realizedPnl, closing.realizedPnl),
    ...fault(`position ${ofFold}`, facts.position, closing.position),
    ...fault(`average cost ${ofFold}`, folded.averageCost, closing.averageCost),
    ...textFault(`fees by asset ${ofFold}`, feesText(folded), feesText(closing)),
    ...textFault(`last fill ${ofFold}`, lastFillText(folded), lastFillText(closing)),
  ];
}

/** The identity itself, and average cost beside it. */
function faultsOfSums(proof: Omit<HourProof, "faults">): readonly string[] {
  const faults: string[] = [];
  const { differenceUnits, driftUnits, driftBoundUnits } = proof;
  if (differenceUnits !== 0n) {
    const expected = toText(proof.spreadCapture + proof.revaluation - proof.fees);
    faults.push(
      `PnL must be spread capture + revaluation − fees = ${expected}, was ${toText(proof.pnl)} by the books: ${differenceUnits} units of 10^-18 off`,
    );
  }
  if (driftUnits > driftBoundUnits || driftUnits < -driftBoundUnits) {
    faults.push(
      `PnL at average cost must be within ${driftBoundUnits} units of 10^-18 of the PnL by cash, was ${driftUnits} units off`,
    );
  }
  return faults;
}

function fault(what: string, expected: bigint, was: bigint): readonly string[] {
  return textFault(what, toText(expected), toText(was));
}

function countFault(what: string, expected: number, was: number): readonly string[] {
  return textFault(what, `${expected}`, `${was}`);
}

function textFault(what: string, expected: string, was: string): readonly string[] {
  return expected === was ? [] : [`${what} must be ${expected}, was ${was}`];
}

/** Assets in the order of their names: a map has none of its own. */
function feesText({ feesByAsset }: Books): string {
  const fees = Object.entries(feesByAsset).sort(([a], [b]) => (a < b ? -1 : 1));
  return fees.length === 0 ? "none" : fees.map(([asset, fee]) => `${toText(fee)} ${asset}`).join(" and ");
}

function lastFillText({ lastFill }: Books): string {
  return lastFill === undefined ? "none" : `${lastFill.fillId} of ${lastFill.venueTime}`;
}

function toText(amount: bigint): string {
  return formatScaled(amount, MONEY_DECIMALS);
}

/** 10^-36 to 10^-18, half to even. */
function toUnits(exact: bigint): bigint {
  return divideHalfEven(exact, ONE);
}

function awayFromZero(exact: bigint): bigint {
  const magnitude = ((exact < 0n ? -exact : exact) + ONE - 1n) / ONE;
  return exact < 0n ? -magnitude : magnitude;
}
