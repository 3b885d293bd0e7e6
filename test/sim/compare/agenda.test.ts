import fc from "fast-check";
import { expect, test } from "vitest";
import { Agenda } from "../../../sim/compare/agenda.ts";

test("entries run by time, and those of one time in the order they were put down", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (times) => {
      const agenda = new Agenda();
      const ran: number[] = [];
      for (const [index, atMs] of times.entries()) agenda.put(atMs, () => ran.push(index));
      while (agenda.nextMs < Number.POSITIVE_INFINITY) agenda.runNext();
      const expected = [...times.keys()].sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
      expect(ran).toEqual(expected);
    }),
  );
});

test("an entry may put down further ones, also at its own moment", () => {
  const agenda = new Agenda();
  const ran: string[] = [];
  agenda.put(5, () => {
    ran.push("first");
    agenda.put(5, () => ran.push("third"));
  });
  agenda.put(5, () => ran.push("second"));
  while (agenda.nextMs <= 5) agenda.runNext();
  expect(ran).toEqual(["first", "second", "third"]);
  expect(agenda.nextMs).toBe(Number.POSITIVE_INFINITY);
});
