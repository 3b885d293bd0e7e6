import { describe, expect, it } from "vitest";
import { judgeBeat, toBeat } from "../../../lambdas/health-sweep/heartbeat.ts";

const TERM = { termMs: 10_000 };

describe("a heartbeat", () => {
  it.each([
    ["of a moment ago is fresh at once", { ageMs: 900, notedAgeMs: 1_000, watchedMs: 0, unchangedMs: 0 }, "fresh"],
    ["of a moment ahead is fresh", { ageMs: -4_000, notedAgeMs: undefined, watchedMs: 0, unchangedMs: 0 }, "fresh"],
    ["from the far future is not believed", { ageMs: -60_000, notedAgeMs: 0, watchedMs: 0, unchangedMs: 0 }, "unsure"],
    [
      "that looks fresh and has stood for long is not believed",
      { ageMs: 1_000, notedAgeMs: -58_000, watchedMs: 0, unchangedMs: 59_000 },
      "unsure",
    ],
    ["of six seconds is watched", { ageMs: 6_000, notedAgeMs: 1_000, watchedMs: 0, unchangedMs: 0 }, "unsure"],
    [
      "of an hour is watched for a term first",
      { ageMs: 3_600_000, notedAgeMs: 1_000, watchedMs: 10_400, unchangedMs: 10_400 },
      "unsure",
    ],
    [
      "of 40 s, unchanged for a term, is silence",
      { ageMs: 40_000, notedAgeMs: 1_000, watchedMs: 10_500, unchangedMs: 10_500 },
      "silent",
    ],
    [
      "of 31 s by a clock that was seen 1 s behind is silence",
      { ageMs: 31_000, notedAgeMs: 1_000, watchedMs: 10_500, unchangedMs: 10_500 },
      "silent",
    ],
    [
      "of 30 s by a clock that was seen 1 s behind is not yet",
      { ageMs: 30_000, notedAgeMs: 1_000, watchedMs: 10_500, unchangedMs: 10_500 },
      "unsure",
    ],
    [
      "of 35 s by a clock that nobody has seen is not yet",
      { ageMs: 35_000, notedAgeMs: undefined, watchedMs: 10_500, unchangedMs: 10_500 },
      "unsure",
    ],
    [
      "of 40 s by a clock that nobody has seen is silence",
      { ageMs: 40_000, notedAgeMs: undefined, watchedMs: 10_500, unchangedMs: 10_500 },
      "silent",
    ],
    [
      "of a clock an hour behind is judged by what was seen",
      { ageMs: 3_612_000, notedAgeMs: 3_601_000, watchedMs: 11_000, unchangedMs: 11_000 },
      "unsure",
    ],
    [
      "that stood unchanged for 30 s is silence by any clock",
      { ageMs: -3_600_000, notedAgeMs: undefined, watchedMs: 30_000, unchangedMs: 30_000 },
      "silent",
    ],
    [
      "that never was, for 30 s, is silence",
      { ageMs: undefined, notedAgeMs: undefined, watchedMs: 30_000, unchangedMs: 30_000 },
      "silent",
    ],
  ] as const)("%s", (_what, view, verdict) => {
    expect(judgeBeat({ ...TERM, ...view })).toBe(verdict);
  });

  it("is watched for a longer term where the lease has one, but never for more than 30 s", () => {
    const view = { ageMs: 60_000, notedAgeMs: 0, watchedMs: 15_000, unchangedMs: 15_000 };
    expect(judgeBeat({ ...view, termMs: 20_000 })).toBe("unsure");
    expect(judgeBeat({ ...view, termMs: 60_000, watchedMs: 30_000, unchangedMs: 30_000 })).toBe("silent");
  });

  it("is the newest of the leases there are, and any write changes it", () => {
    const lease = (sk: string, version: number, second: number, epoch: number) => ({
      sk: { S: sk },
      owner: { S: sk },
      epoch: { N: `${epoch}` },
      version: { N: `${version}` },
      heartbeatAt: { S: `2026-01-02T12:00:${second}.000Z` },
    });
    const old = lease("a", 9, 10, 7);
    const beat = toBeat([old, lease("b", 1, 20, 3)]);
    expect(beat).toMatchObject({ owner: "b", epoch: 7, atMs: Date.UTC(2026, 0, 2, 12, 0, 20), termMs: 10_000 });
    expect(toBeat([old, lease("b", 1, 20, 3)]).key).toBe(beat.key);
    expect(toBeat([old, lease("b", 2, 20, 3)]).key).not.toBe(beat.key);
    expect(toBeat([])).toMatchObject({ atMs: undefined, owner: undefined, epoch: Number.POSITIVE_INFINITY });
  });
});
