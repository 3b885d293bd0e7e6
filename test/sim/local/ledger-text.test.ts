import { describe, expect, test } from "vitest";
import { parseFillMessage } from "../../../core/messages.ts";
import { Differences } from "../../../lambdas/ledger-differences.ts";
import type { Rebuilt } from "../../../lambdas/ledger-rebuild.ts";
import type { Verification } from "../../../lambdas/ledger-verify.ts";
import { rebuildText, verificationText } from "../../../sim/local/ledger-text.ts";
import { makeMessage } from "../../lambdas/fill-accounting/make-messages.ts";

const MARKET = "SEI/USDC";

function differ(count: number): Differences {
  const differences = new Differences();
  for (let index = 0; index < count; index++) {
    differences.add({ item: `HOUR#${index}`, attribute: "", expected: "absent", was: "there" });
  }
  return differences;
}

const PROOF: Verification = {
  market: MARKET,
  facts: 1_234_567,
  lost: 0,
  doubled: 0,
  unclaimed: 0,
  unreadable: 0,
  driftUnits: 0n,
  waiting: 3,
  stuck: 0,
  conflicts: 1,
  hours: 1_000,
  version: 40,
  differences: differ(0),
};

const NOTHING: Rebuilt = {
  market: MARKET,
  mending: { restored: [], reclaimed: [], setAside: [] },
  books: {
    fillCount: 1,
    differences: differ(0),
    hoursWritten: 0,
    hoursRemoved: 0,
    isPositionWritten: false,
    released: 0,
  },
  contradicted: [],
  furtherOdd: 0,
};

const fills = ["F-1", "F-2", "F-3", "F-4", "F-5", "F-6", "F-7"].map((fillId) =>
  parseFillMessage(makeMessage({ fillId })),
);
const [first, second] = fills;

describe("what is said of a verification", () => {
  test("is short when the ledger is proven", () => {
    expect(verificationText(PROOF)).toBe(
      [
        "SEI/USDC: facts 1,234,567, lost 0, doubled 0, drift 0 units",
        "  1,000 hours, books of version 40, 3 on their way, 1 kept aside: proven",
      ].join("\n"),
    );
  });

  test("names what is wrong, as far as a person reads", () => {
    const wrong = { unclaimed: 2, unreadable: 1, stuck: 4, driftUnits: 12_345n, differences: differ(45) };
    const lines = verificationText({ ...PROOF, ...wrong }).split("\n");
    expect(lines[0]).toBe(
      "SEI/USDC: facts 1,234,567, lost 0, doubled 0, drift 12,345 units, without their claim 2, unreadable 1, waiting too long 4",
    );
    expect(lines[1]).toMatch(/: 45 differences:$/);
    expect(lines[2]).toBe("  ✗ HOUR#0 must be absent, was there");
    expect(lines.slice(-2)).toEqual([
      "  … and 5 more",
      "  what the facts can mend: npm run ledger -- rebuild --market SEI/USDC",
    ]);
  });
});

describe("what is said of a rebuild", () => {
  test("is one line when nothing differs", () => {
    const said = "SEI/USDC: nothing differs, the books are the fold of 1 fact";
    expect(rebuildText(NOTHING, false)).toBe(said);
    expect(rebuildText(NOTHING, true)).toBe(said);
  });

  test("names what was done, and what only the venue can decide", () => {
    const rebuilt: Rebuilt = {
      ...NOTHING,
      mending: { restored: fills, reclaimed: [first!], setAside: [second!] },
      books: {
        fillCount: 1_000,
        differences: differ(1),
        hoursWritten: 2,
        hoursRemoved: 1,
        isPositionWritten: true,
        released: 1,
      },
      contradicted: [{ fact: first!, claim: second! }],
      furtherOdd: 9,
    };
    expect(rebuildText(rebuilt, false).split("\n")).toEqual([
      "SEI/USDC: the books are the fold of 1,000 facts again",
      "  ✗ HOUR#0 must be absent, was there",
      "  restored from their claims: F-1, F-2, F-3, F-4, F-5 and 2 more",
      "  claimed again: F-1",
      "  set aside, as second facts of their fills: F-2",
      "  written again: POSITION, 2 hours",
      "  removed: 1 hour without fills",
      "  waits no more: 1 announced fill",
      "  ✗ F-1: fact and claim contradict each other, and only the venue knows",
      "  ✗ 9 further odd records: run it again",
    ]);
    expect(rebuildText(rebuilt, true)).toMatch(/^SEI\/USDC: a dry run, this would be done:\n/);
  });
});
