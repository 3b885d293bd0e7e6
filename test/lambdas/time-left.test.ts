import { expect, it, vi } from "vitest";
import { lessReserve, timeLeft } from "../../lambdas/time-left.ts";

it("the time that is left is the context's word", () => {
  const left = [60_000, 59_000];
  const read = timeLeft({ getRemainingTimeInMillis: () => left.shift() ?? 0 }, 5);
  expect([read(), read(), read()]).toEqual([60_000, 59_000, 0]);
});

it.each([undefined, null, {}, { getRemainingTimeInMillis: 7 }, "text"])(
  "where %o does not say, it counts down from a given time, to nothing",
  (context) => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
    const read = timeLeft(context, 30_000);
    expect(read()).toBe(30_000);
    now.mockReturnValue(21_000);
    expect(read()).toBe(10_000);
    now.mockReturnValue(41_000);
    expect(read()).toBe(0);
    now.mockRestore();
  },
);

it.each([
  [900_000, 840_000],
  [120_000, 60_000],
  [60_000, 30_000],
  [10_000, 5_000],
  [0, 0],
])("of %i ms %i may be worked in when a minute is kept at the end", (left, expected) => {
  expect(lessReserve(left, 60_000)).toBe(expected);
});
