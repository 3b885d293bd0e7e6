import { expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { HELP, parseOptions } from "../../../sim/compare/options.ts";
import { REGIME_NAMES } from "../../../sim/compare/regimes.ts";
import { DEFAULT_STRATEGIES } from "../../../sim/compare/strategies.ts";

test("without options every strategy meets every regime on held-out seeds", () => {
  const asked = parseOptions(["--workers", "2"]);
  expect(asked).toEqual({
    type: "compare",
    options: {
      hours: 1,
      seeds: [101, 102, 103, 104, 105, 106],
      regimes: REGIME_NAMES,
      strategies: DEFAULT_STRATEGIES,
      config: "config/local.json",
      roundTripMs: 5,
      tape: undefined,
      json: undefined,
      png: undefined,
      workers: 2,
    },
  });
});

test("options are read", () => {
  const line =
    "--hours 0.5 --seeds 2 --first-seed 7 --regimes thin,tight --strategies ours,ours@a.json,fixed-spread --config b.json " +
    "--round-trip 40 --tape t.gz --json out.json --png out.png --workers 1";
  expect(parseOptions(line.split(" "))).toEqual({
    type: "compare",
    options: {
      hours: 0.5,
      seeds: [7, 8],
      regimes: ["thin", "tight"],
      strategies: ["ours", "ours@a.json", "fixed-spread"],
      config: "b.json",
      roundTripMs: 40,
      tape: "t.gz",
      json: "out.json",
      png: "out.png",
      workers: 1,
    },
  });
  expect(parseOptions(["--measure", "t.gz"])).toEqual({ type: "measure", tape: "t.gz" });
  expect(parseOptions(["--help"])).toEqual({ type: "help" });
});

test.each([
  [["--hours", "0"], '--hours must be a number from 0.01 to 168, was "0"'],
  [["--hours", "1e3"], '--hours must be a number from 0.01 to 168, was "1e3"'],
  [["--seeds", "1.5"], '--seeds must be an integer from 1 to 1000, was "1.5"'],
  [["--seeds", "0"], '--seeds must be an integer from 1 to 1000, was "0"'],
  [["--first-seed", "-1"], "--first-seed"],
  [["--regimes", "calm,wild"], "--regimes must be among calm, volatile, trending, thin, toxic, tight"],
  [["--regimes", "calm,calm"], "each once"],
  [["--strategies", "ours,"], "--strategies must be names with commas between them"],
  [["--strategies", "theirs"], "--strategies must be among ours, hummingbot-pmm"],
  [["--strategies", "toString"], "--strategies must be among"],
  [["--round-trip", "5000"], "--round-trip must be a number from 0 to 2000"],
  [["--workers", "0"], "--workers must be an integer from 1 to 64"],
  [["--png", "x.pdf"], '--png must be a file name that ends in .png, was "x.pdf"'],
  [["--pdf", "x.pdf"], "options must be those of --help"],
  [["calm"], "options must be those of --help"],
])("%j is refused by name", (args, message) => {
  expect(() => parseOptions(args)).toThrow(InputError);
  expect(() => parseOptions(args)).toThrow(message);
});

test("the help fits 100 columns and names every strategy and regime", () => {
  for (const line of HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  for (const name of [...DEFAULT_STRATEGIES, ...REGIME_NAMES]) expect(HELP).toContain(name);
});
