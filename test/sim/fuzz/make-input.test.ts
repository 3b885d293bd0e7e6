import fc from "fast-check";
import { expect, test } from "vitest";
import { toText, toTree } from "../../../sim/fuzz/json-tree.ts";
import { makeCorpus, makeInput } from "../../../sim/fuzz/make-input.ts";
import { makeRecordings } from "../../../sim/fuzz/recordings.ts";
import { shrink } from "../../../sim/fuzz/shrink.ts";

const corpus = makeCorpus({ name: "frames", recordings: makeRecordings().frames });
const INPUTS = Array.from({ length: 500 }, (_, index) => index);

test("JSON as a tree is written as it was read", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const tree = toTree(text);
      expect(tree === undefined ? undefined : JSON.parse(toText(tree))).toEqual(JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

test("an input follows from the seed and its number alone", () => {
  const inputs = INPUTS.map((index) => makeInput(corpus, 1, index));
  expect(INPUTS.toReversed().map((index) => makeInput(corpus, 1, index))).toEqual(inputs.toReversed());
  const others = INPUTS.map((index) => makeInput(corpus, 2, index));
  expect(inputs.filter((input, index) => others[index]?.equals(input)).length).toBeLessThan(INPUTS.length / 20);
});

test("most inputs are JSON still, and nearly all are none of the recordings", () => {
  const isJson = (input: Buffer) => {
    try {
      JSON.parse(input.toString("utf8"));
      return true;
    } catch {
      return false;
    }
  };
  const inputs = INPUTS.map((index) => makeInput(corpus, 1, index));
  expect(inputs.filter(isJson).length).toBeGreaterThan(INPUTS.length / 2);
  const recorded = new Set(corpus.recordings.map((bytes) => bytes.toString("latin1")));
  expect(inputs.filter((input) => recorded.has(input.toString("latin1"))).length).toBeLessThan(INPUTS.length / 10);
});

test("a corpus without a recording is refused", () => {
  expect(() => makeCorpus({ name: "none", recordings: [] })).toThrow("none must have a recording");
});

test("a shrunk input fails still, is never longer, and is one letter where one letter is at fault", async () => {
  const fails = async (input: Buffer) => input.includes("q");
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (head, tail) => {
      expect((await shrink(Buffer.from(`${head}q${tail}`, "utf8"), fails)).toString("utf8")).toBe("q");
    }),
    { numRuns: 50 },
  );
  const frame = Buffer.from('{"a":[1,2,{"b":"[[\\"3\\"]]","c":{"wrong":true}}],"d":4}', "utf8");
  const smallest = await shrink(frame, async (input) => {
    try {
      return input.includes("wrong") && typeof JSON.parse(input.toString("utf8")) === "object";
    } catch {
      return false;
    }
  });
  expect(JSON.parse(smallest.toString("utf8"))).toEqual({ wrong: 0 });
});
