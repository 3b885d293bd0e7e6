import { describe, expect, test } from "vitest";
import { parseFillMessage } from "../../../core/messages.ts";
import { FILLS_AN_HOUR, makeBenchFill } from "../../../sim/bench/bench-fills.ts";
import { BATCH_SIZE } from "../../../sim/bench/bench-handler.ts";
import { parseBenchOptions } from "../../../sim/bench/bench-options.ts";

describe("the benchmark's command line", () => {
  test("takes a million fills and four milliseconds when nothing is said", () => {
    expect(parseBenchOptions([])).toEqual({ fills: 1_000_000, delayMs: 4 });
    expect(parseBenchOptions(["--fills", "20000", "--delay", "0"])).toEqual({ fills: 20_000, delayMs: 0 });
    expect(parseBenchOptions(["--help"])).toBe("help");
  });

  test.each([
    [["--fills", "many"], "--fills must be a whole number from 5000 to 5000000"],
    [["--fills", "10"], "--fills must be a whole number from 5000 to 5000000"],
    [["--delay", "-1"], "the command line must be options of --help"],
    [["--delay", "1.5"], "--delay must be a whole number from 0 to 1000"],
    [["--speed"], "the command line must be options of --help"],
  ])("%j is refused by name", (args, expected) => {
    expect(() => parseBenchOptions(args)).toThrow(expected);
  });
});

describe("the benchmark's fills", () => {
  test("are valid, in venue order and never the same", () => {
    const fills = [0, 1, 2, 499, 500, FILLS_AN_HOUR, 1_000_000].map((number) => makeBenchFill("SEI/USDC", number));
    expect(fills.map(({ venueTime }) => venueTime)).toEqual(fills.map(({ venueTime }) => venueTime).sort());
    expect(new Set(fills.map(({ fillId }) => fillId)).size).toBe(fills.length);
    for (const fill of fills) expect(() => parseFillMessage(fill)).not.toThrow();
  });

  test("fill each hour with whole batches", () => {
    expect(FILLS_AN_HOUR % BATCH_SIZE).toBe(0);
  });
});
