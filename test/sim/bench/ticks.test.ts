import { expect, test } from "vitest";
import { type Tick, toReport } from "../../../sim/bench/engine/ticks.ts";
import { toMonotonicMicros } from "../../../sim/bench/monotonic.ts";

const tick = (framedMs: number, writtenMs: number): Tick => ({ framedMs, writtenMs, answersMs: [writtenMs + 1] });
const venueTick = (sentMs: number, requestsMs: readonly number[]) => ({
  sentMicros: toMonotonicMicros(sentMs),
  requestsMicros: requestsMs.map(toMonotonicMicros),
});
const report = (done: readonly Tick[], ticks: ReturnType<typeof venueTick>[]) => {
  const { wire, arriving, inside, leaving } = toReport(done, { ticks, missed: 0, notes: [] });
  return [wire, arriving, inside, leaving].map((values) => values.map(Math.round));
};

test("the way of a tick has three parts: to its frame, to the write, to the venue", () => {
  expect(report([tick(1_000.1, 1_000.3)], [venueTick(1_000, [1_000.6])])).toEqual([[600], [100], [200], [300]]);
});

test("a request that was on its way before the tick's write is not its order", () => {
  expect(report([tick(1_000.1, 1_000.3)], [venueTick(1_000, [1_000.2, 1_000.7])])[0]).toEqual([700]);
});

test("ticks without an order lead to nothing", () => {
  const ticks = [venueTick(1_000, [1_000.5]), venueTick(2_000, []), venueTick(3_000, [3_000.4])];
  expect(report([tick(3_000.1, 3_000.2)], ticks)[0]).toEqual([400]);
});

test("an order that never came to the venue is none", () => {
  expect(report([tick(1_000.1, 1_000.3)], [venueTick(1_000, [])])[0]).toEqual([]);
});
