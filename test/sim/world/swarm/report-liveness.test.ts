import { describe, expect, it } from "vitest";
import { hourPeriod, periodTitle } from "../../../../lambdas/hourly-report/period.ts";
import { storeReport } from "../../../../lambdas/hourly-report/report-items.ts";
import { InvariantError } from "../../../../sim/world/invariants.ts";
import { MinuteWatch } from "../../../../sim/world/swarm/minute-watch.ts";
import { mayRefuse, reportComes } from "../../../../sim/world/swarm/report-liveness.ts";
import { makeMemoryTableHost } from "../../../../sim/world/table-host.ts";
import { VirtualTime } from "../../../../sim/world/virtual-time.ts";

const [SEI, ATOM] = ["SEI/USDC", "ATOM/USDC"];
const AUDIT = "the fill audit of 2026-01-02T03:04:05.678Z";
const DIFFERENT = `${SEI}: ${AUDIT} is different (fills that differ: 1; the history is not read to its end yet)`;
const REPAIRING = `${SEI}: ${AUDIT} is repairing (fills missing and queued: 1)`;
const NO_MINUTE = `${SEI}: the task wrote no minute of the period`;

const NO_MID_BEFORE = `${SEI}: no mid was known for a day before the period, and the position had to be valued`;
const NO_MID = `${SEI}: no mid is known up to the period's end, and the position has to be valued`;

type Known = { readonly mayDiffer: boolean; readonly mustHave: boolean; readonly mustHaveBefore?: boolean };

describe("a report may be refused where", () => {
  it.each<[string, string, boolean, Known]>([
    ["fills differ and may", `refused: ${DIFFERENT}`, true, { mayDiffer: true, mustHave: true }],
    ["fills differ and may not", `refused: ${DIFFERENT}`, false, { mayDiffer: false, mustHave: false }],
    ["fills may differ and miss", `refused: ${REPAIRING}`, false, { mayDiffer: true, mustHave: false }],
    ["no minute had to be there", `refused: ${NO_MINUTE}`, true, { mayDiffer: false, mustHave: false }],
    ["a minute had to be there", `refused: ${NO_MINUTE}`, false, { mayDiffer: true, mustHave: true }],
    [
      "fills differ and more is wrong there",
      `refused: ${DIFFERENT}; ${SEI}: the hour's PnL is not proven yet`,
      true,
      { mayDiffer: true, mustHave: true },
    ],
    [
      "fills of another market differ",
      `refused: ${DIFFERENT}; ${ATOM}: the hour's PnL is not proven yet`,
      false,
      { mayDiffer: true, mustHave: false },
    ],
    [
      "one market differs and the other has no minute",
      `refused: ${DIFFERENT}; ${NO_MINUTE.replace(SEI, ATOM)}`,
      true,
      { mayDiffer: true, mustHave: false },
    ],
    ["no mid had to be there before", `refused: ${NO_MID_BEFORE}`, true, { mayDiffer: false, mustHave: true }],
    [
      "a mid had to be there before",
      `refused: ${NO_MID_BEFORE}`,
      false,
      { mayDiffer: true, mustHave: false, mustHaveBefore: true },
    ],
    ["no mid had to be there at all", `refused: ${NO_MID}`, true, { mayDiffer: false, mustHave: false }],
    ["a mid of the hour had to be there", `refused: ${NO_MID}`, false, { mayDiffer: true, mustHave: true }],
    [
      "a mid of before had to be there still",
      `refused: ${NO_MID}`,
      false,
      { mayDiffer: true, mustHave: false, mustHaveBefore: true },
    ],
    ["no market is named", "refused: markets have two quotes", false, { mayDiffer: true, mustHave: false }],
    ["X refused it", `X refused it (${DIFFERENT})`, false, { mayDiffer: true, mustHave: false }],
  ])("%s, or not", (_what, reason, expected, known) => {
    expect(mayRefuse(reason, { markets: [SEI, ATOM], mustHaveBefore: false, ...known })).toBe(expected);
  });
});

const FIRE_MS = 3_600_000;

type Post = readonly [atMs: number, hour: string];
type More = { readonly reason?: string; readonly lastClaimMs?: number; readonly killedMs?: number };

/** A world that fires each hour on the hour from 2026-01-02T04 on; posts appear as told. */
async function judged(posts: readonly Post[], more: More = {}) {
  const time = new VirtualTime();
  await time.pass(Date.parse("2026-01-02T03:30:00.000Z") - time.epochMs);
  const { nowMs } = time;
  const nextFireMs = () => time.nowMs - (time.epochMs % FIRE_MS) + FIRE_MS;
  const fireMs = nextFireMs();
  const { client, tableName } = makeMemoryTableHost("direct");
  const at = { id: "2026-01-02T03", to: "2026-01-02T04:00:00.000Z", madeAt: "2026-01-02T04:00:01.000Z" };
  const absent = { text: undefined, altText: undefined, chartKey: undefined, tweetId: undefined, postedAt: undefined };
  const report = { ...at, ...absent, state: "skipped", reason: more.reason, mayBePosted: false } as const;
  if (more.reason !== undefined) await storeReport({ client, tableName }, report, {});
  const fail = (rule: string, what: string) => {
    throw new InvariantError({ rule: "report", atMs: time.nowMs, what: `${rule}: ${what}` }, "");
  };
  const checks = { fail, note: () => undefined, throwNoted: () => undefined, minutes: new MinuteWatch() };
  const x = {
    get posts() {
      return posts
        .filter(([atMs]) => atMs <= time.nowMs - fireMs)
        .map(([atMs, hour]) => ({
          ...{ id: hour, text: `FlashMM ${periodTitle(hourPeriod(hour))}`, atMs },
          ...{ png: Buffer.alloc(0), altText: undefined },
        }));
    },
  };
  const host = {
    get kills() {
      return more.killedMs !== undefined && time.nowMs - fireMs >= more.killedMs ? 1 : 0;
    },
  };
  const lastClaimMs = more.lastClaimMs === undefined ? undefined : fireMs + more.lastClaimMs;
  await reportComes(
    { world: { time, table: { client, tableName } }, checks },
    {
      reports: { nextFireMs, errors: [], x, host },
      reportChecks: { lastClaimMs, lies: () => Promise.resolve([]) },
      deployment: { timeoutsMs: { "hourly-report": 900_000 } },
      markets: [SEI],
      mayDiffer: false,
    },
  );
  return Math.floor((time.nowMs - nowMs) / FIRE_MS);
}

describe("the report comes after healing", () => {
  it.each<[string, number, readonly Post[], More?]>([
    ["where its own hour is posted", 0, [[60_000, "2026-01-02T03"]]],
    ["where somebody had asked for it already", 0, [[-60_000, "2026-01-02T03"]]],
    ["where no minute of the hour had to be written", 0, [], { reason: `refused: ${NO_MINUTE}` }],
    [
      "an hour later, where another hour has taken its turn",
      1,
      [
        [60_000, "2026-01-02T02"],
        [FIRE_MS + 60_000, "2026-01-02T04"],
      ],
    ],
    ["an hour later, where a run was killed", 1, [[FIRE_MS + 60_000, "2026-01-02T04"]], { killedMs: 30_000 }],
    [
      "an hour later, where a claim of before left it no turn",
      1,
      [[FIRE_MS + 60_000, "2026-01-02T04"]],
      { lastClaimMs: -60_000 },
    ],
  ])("%s", async (_what, hours, posts, more) => {
    expect(await judged(posts, more)).toBe(hours);
  });

  it.each<[string, readonly Post[], More?]>([
    ["where nothing is posted", []],
    ["where a run was killed before", [[FIRE_MS + 60_000, "2026-01-02T04"]], { killedMs: -1 }],
    ["where its hour is posted after the run's time", [[920_000, "2026-01-02T03"]]],
    ["where it was refused for what could be mended", [], { reason: `refused: ${REPAIRING}` }],
    ["where a claim of long before left it its turn", [[FIRE_MS + 60_000, "2026-01-02T04"]], { lastClaimMs: -FIRE_MS }],
    [
      "where other hours take three turns",
      [
        [60_000, "2026-01-02T02"],
        [FIRE_MS + 60_000, "2026-01-02T01"],
        [2 * FIRE_MS + 60_000, "2026-01-02T00"],
        [3 * FIRE_MS + 60_000, "2026-01-02T06"],
      ],
    ],
  ])("and does not %s", async (_what, posts, more) => {
    await expect(judged(posts, more)).rejects.toThrow(InvariantError);
  });
});
