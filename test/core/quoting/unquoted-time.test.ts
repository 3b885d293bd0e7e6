import { expect, it } from "vitest";
import { UnquotedTime } from "../../../core/quoting/unquoted-time.ts";

const HOUR_MS = 3_600_000;

it("is summed by reason, since the start and in the hour it ends in", () => {
  const time = new UnquotedTime();
  time.charge(400, "market-data", HOUR_MS + 1);
  time.charge(100, "unanswered", 2 * HOUR_MS - 1);
  time.charge(50, "market-data", 2 * HOUR_MS);
  time.charge(0, "loss", 2 * HOUR_MS);
  expect([...time.total]).toEqual([
    ["market-data", 450],
    ["unanswered", 100],
  ]);
  expect(time.hours.map(({ startEpochMs, millis }) => [startEpochMs / HOUR_MS, ...millis])).toEqual([
    [1, ["market-data", 400], ["unanswered", 100]],
    [2, ["market-data", 50]],
  ]);
});

it("keeps the hours of a day, and the sum of all", () => {
  const time = new UnquotedTime();
  for (let hour = 0; hour < 30; hour += 1) time.charge(1, "loss", hour * HOUR_MS);
  expect(time.hours.map(({ startEpochMs }) => startEpochMs / HOUR_MS)).toEqual(
    Array.from({ length: 24 }, (_, index) => index + 6),
  );
  expect(time.total.get("loss")).toBe(30);
});
