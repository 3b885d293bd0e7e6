import { describe, expect, test } from "vitest";
import { betterOf, gateVerdict } from "../../../sim/bench/gate.ts";
import { exactly, makeRow, meets, tableText } from "../../../sim/bench/row.ts";

const row = { bench: "hot", what: "tick-to-wire p50", unit: "×" };

describe("a line's verdict", () => {
  test.each([
    ["met where it is at most the goal", { atMost: 1.6 }, 1.6, "met"],
    ["missed where it is above it", { atMost: 1.6 }, 1.61, "missed"],
    ["met where it is at least the goal", { atLeast: 3 }, 3, "met"],
    ["missed where it is below it", { atLeast: 3 }, 2.9, "missed"],
    ["shown where there is no goal", undefined, 2, "shown"],
    ["void where nothing was measured", { atMost: 1.6 }, Number.NaN, "void"],
  ])("is %s", (_, goal, value, verdict) => {
    expect(makeRow({ ...row, goal, figure: exactly(value) }).verdict).toBe(verdict);
  });

  test("is void where the controls were off, whatever the figure is", () => {
    const made = makeRow({ ...row, goal: { atMost: 1.6 }, figure: exactly(1), voidReasons: ["the floor moved"] });
    expect(made).toMatchObject({ verdict: "void", notes: ["the floor moved"] });
  });
});

describe("the gate", () => {
  test.each([
    [{ atMost: 2 }, 2.6, true],
    [{ atMost: 2 }, 2.61, false],
    [{ atLeast: 3 }, 2.31, true],
    [{ atLeast: 3 }, 2.3, false],
  ])("takes a goal of %j at 1.3 times: %d", (goal, value, isGood) => {
    expect(meets(goal, value, 1.3)).toBe(isGood);
    expect(gateVerdict(makeRow({ ...row, goal, figure: exactly(value) }), [])).toBe(isGood ? "passed" : "failed");
  });

  test("a void run fails nobody, and neither does a figure without a goal", () => {
    const noise = { ...row, goal: { atMost: 1 }, figure: exactly(9), voidReasons: ["noise"] };
    expect(gateVerdict(makeRow(noise))).toBe("void");
    expect(gateVerdict(makeRow({ ...row, goal: undefined, figure: exactly(9) }))).toBe("passed");
  });

  test.each([
    ["within it", 5, "over"],
    ["beyond it", 5.1, "failed"],
    ["at the goal after all", 2.6, "passed"],
  ])("says of a goal that has a ceiling and is missed %s what it is", (_, value, verdict) => {
    const ceilings = [{ bench: "hot", what: "p50", atMost: 5, because: "known" }];
    const made = makeRow({ ...row, goal: { atMost: 2 }, figure: exactly(value) });
    expect(gateVerdict(made, ceilings)).toBe(verdict);
    expect(gateVerdict({ ...made, bench: "feed" }, ceilings)).toBe(value > 2.6 ? "failed" : "passed");
  });

  test("takes the better of two answers, line by line, and a valid one before one that is void", () => {
    const line = (what: string, value: number, goal: { atMost: number } | { atLeast: number }, isVoid = false) =>
      makeRow({ ...row, what, goal, figure: exactly(value), voidReasons: isVoid ? ["busy"] : [] });
    const [most, least] = [{ atMost: 2 }, { atLeast: 3 }];
    const first = [line("a", 3, most), line("b", 4, least), line("c", 1, most, true), line("d", 2, most)];
    const second = [line("a", 2, most), line("b", 5, least), line("c", 9, most), line("d", 1, most, true)];
    expect(betterOf(first, second).map(({ figure }) => figure.median)).toEqual([2, 5, 9, 2]);
  });
});

test("the table says what, goal, figure with quartiles, what it is held to, and how to repeat it", () => {
  const made = makeRow({
    ...row,
    goal: { atMost: 1.6 },
    figure: { q1: 1.4, median: 1.5, q3: 1.55 },
    floor: { what: "floor", figure: exactly(15.6), unit: "µs" },
    notes: ["25 rounds"],
  });
  expect(made.command).toBe("npm run bench -- --only hot");
  const [head, line, note] = tableText([made]).split("\n");
  expect(head).toMatch(/bench +what +goal +figure \(quartiles\) +held to/);
  expect(line).toMatch(/^met +hot +tick-to-wire p50 +≤ 1\.60 × +1\.50 \(1\.40–1\.55\) × +floor 15\.6 µs$/);
  expect(note?.trim()).toBe("25 rounds");
});
