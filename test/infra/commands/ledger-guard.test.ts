import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { LEDGER_FORMAT } from "../../../core/ledger-format.ts";
import { assertFormat, formatOfSource } from "../../../infra/commands/ledger-guard.ts";
import { parseStageCommand, UsageError } from "../../../infra/commands/stage-option.ts";
import { readVersion } from "../../../infra/commands/version.ts";

const repository = mkdtempSync(join(tmpdir(), "flashmm-versions-"));
afterAll(() => rmSync(repository, { recursive: true, force: true }));

const source = readFileSync(new URL("../../../core/ledger-format.ts", import.meta.url), "utf8");

describe("the ledger format of code", () => {
  test("is read out of its source", () => {
    expect(formatOfSource(source)).toBe(LEDGER_FORMAT);
    expect(formatOfSource(source.replace(/= \d+;/, "= 12;"))).toBe(12);
    for (const other of ["", "export const LEDGER_FORMAT = x;", "export const LEDGER_FORMAT = 0;"]) {
      expect(formatOfSource(other)).toBeUndefined();
    }
  });

  test("is read of a version by its tag, without checking it out", () => {
    const git = (...args: readonly string[]) =>
      execFileSync("git", ["-C", repository, "-c", "user.name=t", "-c", "user.email=t@t", ...args], {
        encoding: "utf8",
      });
    const commit = (tag: string) => {
      git("add", "-A");
      git("commit", "--quiet", "--allow-empty", "-m", tag);
      git("tag", tag);
    };
    git("init", "--quiet");
    commit("v0");
    mkdirSync(join(repository, "core"));
    writeFileSync(join(repository, "core/ledger-format.ts"), source.replace(/= \d+;/, "= 2;"));
    commit("v1");
    expect(readVersion(repository, "v0").format).toBeUndefined();
    expect(readVersion(repository, "v1")).toEqual({ commit: git("rev-parse", "v1").trim(), format: 2 });
    expect(() => readVersion(repository, "v2")).toThrow(UsageError);
    expect(() => readVersion(repository, "--all")).toThrow(
      "VERSION must be a tag, branch or commit of this repository",
    );
  });
});

describe("a version", () => {
  test.each<[string, number | undefined, number | undefined, RegExp | undefined]>([
    ["of the data's format may run", 2, 2, undefined],
    ["of a newer format may run", 3, 2, undefined],
    ["may run before there is data", 1, undefined, undefined],
    ["of an older format is refused", 1, 2, /^version v1 must know the ledger's format 2, knows 1: it could misread/],
    ["that says no format is refused", undefined, 1, /it says none: it is older than the number$/],
    ["that says no format is refused before there is data too", undefined, undefined, /it says none/],
  ])("%s", (_what, code, data, refusal) => {
    const asked = () => assertFormat("version v1", code, data);
    if (refusal === undefined) expect(asked).not.toThrow();
    else expect(asked).toThrow(refusal);
  });
});

describe("a command", () => {
  test("takes its stage, what stands alone, and leaves the rest to the CDK", () => {
    const parsed = parseStageCommand(["v1", "--stage", "testnet", "--dry-run", "--", "--require-approval", "never"]);
    expect(parsed).toMatchObject({ positionals: ["v1"], passed: ["--require-approval", "never"], dryRun: true });
    expect(parsed.settings.name).toBe("testnet");
  });

  test.each([
    [[], "--stage must be testnet or mainnet, was absent"],
    [["--stage", "main"], 'stage must be one of testnet, mainnet, was "main"'],
    [["--stag", "testnet"], /Unknown option '--stag'/],
  ])("of %j is refused", (args, message) => {
    expect(() => parseStageCommand(args)).toThrow(message);
  });
});
