/** What the ledger command says of a verification and of a rebuild. Owns the words. */
import type { LedgerFill } from "../../core/messages.ts";
import type { Difference, Differences } from "../../lambdas/ledger-differences.ts";
import type { Rebuilt } from "../../lambdas/ledger-rebuild.ts";
import type { Verification } from "../../lambdas/ledger-verify.ts";

/** Differences that a terminal shows; JSON has all that were named. */
const SHOWN_MAX = 40;
const NAMES_MAX = 5;

export function isProven(proof: Verification): boolean {
  return proof.differences.count === 0;
}

export function verificationText(proof: Verification): string {
  const { market, facts, lost, doubled, driftUnits, unclaimed, unreadable, stuck, differences } = proof;
  const further = [
    ...(unclaimed === 0 ? [] : [`without their claim ${grouped(unclaimed)}`]),
    ...(unreadable === 0 ? [] : [`unreadable ${grouped(unreadable)}`]),
    ...(stuck === 0 ? [] : [`waiting too long ${grouped(stuck)}`]),
  ];
  const sums = [`facts ${grouped(facts)}`, `lost ${lost}`, `doubled ${doubled}`, `drift ${grouped(driftUnits)} units`];
  const about = [
    `${counted(proof.hours, "hour")}, books of version ${proof.version}`,
    `${grouped(proof.waiting)} on their way`,
    `${grouped(proof.conflicts)} kept aside`,
  ];
  const verdict = isProven(proof) ? "proven" : `${counted(differences.count, "difference")}:`;
  return [
    `${market}: ${[...sums, ...further].join(", ")}`,
    `  ${about.join(", ")}: ${verdict}`,
    ...differenceLines(differences),
    ...(isProven(proof) ? [] : [`  what the facts can mend: npm run ledger -- rebuild --market ${market}`]),
  ].join("\n");
}

/** For programs: amounts as decimal text. */
export function verificationJson(proof: Verification) {
  const { differences, driftUnits, ...rest } = proof;
  return {
    ...rest,
    driftUnits: `${driftUnits}`,
    isProven: isProven(proof),
    differenceCount: differences.count,
    differences: differences.named,
  };
}

export function rebuildText(rebuilt: Rebuilt, isDryRun: boolean): string {
  const { market, books, mending, contradicted, furtherOdd } = rebuilt;
  const rewritten = [
    ...(books.isPositionWritten ? ["POSITION"] : []),
    ...(books.hoursWritten > 0 ? [counted(books.hoursWritten, "hour")] : []),
  ];
  const steps = [
    ...step("restored from their claims", mending.restored.map(idOf)),
    ...step("claimed again", mending.reclaimed.map(idOf)),
    ...step("set aside, as second facts of their fills", mending.setAside.map(idOf)),
    ...step("written again", rewritten),
    ...step("removed", books.hoursRemoved > 0 ? [`${counted(books.hoursRemoved, "hour")} without fills`] : []),
    ...step("waits no more", books.released > 0 ? [counted(books.released, "announced fill")] : []),
  ];
  const left = [
    ...contradicted.map(
      ({ fact }) => `  ✗ ${fact.fillId}: fact and claim contradict each other, and only the venue knows`,
    ),
    ...(furtherOdd > 0 ? [`  ✗ ${grouped(furtherOdd)} further odd records: run it again`] : []),
  ];
  const facts = counted(books.fillCount, "fact");
  if (steps.length === 0) return [`${market}: nothing differs, the books are the fold of ${facts}`, ...left].join("\n");
  return [
    isDryRun ? `${market}: a dry run, this would be done:` : `${market}: the books are the fold of ${facts} again`,
    ...differenceLines(books.differences),
    ...steps,
    ...left,
  ].join("\n");
}

function step(what: string, things: readonly string[]): readonly string[] {
  if (things.length === 0) return [];
  const shown = things.slice(0, NAMES_MAX).join(", ");
  return [`  ${what}: ${things.length > NAMES_MAX ? `${shown} and ${things.length - NAMES_MAX} more` : shown}`];
}

function idOf(fill: LedgerFill): string {
  return fill.fillId;
}

function differenceLines(differences: Differences): readonly string[] {
  const shown = differences.named.slice(0, SHOWN_MAX).map((difference) => `  ✗ ${sentence(difference)}`);
  const more = differences.count - shown.length;
  return more > 0 ? [...shown, `  … and ${grouped(more)} more`] : shown;
}

function sentence({ item, attribute, expected, was }: Difference): string {
  return `${item}${attribute === "" ? "" : ` ${attribute}`} must be ${expected}, was ${was}`;
}

function counted(count: number, what: string): string {
  return `${grouped(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `1,234,567`. */
function grouped(count: number | bigint): string {
  return count.toLocaleString("en-US");
}
