import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeRecord, encodeRecord } from "../../../lambdas/health-sweep/health-items.ts";
import {
  afterLook,
  announcesNow,
  breakerOf,
  heldBack,
  type IntegrationRecord,
  type Outcome,
} from "../../../lambdas/health-sweep/integration-record.ts";

const START_MS = Date.UTC(2026, 0, 2, 12);
const MINUTE_MS = 60_000;
const KINDS = { h: "healthy", u: "unhealthy", f: "failed", n: "not-configured" } as const;
type Letter = keyof typeof KINDS;

const isLetter = (letter: string): letter is Letter => letter in KINDS;

/** One look a minute; each announcement comes through unless `lost`. */
function lookAll(letters: string, lost = false) {
  let record: IntegrationRecord | undefined;
  const states: string[] = [];
  const announced: { readonly look: number; readonly healthy: boolean }[] = [];
  const records: IntegrationRecord[] = [];
  [...letters].filter(isLetter).forEach((letter, look) => {
    const outcome: Outcome = { kind: KINDS[letter], detail: `look ${look}` };
    record = afterLook(record, { integration: "x", outcome, nowMs: START_MS + look * MINUTE_MS, asked: true });
    states.push(record.healthy ? "+" : "-");
    if (announcesNow(record)) {
      announced.push({ look, healthy: record.healthy });
      if (!lost) record = { ...record, announced: record.healthy, announcingAtMs: undefined };
    }
    records.push(record);
  });
  return { states: states.join(""), announced, records };
}

describe("an integration", () => {
  it.each([
    ["h", "+", []],
    ["hu", "++", []],
    ["huu", "++-", [2]],
    ["huhuhu", "++++++", []],
    ["huuhuhh", "++----+", [2, 6]],
    ["u", "-", []],
    ["uu", "--", [1]],
    ["uhuhh", "----+", []],
    ["uh", "--", []],
    ["ffh", "---", [1]],
    ["nn", "++", []],
    ["uun", "---", [1]],
    ["uunn", "---+", [1, 3]],
  ])("that looks like %s is %s, and changes are told at looks %j", (letters, states, looks) => {
    const seen = lookAll(letters);
    expect(seen.states).toBe(states);
    expect(seen.announced.map(({ look }) => look)).toEqual(looks);
  });

  it("changes at the second look in a row alone, and is told of once a change, in turn", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("h", "u", "f", "n"), minLength: 1, maxLength: 60 }), (letters) => {
        const { states, announced } = lookAll(letters);
        for (let look = 1; look < states.length; look++) {
          if (states[look] === states[look - 1]) continue;
          const isWell = (letter = "") => letter === "h" || letter === "n";
          expect(isWell(letters[look])).toBe(states[look] === "+");
          expect(isWell(letters[look - 1])).toBe(isWell(letters[look]));
        }
        expect(announced.map(({ healthy }) => healthy)).toEqual(announced.map((_, index) => index % 2 === 1));
      }),
      { numRuns: 200 },
    );
  });

  it("has been so since the first of the looks that changed it", () => {
    const { records } = lookAll("huu");
    expect(records.at(-1)?.sinceMs).toBe(START_MS + MINUTE_MS);
  });

  it("is announced again while nobody has seen it through", () => {
    expect(lookAll("huuuu", true).announced.map(({ look }) => look)).toEqual([2, 3, 4]);
  });

  it("is left alone for five minutes after five looks without an answer, and tried once after that", () => {
    const five = lookAll("fffff").records.at(-1);
    expect(five && breakerOf(five, five.checkedAtMs)).toBe("open");
    expect(five && breakerOf(five, five.checkedAtMs + 4 * MINUTE_MS)).toBe("open");
    expect(five && breakerOf(five, five.checkedAtMs + 5 * MINUTE_MS - 3_000)).toBe("half-open");
    const again = lookAll("ffffff").records.at(-1);
    expect(again && breakerOf(again, again.checkedAtMs)).toBe("open");
    const well = lookAll("fffffh").records.at(-1);
    expect(well && breakerOf(well, well.checkedAtMs)).toBe("closed");
    // A bad answer is an answer.
    const bad = lookAll("uuuuuuuu").records.at(-1);
    expect(bad && breakerOf(bad, bad.checkedAtMs)).toBe("closed");
  });

  it("that is left alone says until when and why, however often", () => {
    const five = lookAll("fffff").records.at(-1);
    if (five === undefined) throw new Error("there must be a record");
    const once = heldBack(five);
    expect(once).toEqual({ kind: "failed", detail: "not asked again before 2026-01-02T12:09:00.000Z: look 4" });
    const held = afterLook(five, { integration: "x", outcome: once, nowMs: START_MS + 5 * MINUTE_MS, asked: false });
    expect(heldBack(held)).toEqual(once);
    expect(held).toMatchObject({ failures: 5, openUntilMs: five.openUntilMs });
  });

  it("comes back from its item as it was", () => {
    for (const record of lookAll("huufffffnh").records) {
      expect(decodeRecord({ ...encodeRecord(record), sk: { S: "x" } })).toEqual([record]);
    }
  });

  it("is one line of bounded length", () => {
    const outcome: Outcome = { kind: "failed", detail: `a\nb\u0000${"c".repeat(1_000)}` };
    const { detail } = afterLook(undefined, { integration: "x", outcome, nowMs: START_MS, asked: true });
    expect(detail).toMatch(/^a b c{296}$/);
  });
});
