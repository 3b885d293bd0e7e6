import { describe, expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { LEDGER_HELP, parseLedgerOptions } from "../../../sim/local/ledger-options.ts";

const SEI = "SEI/USDC";
const ALL = { market: undefined, dataDir: undefined };
const WHOLE = { from: undefined, to: undefined, out: undefined, dataDir: undefined };

describe("the ledger's command line", () => {
  test.each<[readonly string[], ReturnType<typeof parseLedgerOptions>]>([
    [["show"], { action: "show", hours: 24, isJson: false, ...ALL }],
    [
      ["show", "--market", SEI, "--hours", "0", "--json", "--data-dir", "d"],
      { action: "show", market: SEI, hours: 0, isJson: true, dataDir: "d" },
    ],
    [["verify"], { action: "verify", isJson: false, ...ALL }],
    [["--json", "verify"], { action: "verify", isJson: true, ...ALL }],
    [["rebuild", "--market", SEI], { action: "rebuild", market: SEI, isDryRun: false, dataDir: undefined }],
    [["rebuild", "--market", SEI, "--dry-run"], { action: "rebuild", market: SEI, isDryRun: true, dataDir: undefined }],
    [["export", "--market", SEI], { action: "export", market: SEI, ...WHOLE }],
    [
      ["export", "--market", SEI, "--from", "2026-01-02", "--to", "2026-01-02T03:04:05.678Z", "--out", "f.csv"],
      {
        action: "export",
        market: SEI,
        ...WHOLE,
        from: "2026-01-02T00:00:00.000Z",
        to: "2026-01-02T03:04:05.678Z",
        out: "f.csv",
      },
    ],
    [
      ["export", "--market", SEI, "--from", "2026-01-02T03:04Z", "--to", "2026-01-02T03:04:05Z"],
      { action: "export", market: SEI, ...WHOLE, from: "2026-01-02T03:04:00.000Z", to: "2026-01-02T03:04:05.000Z" },
    ],
    [["--help"], "help"],
    [["verify", "--help"], "help"],
  ])("%j is read", (args, expected) => {
    expect(parseLedgerOptions(args)).toEqual(expected);
  });

  test.each<[readonly string[], string]>([
    [[], 'the action must be show, verify, rebuild or export, was ""'],
    [["prove"], 'the action must be show, verify, rebuild or export, was "prove"'],
    [["show", "verify"], 'the action must be show, verify, rebuild or export, was "show verify"'],
    [["show", "--market", "sei"], '--market must be a symbol such as SEI/USDC, was "sei"'],
    [["show", "--hours", "-1"], "options must be those of --help ("],
    [["show", "--hours", "1.5"], '--hours must be a whole number from 0 to 10000, was "1.5"'],
    [["show", "--hours", "10001"], '--hours must be a whole number from 0 to 10000, was "10001"'],
    [["show", "--dry-run"], '--dry-run must be given with rebuild, was "show"'],
    [["rebuild", "--market", SEI, "--json"], '--json must be given with show or verify, was "rebuild"'],
    [["verify", "--hours", "3"], '--hours must be given with show, was "verify"'],
    [["verify", "--data-dir", ""], '--data-dir must be the folder of a local run, was ""'],
    [["rebuild"], "--market must be given with rebuild, such as SEI/USDC, was absent"],
    [["export"], "--market must be given with export, such as SEI/USDC, was absent"],
    [["export", "--market", SEI, "--from", "yesterday"], "--from must be a UTC time such as 2026-01-02 or 2026-01"],
    [["export", "--market", SEI, "--from", "2026-02-30"], "--from must be a UTC time"],
    [["export", "--market", SEI, "--to", "2026-01-02T03:04"], "--to must be a UTC time"],
    [
      ["export", "--market", SEI, "--from", "2026-01-02", "--to", "2026-01-02"],
      '--to must be after --from, 2026-01-02T00:00:00.000Z, was "2026-01-02T00:00:00.000Z"',
    ],
    [["export", "--market", SEI, "--out", ""], '--out must be a file, was ""'],
    [["show", "--now"], "options must be those of --help (Unknown option '--now'"],
  ])("%j is refused by name", (args, message) => {
    expect(() => parseLedgerOptions(args)).toThrow(message);
    expect(() => parseLedgerOptions(args)).toThrow(InputError);
  });

  test("each option and each action stands in the help", () => {
    for (const option of ["market", "hours", "json", "dry-run", "from", "to", "out", "data-dir", "help"])
      expect(LEDGER_HELP).toContain(`  --${option}`);
    for (const action of ["show", "verify", "rebuild", "export"]) expect(LEDGER_HELP).toContain(`\n  ${action} `);
    for (const line of LEDGER_HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});
