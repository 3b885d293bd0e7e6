import { describe, expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { OPERATOR_HELP, parseOperatorOptions } from "../../../sim/local/operator-options.ts";

describe("the operator's command line", () => {
  test.each<[readonly string[], ReturnType<typeof parseOperatorOptions>]>([
    [["halt"], { action: "halt", market: undefined, reason: undefined, dataDir: undefined }],
    [
      ["halt", "--market", "SEI/USDC", "--reason", "odd fills", "--data-dir", "d"],
      { action: "halt", market: "SEI/USDC", reason: "odd fills", dataDir: "d" },
    ],
    [["--reason=ok", "resume"], { action: "resume", market: undefined, reason: "ok", dataDir: undefined }],
    [
      ["strategy", "--market", "SEI/USDC", "--file", "new.json", "--reason", "thin market"],
      { action: "strategy", market: "SEI/USDC", file: "new.json", reason: "thin market", dataDir: undefined },
    ],
    [
      ["strategy", "--market", "SEI/USDC", "--clear", "--data-dir", "d"],
      { action: "strategy", market: "SEI/USDC", file: undefined, reason: undefined, dataDir: "d" },
    ],
    [["--help"], "help"],
    [["halt", "--help"], "help"],
  ])("%j is read", (args, expected) => {
    expect(parseOperatorOptions(args)).toEqual(expected);
  });

  test.each<[readonly string[], string]>([
    [[], 'the action must be halt, resume or strategy, was ""'],
    [["stop"], 'the action must be halt, resume or strategy, was "stop"'],
    [["halt", "resume"], 'the action must be halt, resume or strategy, was "halt resume"'],
    [["halt", "--market", "sei"], '--market must be a symbol such as SEI/USDC, was "sei"'],
    [["halt", "--data-dir", ""], '--data-dir must be the folder of a local run, was ""'],
    [["resume"], "--reason must be given with a resume, was absent"],
    [["resume", "--reason", " "], '--reason must be given with a resume, was " "'],
    [["strategy", "--file", "f", "--reason", "r"], "--market must be given with a strategy, was absent"],
    [["strategy", "--market", "A/B", "--file", "f"], "--reason must be given with a strategy, was absent"],
    [["strategy", "--market", "A/B", "--reason", "r"], "strategy must be given either --file or --clear"],
    [["strategy", "--market", "A/B", "--clear", "--file", "f"], "strategy must be given either --file or --clear"],
    [["halt", "--clear"], '--file and --clear must be given with strategy alone, was "halt"'],
    [["resume", "--reason", "r", "--file", "f"], "--file and --clear must be given with strategy alone"],
    [["halt", "--now"], "options must be those of --help (Unknown option '--now'"],
    [["halt", "--market"], "options must be those of --help ("],
  ])("%j is refused by name", (args, message) => {
    expect(() => parseOperatorOptions(args)).toThrow(message);
    expect(() => parseOperatorOptions(args)).toThrow(InputError);
  });

  test("each option stands in the help", () => {
    for (const option of ["--market", "--file", "--clear", "--reason", "--data-dir", "--help"])
      expect(OPERATOR_HELP).toContain(`  ${option}`);
  });
});
