import { expect, it } from "vitest";
import * as z from "zod";
import { answerFault } from "../../core/answer-fault.ts";

const schema = z.object({
  rows: z.array(z.object({ id: z.string().regex(/^\d+$/, "digits"), size: z.number() })),
});

it.each([
  ["a value of another type", { rows: [{ id: "1", size: "2" }] }, 'answer.rows.0.size must be of type number, was "2"'],
  ["a text of another grammar", { rows: [{ id: "x", size: 2 }] }, 'answer.rows.0.id must be digits, was "x"'],
  ["what is not there", { rows: [{ id: "1" }] }, "answer.rows.0.size must be of type number, was absent"],
  ["no object at all", [], "answer must be of type object, was []"],
  [
    "an object that says it has a length",
    { rows: { length: {} } },
    'answer.rows must be of type array, was {"length":{}}',
  ],
])("a fault of %s names where it is, what belongs there and what stood there", (_what, answer, message) => {
  const { error } = schema.safeParse(answer);
  expect(error && answerFault("answer", answer, error).message).toBe(message);
});

it("an answer that is wrong in a thousand places is told in a line", () => {
  const answer = { rows: Array.from({ length: 1_000 }, () => ({ id: [], size: "" })) };
  const { error } = schema.safeParse(answer);
  const fault = error && answerFault("answer", answer, error);
  expect(fault?.message).toBe("answer.rows.0.id must be of type string, was []");
  expect(fault?.cause).toBeUndefined();
});
