import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LedgerFill, parseFillMessage } from "../../../core/messages.ts";
import { type FactRange, HistoryComparison } from "../../../lambdas/fill-audit/history-comparison.ts";
import { makeMessage } from "../fill-accounting/make-messages.ts";

/** Few moments, so that many fills share one. */
const timeOf = (moment: number): string => `2026-01-02T03:00:00.00${moment}Z`;

const makeFill = (fillId: string, moment: number, price = "0.42"): LedgerFill =>
  parseFillMessage(makeMessage({ fillId, venueTime: timeOf(moment), price }));

const inRange = (facts: readonly LedgerFill[], range: FactRange | undefined): readonly LedgerFill[] =>
  range === undefined
    ? []
    : facts.filter(({ venueTime }) => venueTime <= range.to && (range.from === undefined || venueTime >= range.from));

const idsOf = (fills: readonly { readonly fillId: string }[]): readonly string[] =>
  fills.map((fill) => fill.fillId).sort();

/** Reads a venue's fills, in the order it shows them, in pages of so many, from the `begin`-th on. */
function compare(input: {
  readonly venue: readonly LedgerFill[];
  readonly ledger: readonly LedgerFill[];
  readonly pageFills: number;
  readonly begin: number;
  readonly settledThrough: string;
}) {
  const { venue, ledger, pageFills, begin, settledThrough } = input;
  const begunIn = venue[begin - 1]?.venueTime;
  const comparison = new HistoryComparison({ begunIn, settledThrough });
  const [absent, different]: [LedgerFill[], LedgerFill[]] = [[], []];
  for (let at = begin; at < venue.length; at += pageFills) {
    const page = { fills: venue.slice(at, at + pageFills), unreadable: [] };
    const verdict = comparison.takePage(page, inRange(ledger, comparison.rangeOf(page)));
    absent.push(...verdict.absent.filter((fill) => !comparison.isYoung(fill)));
    different.push(...verdict.different.map(({ fill }) => fill));
    if (page.fills.some((fill) => comparison.isYoung(fill))) break;
  }
  comparison.takeEnd(inRange(ledger, comparison.rangeToEnd()));
  return { begunIn, absent, different, unknown: comparison.unknownToVenue(undefined) };
}

describe("a reading of the venue's history", () => {
  it("finds every fill that one of both has not, wherever pages and milliseconds are cut", () => {
    const entry = fc.record({
      moment: fc.integer({ min: 0, max: 9 }),
      where: fc.constantFrom("both", "both", "venue", "ledger", "differs"),
      place: fc.nat(),
    });
    const cut = fc.record({
      pageFills: fc.integer({ min: 1, max: 5 }),
      begin: fc.nat({ max: 12 }),
      settled: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 24 }), cut, (entries, { pageFills, begin: wanted, settled }) => {
        const all = entries.map((each, index) => ({ ...each, id: `F-${index}` }));
        // In the order of time; within a millisecond in an order of the venue's own.
        const ordered = all.toSorted((a, b) => a.moment - b.moment || a.place - b.place);
        const shown = ordered.filter(({ where }) => where !== "ledger");
        const begin = Math.min(wanted, shown.length);
        const settledThrough = timeOf(settled);
        const { begunIn, ...found } = compare({
          venue: shown.map(({ id, moment }) => makeFill(id, moment)),
          ledger: all
            .filter(({ where }) => where !== "venue")
            .map(({ id, moment, where }) => makeFill(id, moment, where === "differs" ? "0.43" : "0.42")),
          pageFills,
          begin,
          settledThrough,
        });
        const isHeld = ({ moment }: { readonly moment: number }) =>
          timeOf(moment) <= settledThrough && (begunIn === undefined || timeOf(moment) > begunIn);
        const withId = (each: { readonly id: string }) => ({ fillId: each.id });
        const read = shown.slice(begin).filter(({ moment }) => timeOf(moment) <= settledThrough);
        expect(idsOf(found.absent)).toEqual(idsOf(read.filter(({ where }) => where === "venue").map(withId)));
        expect(idsOf(found.unknown)).toEqual(
          idsOf(all.filter((each) => each.where === "ledger" && isHeld(each)).map(withId)),
        );
        expect(idsOf(found.different)).toEqual(
          expect.arrayContaining([...idsOf(read.filter(({ where }) => where === "differs").map(withId))]),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("does not hold against the venue what it shows out of order", () => {
    const fills = [makeFill("a", 1), makeFill("c", 5), makeFill("b", 3)];
    const found = compare({ venue: fills, ledger: fills, pageFills: 2, begin: 0, settledThrough: timeOf(9) });
    // What stands before the page's range is looked up by itself.
    expect(idsOf(found.absent)).toEqual(["b"]);
    expect(found.unknown).toEqual([]);
  });

  it("that stops in the middle of a millisecond leaves its facts to the next", () => {
    const comparison = new HistoryComparison({ begunIn: undefined, settledThrough: timeOf(9) });
    const [shown, hidden, ghost] = [makeFill("a", 5), makeFill("b", 5), makeFill("g", 4)];
    comparison.takePage({ fills: [shown], unreadable: [] }, [ghost, shown, hidden]);
    expect(idsOf(comparison.unknownToVenue(comparison.edge))).toEqual(["g"]);
    expect(idsOf(comparison.unknownToVenue(undefined))).toEqual(["b", "g"]);
    const next = new HistoryComparison({ begunIn: comparison.edge, settledThrough: timeOf(9) });
    const page = { fills: [hidden], unreadable: [] };
    expect(next.rangeOf(page)).toEqual({ from: timeOf(5), to: timeOf(5) });
    expect(next.takePage(page, [shown, hidden])).toMatchObject({ absent: [], different: [], same: [hidden] });
    expect(next.unknownToVenue(undefined)).toEqual([]);
  });

  it("does not call a fill unknown whose copy at the venue cannot be read", () => {
    const comparison = new HistoryComparison({ begunIn: undefined, settledThrough: timeOf(9) });
    const page = { fills: [makeFill("z", 6)], unreadable: [{ fillId: "a", reason: "odd" }] };
    comparison.takePage(page, [makeFill("a", 5), makeFill("z", 6)]);
    expect(comparison.unknownToVenue(undefined)).toEqual([]);
  });
});
