import { expect, test } from "vitest";
import { parseFuzzOptions } from "../../../sim/fuzz/fuzz-options.ts";

test("without options a million inputs of seed 1 run on two threads", () => {
  const usual = { inputs: 1_000_000, seed: 1, only: undefined, from: 0, workers: 2, out: "/tmp/x" };
  expect(parseFuzzOptions([], "/tmp/x")).toEqual(usual);
});

test("every option is read", () => {
  const line = "--inputs 5 --seed 4294967295 --only sei-frames --from 7 --workers 1 --out here";
  const read = { inputs: 5, seed: 4_294_967_295, only: "sei-frames", from: 7, workers: 1, out: "here" };
  expect(parseFuzzOptions(line.split(" "), "/tmp/x")).toEqual(read);
  expect(parseFuzzOptions(["--help"], "/tmp/x")).toBe("help");
});

test.each([
  [["--inputs", "0"], "--inputs must be a whole number from 1 to 1000000000"],
  [["--inputs", "1e6"], "--inputs must be a whole number"],
  [["--seed", "4294967296"], "--seed must be a whole number from 0 to 4294967295"],
  [["--seed", "-1"], "the command line must be options of --help"],
  [["--workers", "0"], "--workers must be a whole number from 1 to 64"],
  [["--colour"], "the command line must be options of --help"],
  [["sei-frames"], "the command line must be options of --help"],
])("%j is refused", (args, message) => {
  expect(() => parseFuzzOptions(args, "/tmp/x")).toThrow(message);
});
