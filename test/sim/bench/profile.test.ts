import { expect, test } from "vitest";
import { type CpuProfile, selfTimes } from "../../../sim/bench/profile.ts";

const frame = (functionName: string, url: string, lineNumber: number) => ({ functionName, url, lineNumber });

const PROFILE: CpuProfile = {
  startTime: 1_000,
  nodes: [
    { id: 1, callFrame: frame("decide", "file:///repo/core/engine.ts", 99) },
    { id: 2, callFrame: frame("", "file:///repo/node_modules/ws/lib/receiver.js", 9) },
    { id: 3, callFrame: frame("(idle)", "", -1) },
  ],
  // At 1,010 (for 20), 1,030 (for 10), 1,040 (for 60) and 1,100.
  samples: [1, 2, 1, 3],
  timeDeltas: [10, 20, 10, 60],
};

test("a function's own time is that of its samples, each until the next", () => {
  expect(selfTimes(PROFILE, "/repo/")).toEqual([
    { place: "decide  core/engine.ts:100", micros: 80 },
    { place: "(anonymous)  ws/lib/receiver.js:10", micros: 10 },
  ]);
});

test("only samples taken within a window count, and no further than its end", () => {
  const windows = [
    [1_000, 1_020],
    [1_035, 1_050],
  ] as const;
  expect(selfTimes(PROFILE, "/repo/", windows)).toEqual([{ place: "decide  core/engine.ts:100", micros: 20 }]);
});
