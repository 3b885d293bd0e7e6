import { expect, it } from "vitest";
import { CutReadings } from "../../../../sim/world/swarm/cut-readings.ts";

const MARKET = "SEI/USDC";
const at = (time: string) => `2026-01-02T03:${time}.000Z`;
const ms = (time: string) => Date.parse(at(time));
const RUN_MS_MAX = 60_000;

/** A fact of 03:10, altered at 03:15. */
const ALTERED = { sinceMs: ms("15:00"), venueTime: at("10:00") };

/** A run that was cut short: its version, when it began, and through where it came. Its word is lost unless told otherwise. */
type Cut = readonly [version: number, began: string, through: string | undefined, isWordLost?: boolean];
type Run = readonly [version: number, began: string, from: string | undefined];

function mustKnow(cuts: readonly Cut[], [version, began, from]: Run, market = MARKET): boolean {
  const readings = new CutReadings(RUN_MS_MAX);
  for (const [cutVersion, cutBegan, through, isWordLost = false] of cuts) {
    const beganMs = ms(cutBegan);
    const cut = { version: cutVersion, through: through && at(through) };
    readings.noteCut(MARKET, cut, beganMs + 30_000);
    if (!isWordLost) readings.noteWord(MARKET, { version: cutVersion, beganMs });
  }
  return readings.mustKnow(market, { version, beganMs: ms(began), checkedFrom: from && at(from) }, ALTERED);
}

it.each<[string, boolean, readonly Cut[], Run]>([
  ["began before the fact was altered", false, [], [7, "14:59", "00:00"]],
  ["began in that very moment", false, [], [7, "15:00", "00:00"]],
  ["began since, before the fact", true, [], [7, "15:01", "00:00"]],
  ["began since, at the beginning of the history", true, [], [7, "15:01", undefined]],
  ["began anew since, behind the fact: it reads again what is so young", true, [], [7, "15:01", "12:00"]],
  ["goes on behind the fact with a reading of before", false, [[6, "14:30", "12:00"]], [7, "15:01", "12:00"]],
  ["goes on at the fact, which either may have read", false, [[6, "14:30", "10:00"]], [7, "15:01", "10:00"]],
  ["goes on before the fact with a reading of before", true, [[6, "14:30", "09:59"]], [7, "15:01", "09:59"]],
  ["goes on behind the fact with a reading that began since", true, [[6, "15:01", "12:00"]], [7, "15:30", "12:00"]],
  ["goes on where an older run was cut, not the last one", true, [[5, "14:30", "12:00"]], [7, "15:01", "12:00"]],
  [
    "goes on with what went on behind the fact with a reading of before",
    false,
    [
      [5, "14:30", "11:00"],
      [6, "15:01", "12:00"],
    ],
    [7, "15:30", "12:00"],
  ],
  [
    "goes on with what went on before the fact, since it was altered",
    true,
    [
      [5, "14:30", "09:00"],
      [6, "15:01", "12:00"],
    ],
    [7, "15:30", "12:00"],
  ],
  [
    "goes on with what was cut at the beginning of the history",
    true,
    [
      [5, "14:30", undefined],
      [6, "15:01", "12:00"],
    ],
    [7, "15:30", "12:00"],
  ],
  ["goes on with a run without a word, perhaps of before", false, [[6, "15:20", "12:00", true]], [7, "16:00", "12:00"]],
  ["goes on with a run without a word, surely of since", true, [[6, "15:31", "12:00", true]], [7, "17:00", "12:00"]],
])("a run must know of an altered fact or not: it %s", (_what, expected, cuts, run) => {
  expect(mustKnow(cuts, run)).toBe(expected);
});

it("a reading of another market that was cut excuses nothing", () => {
  expect(mustKnow([[6, "14:30", "12:00"]], [7, "15:01", "12:00"], "ATOM/USDC")).toBe(true);
});
