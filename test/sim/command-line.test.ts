/** What all commands of the simulator do with their line. */
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { InputError } from "../../core/errors.ts";
import { runCommand, wholeNumber } from "../../sim/command-line.ts";

let out: string;
let faults: string;
beforeEach(() => {
  out = "";
  faults = "";
  const into = (take: (text: string) => void) => (text: unknown) => {
    take(String(text));
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(into((text) => (out += text)));
  vi.spyOn(process.stderr, "write").mockImplementation(into((text) => (faults += text)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const refused = () => new InputError({ what: "--seed", expected: "a number", was: "x" });

describe("a command", () => {
  it("is told its options, and answers its own exit code", async () => {
    const command = { parse: (args: readonly string[]) => args.length, help: "", run: async (n: number) => n };
    expect(await runCommand(["a", "b"], command)).toBe(2);
  });

  it("says its help, and runs nothing", async () => {
    const run = () => Promise.reject(new Error("it ran"));
    expect(await runCommand([], { parse: () => "help" as const, help: "what it does\n", run })).toBe(0);
    expect(out).toBe("what it does\n");
  });

  const parsed = () => "options";
  const unread = (): string => {
    throw refused();
  };
  it.each([
    ["its line", unread, () => Promise.resolve(0)],
    ["what it asks for", parsed, () => Promise.reject(refused())],
  ])("ends with 64 and plain words where %s cannot be had", async (_, parse, run) => {
    expect(await runCommand([], { parse, help: "", run })).toBe(64);
    expect(faults).toBe(`${refused().message}\n`);
  });

  it("does not hide a bug", async () => {
    const run = () => Promise.reject(new TypeError("a bug"));
    await expect(runCommand([], { parse: () => "options", help: "", run })).rejects.toThrow("a bug");
  });
});

const RANGE = { usual: 7, min: 1, max: 10 };

test.each([
  [undefined, 7],
  ["1", 1],
  ["10", 10],
])("of 1 to 10, usually 7, %s is %s", (text, value) => {
  expect(wholeNumber("--seed", text, RANGE)).toBe(value);
});

test.each(["0", "11", "", "1.5", "-1", "0x2", "1e1", " 2", "１"])("of 1 to 10, %j is refused by name", (text) => {
  expect(() => wholeNumber("--seed", text, RANGE)).toThrow(
    `--seed must be a whole number from 1 to 10, was ${JSON.stringify(text)}`,
  );
});
