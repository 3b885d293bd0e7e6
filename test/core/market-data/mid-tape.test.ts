import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MidTape } from "../../../core/market-data/mid-tape.ts";

const AGE_MS = 2_000;

function makeTape(
  told: readonly (readonly [ms: number, twiceMid: number | undefined])[],
  changesMax?: number,
): MidTape {
  const tape = new MidTape(AGE_MS, changesMax);
  for (const [ms, twiceMid] of told) tape.record(twiceMid, ms);
  return tape;
}

describe("the mid in force", () => {
  it.each([
    ["before the first book there is none", 99, undefined],
    ["it holds from its own moment on", 100, 8_430],
    ["it holds until another is told", 599, 8_430],
    ["the last one of a moment counts", 600, 8_434],
    ["it holds for the age limit after the last book that showed it", 3_500, 8_434],
    ["it is none once it is older than that", 3_500.1, undefined],
    ["a gap stays one after the next book, of the same mid or not", 5_999, undefined],
    ["the next book ends the gap", 6_000, 8_434],
    ["it is none while no book is believed", 6_500, undefined],
    ["it is none until the next book that is", 6_999, undefined],
    ["that one counts again", 7_000, 8_436],
    ["it is none long after the last", 60_000, undefined],
  ])("%s", (_name, ms, expected) => {
    const tape = makeTape([
      [100, 8_430],
      [600, 8_432],
      [600, 8_434],
      [1_500, 8_434],
      [6_000, 8_434],
      [6_500, undefined],
      [7_000, 8_436],
    ]);
    expect(tape.at(ms)).toBe(expected);
  });

  it("is the last one told at or before the moment, unless that is too old", () => {
    const told = fc.array(
      fc.record({
        gapMs: fc.oneof(fc.constantFrom(0, 1, AGE_MS, AGE_MS + 1), fc.nat({ max: 5_000 })),
        mid: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(told, fc.array(fc.nat({ max: 60_000 }), { maxLength: 20 }), (books, moments) => {
        let ms = 0;
        const facts = books.map(({ gapMs, mid }) => {
          ms += gapMs;
          return [ms, mid] as const;
        });
        const tape = makeTape(facts);
        for (const moment of [...moments, ...facts.map(([at]) => at)]) {
          const last = facts.filter(([at]) => at <= moment).at(-1);
          const isOld = last !== undefined && moment - last[0] > AGE_MS;
          expect(tape.at(moment)).toBe(isOld ? undefined : last?.[1]);
        }
      }),
    );
  });

  it("takes a moment before the last one told for that one", () => {
    const tape = makeTape([
      [1_000, 8_430],
      [900, 8_440],
    ]);
    expect([tape.at(999), tape.at(1_000)]).toEqual([undefined, 8_440]);
  });
});

describe("what is remembered", () => {
  it("is each change once, however many books show the same mid", () => {
    const books = Array.from({ length: 10_000 }, (_, index) => [index * 10, 8_430] as const);
    const tape = makeTape(books);
    expect(tape.size).toBe(1);
    expect([tape.at(0), tape.at(50_005), tape.at(99_990)]).toEqual([8_430, 8_430, 8_430]);
  });

  it("never grows past its cap, and what had to be overwritten is not known", () => {
    const tape = makeTape(
      Array.from({ length: 1_000 }, (_, index) => [index * 10, 8_000 + index] as const),
      64,
    );
    expect(tape.size).toBe(64);
    expect([tape.at(9_359), tape.at(9_360), tape.at(9_990)]).toEqual([undefined, 8_936, 8_999]);
  });
});
