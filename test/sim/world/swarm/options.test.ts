import { expect, it } from "vitest";
import { parseSimulateOptions } from "../../../../sim/world/swarm/options.ts";

it.each([
  [["--seed", "7"], { type: "seeds", first: 7, last: 7 }],
  [["--seeds", "3..9"], { type: "seeds", first: 3, last: 9 }],
  [["--hours", "200", "--least", "200"], { type: "hours", hours: 200, seedsMin: 200 }],
  [["--double", "50"], { type: "double", seeds: 50 }],
] as const)("%j is understood", (args, wanted) => {
  expect(parseSimulateOptions(args)).toMatchObject({ wanted, workers: 2, isShrunk: true, isTraced: false });
});

it("help is help", () => {
  expect(parseSimulateOptions(["--help"])).toBe("help");
});

it.each([
  [[], "what to run"],
  [["--seed", "1", "--hours", "2"], "was"],
  [["--seed", "-1"], "options"],
  [["--seed", "1e3"], "--seed"],
  [["--seeds", "9..3"], "--seeds"],
  [["--workers", "0", "--seed", "1"], "--workers"],
  [["--sed", "1"], "options"],
] as const)("%j is refused by name", (args, named) => {
  expect(() => parseSimulateOptions(args)).toThrow(named);
});
