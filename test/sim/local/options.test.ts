import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../../core/errors.ts";
import { HELP, parseOptions, type RunOptions } from "../../../sim/local/options.ts";

const DEFAULTS: RunOptions = {
  forMs: undefined,
  seed: 1,
  markets: undefined,
  tape: undefined,
  venue: "cambrian",
  chainFaultsPercent: 0,
  speed: 1,
  port: 0,
  dataDir: undefined,
  record: undefined,
  reportEveryMs: 60_000,
};

const faultOf = (...args: readonly string[]): string => {
  try {
    parseOptions(args);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error instanceof Error ? error.message : "";
  }
  return "no fault";
};

describe("options", () => {
  test.each<{ args: readonly string[]; gives: Partial<RunOptions> }>([
    { args: [], gives: {} },
    { args: ["--for", "60s"], gives: { forMs: 60_000 } },
    { args: ["--for=10m"], gives: { forMs: 600_000 } },
    { args: ["--for", "168h"], gives: { forMs: 604_800_000 } },
    { args: ["--seed", "0"], gives: { seed: 0 } },
    { args: ["--seed", "4294967295"], gives: { seed: 4_294_967_295 } },
    { args: ["--markets", "SEI/USDC, ATOM/USDC"], gives: { markets: ["SEI/USDC", "ATOM/USDC"] } },
    { args: ["--speed", "0.1"], gives: { speed: 0.1 } },
    { args: ["--speed", "100"], gives: { speed: 100 } },
    { args: ["--port", "65535"], gives: { port: 65_535 } },
    { args: ["--tape", "a.gz", "--data-dir", "d"], gives: { tape: "a.gz", dataDir: "d" } },
    { args: ["--record", "tapes"], gives: { record: "tapes" } },
    { args: ["--venue", "cambrian", "--data-dir", "d"], gives: { dataDir: "d" } },
    { args: ["--venue", "sei-chain"], gives: { venue: "sei-chain" } },
    {
      args: ["--venue", "sei-chain", "--chain-faults", "7.5"],
      gives: { venue: "sei-chain", chainFaultsPercent: 7.5 },
    },
    { args: ["--report-every", "30m"], gives: { reportEveryMs: 1_800_000 } },
    { args: ["--report-every", "off"], gives: { reportEveryMs: undefined } },
    { args: ["--seed", "3", "--seed", "4"], gives: { seed: 4 } },
  ])("$args are read", ({ args, gives }) => {
    expect(parseOptions(args)).toEqual({ ...DEFAULTS, ...gives });
  });

  const duration = "a duration up to 168h, such as 60s, 10m or 2h";
  const seed = "an integer from 0 to 4294967295";
  const symbols = "symbols such as SEI/USDC,ATOM/USDC, each once";
  const speed = "a number from 0.1 to 100";
  const port = "an integer from 0 to 65535";
  test.each([
    ["--for", duration, ["60", "0s", "-5s", "1.5m", "169h", "5d", "1e3s", " 5s", "", "9999999s", "NaNs"]],
    ["--seed", seed, ["x", "-1", "1.5", "4294967296", "0x10", "1e3", "", "NaN", "Infinity"]],
    ["--markets", symbols, ["sei/usdc", "SEI", "SEI/USDC,", "", "SEI/USDC,SEI/USDC", "A/B/C", "SEI USDC"]],
    ["--speed", speed, ["0", "0.09", "101", "fast", "-1", "1e2", "NaN", ""]],
    ["--report-every", "whole minutes from 1m to 30m, or off", ["0m", "31m", "60s", "1h", "1", "1.5m", "on", ""]],
    ["--venue", "cambrian or sei-chain", ["sei", "Cambrian", ""]],
    ["--chain-faults", "a number from 0 to 50", ["51", "-1", "5%", "1e1", ""]],
    ["--port", port, ["65536", "-1", "80.5", "http", "", "0x50"]],
  ] as const)("%s must be %s", (name, expected, bad) => {
    for (const value of bad) {
      expect(faultOf(`${name}=${value}`)).toBe(`${name} must be ${expected}, was ${JSON.stringify(value)}`);
    }
  });

  test.each([
    { args: ["--sed", "7"], says: "Unknown option '--sed'" },
    { args: ["run"], says: "Unexpected argument 'run'" },
    { args: ["--for"], says: "argument missing" },
    { args: ["--for", "--seed", "1"], says: "argument is ambiguous" },
    { args: ["--help=yes"], says: "does not take an argument" },
  ])("$args are refused with the reason", ({ args, says }) => {
    expect(faultOf(...args)).toMatch(/^options must be those of --help \(/);
    expect(faultOf(...args)).toContain(says);
  });

  test.each([
    { option: "--tape", reason: "a chain has an auction each block, where a tape cannot stand" },
    { option: "--data-dir", reason: "the simulated chain begins anew with each run" },
  ])("$option does not go with the chain", ({ option, reason }) => {
    const fault = faultOf("--venue", "sei-chain", option, "x");
    expect(fault).toBe(`${option} must be left out with --venue sei-chain (${reason}), was "x"`);
  });

  test("faults of a chain are of a run on the chain", () => {
    expect(faultOf("--chain-faults", "5")).toBe("--chain-faults must be used with --venue sei-chain, was 5");
  });

  test("--help wins over what else is wrong", () => {
    expect(parseOptions(["--seed", "x", "--help"])).toBe("help");
  });

  test("the help names each option that is read", () => {
    const values: Record<string, string> = {
      for: "1s",
      seed: "1",
      markets: "A/B",
      tape: "t",
      venue: "sei-chain",
      "chain-faults": "5",
      speed: "2",
      port: "1",
      "data-dir": "d",
      "report-every": "5m",
    };
    for (const [, name = ""] of HELP.matchAll(/^ {2}--([a-z-]+)/gm)) {
      const onChain = name === "chain-faults" ? ["--venue", "sei-chain"] : [];
      const args =
        name === "help" ? ["--help"] : [...onChain, `--${name}`, values[name] ?? "unknown option of the help"];
      expect(() => parseOptions(args)).not.toThrow();
    }
  });

  test("every text given as a number is either that number or refused", () => {
    const numbers = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String));
    fc.assert(
      fc.property(numbers, (value) => {
        const fault = faultOf(`--speed=${value}`);
        if (fault !== "no fault") return;
        const options = parseOptions([`--speed=${value}`]);
        expect(options).toMatchObject({ speed: Number(value) });
      }),
    );
  });
});
