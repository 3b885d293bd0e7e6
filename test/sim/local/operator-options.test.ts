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
    [["--help"], "help"],
    [["halt", "--help"], "help"],
  ])("%j is read", (args, expected) => {
    expect(parseOperatorOptions(args)).toEqual(expected);
  });

  test.each<[readonly string[], string]>([
    [[], 'the action must be halt or resume, was ""'],
    [["stop"], 'the action must be halt or resume, was "stop"'],
    [["halt", "resume"], 'the action must be halt or resume, was "halt resume"'],
    [["halt", "--market", "sei"], '--market must be a symbol such as SEI/USDC, was "sei"'],
    [["halt", "--data-dir", ""], '--data-dir must be the folder of a local run, was ""'],
    [["resume"], "--reason must be given with a resume, was absent"],
    [["resume", "--reason", " "], '--reason must be given with a resume, was " "'],
    [["halt", "--now"], "options must be those of --help (Unknown option '--now'"],
    [["halt", "--market"], "options must be those of --help ("],
  ])("%j is refused by name", (args, message) => {
    expect(() => parseOperatorOptions(args)).toThrow(message);
    expect(() => parseOperatorOptions(args)).toThrow(InputError);
  });

  test("each option stands in the help", () => {
    for (const option of ["--market", "--reason", "--data-dir", "--help"])
      expect(OPERATOR_HELP).toContain(`  ${option}`);
  });
});
