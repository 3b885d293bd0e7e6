import { expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { HELP, parseReplayOptions } from "../../../sim/replay/options.ts";

test("files alone leave the rest to the defaults, the picture beside us", () => {
  expect(parseReplayOptions(["tapes/run-0001.jsonl.gz", "tapes/run-0002.jsonl.gz"])).toEqual({
    files: ["tapes/run-0001.jsonl.gz", "tapes/run-0002.jsonl.gz"],
    isSimulated: false,
    simulate: { symbol: undefined, config: "config/local.json", roundTripMs: 5, png: "run-0001.png" },
    simulateOnly: [],
  });
});

test("options are read", () => {
  const line = "t.gz --simulate --market A/B --config b.json --round-trip 40.5 --png out/x.png";
  expect(parseReplayOptions(line.split(" "))).toEqual({
    files: ["t.gz"],
    isSimulated: true,
    simulate: { symbol: "A/B", config: "b.json", roundTripMs: 40.5, png: "out/x.png" },
    simulateOnly: ["--market", "--config", "--round-trip", "--png"],
  });
  expect(parseReplayOptions(["--help"])).toBe("help");
});

test.each([
  [[], "FILE must be at least one recording or tape, was absent"],
  [["t.gz", "--round-trip", "2001"], '--round-trip must be a number from 0 to 2000, was "2001"'],
  [["t.gz", "--round-trip", "1e3"], "--round-trip must be a number from 0 to 2000"],
  [["t.gz", "--png", "t.gz"], '--png must be a file name that ends in .png, was "t.gz"'],
  [["t.gz", "--speed", "20"], "options must be those of --help"],
])("%j is refused by name", (args, message) => {
  expect(() => parseReplayOptions(args)).toThrow(InputError);
  expect(() => parseReplayOptions(args)).toThrow(message);
});

test("the help fits 100 columns", () => {
  for (const line of HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});
