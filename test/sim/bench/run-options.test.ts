import { describe, expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { BENCHES, parseRunOptions, RUN_HELP } from "../../../sim/bench/run-options.ts";

describe("the command line of the benchmark", () => {
  test("without options everything is measured", () => {
    expect(parseRunOptions([])).toEqual({ mode: "bench", only: BENCHES, rounds: 25, file: "bench/results.json" });
  });

  test.each([
    [["--only", "hot"], { mode: "bench", only: ["hot"], rounds: 25, file: "bench/results.json" }],
    [
      ["--only", "hot,feed", "--rounds", "3", "--json", "x.json"],
      { mode: "bench", only: ["hot", "feed"], rounds: 3, file: "x.json" },
    ],
    [["--gate"], { mode: "gate", file: "bench/gate.json" }],
    [["--profile", "task"], { mode: "profile", name: "task", file: "bench/task.cpuprofile" }],
    [["--help"], { mode: "help" }],
  ])("reads %j", (args, expected) => {
    expect(parseRunOptions(args)).toEqual(expected);
  });

  test.each([
    [["--only", "fast"], /--only must be one of hot, .*, was "fast"/],
    [["--only", ""], /--only must be one of/],
    [["--rounds", "2"], /--rounds must be a whole number from 3 to 1000, was "2"/],
    [["--rounds", "1e3"], /--rounds must be/],
    [["--json", ""], /--json must be a file/],
    [["--profile", "gc"], /--profile must be one of task, usual, decision, feed/],
    [["--profile", "task", "--gate"], /--profile must be without other options, was "--gate"/],
    [["--gate", "--only", "hot"], /--gate must be without other options, was "--only"/],
    [["--fast"], /the command line must be options of --help/],
    [["hot"], /the command line must be options of --help/],
  ])("refuses %j", (args, message) => {
    expect(() => parseRunOptions(args)).toThrow(InputError);
    expect(() => parseRunOptions(args)).toThrow(message);
  });

  test("the help names every benchmark", () => {
    for (const name of BENCHES) expect(RUN_HELP).toContain(name);
  });
});
