/**
 * A run that is killed at any of its effects, and what the runs after it make of it. To end before an effect is to end after the one before
 * it, so each is struck after it took place, and the first one before it too.
 */
import { expect, it } from "vitest";
import { CLAIM_MS } from "../../../lambdas/hourly-report/posting-gate.ts";
import { HOUR, makeReportWorld, type ReportWorld, type Strike } from "./report-world.ts";

const NEXT = "2026-01-02T12";
const HOUR_MS = 3_600_000;

/** By then the report is made and stored, in each of these runs alike. */
const MADE = 13;

/** Lambda tries again after a minute; the next hour's run comes an hour later, and the last one has long been due. */
async function runsAfter(world: ReportWorld): Promise<void> {
  world.clock.advance(60_000);
  await world.run();
  await world.bookHour(NEXT);
  world.goTo(Date.parse("2026-01-02T13:15:00.000Z"));
  await world.audit();
  for (const waitMs of [0, HOUR_MS + CLAIM_MS, 24 * HOUR_MS]) {
    world.clock.advance(waitMs);
    await world.run({ hour: NEXT });
  }
}

async function expectSound(world: ReportWorld, what: string): Promise<void> {
  const title = "2026-01-02 11:00–12:00 UTC";
  const posts = world.x.posts.filter(({ text }) => text.includes(title));
  const report = await world.report();
  expect(posts.length, what).toBeLessThanOrEqual(1);
  if (report?.state === "posted") expect(posts.length, what).toBe(1);
  else expect(report?.reason ?? "", what).toMatch(/\w/);
  expect(["posted", "skipped", "failed"], what).toContain(report?.state);
  expect((await world.report(NEXT))?.state, what).toBe("posted");
  const times = world.x.posts.map(({ atMs }) => atMs);
  for (const [index, atMs] of times.entries()) {
    if (index > 0) expect(atMs - (times[index - 1] ?? 0), what).toBeGreaterThanOrEqual(HOUR_MS);
  }
}

async function strikeOnce(strike: Strike, prepare: (world: ReportWorld) => void): Promise<"struck" | "over"> {
  const world = await makeReportWorld();
  try {
    prepare(world);
    const ended = await world.run({ hour: HOUR }, { strike }).then(
      () => "over" as const,
      () => "struck" as const,
    );
    await runsAfter(world);
    await expectSound(world, `${strike.how} effect ${strike.at}`);
    return ended;
  } finally {
    await world.stop();
  }
}

it.each([
  ["in a run where all goes well", () => undefined, 1, 20],
  [
    "in a run whose first post is carried out and its answer lost",
    (world) => world.x.faults.strike("/2/tweets", "after"),
    MADE,
    22,
  ],
  ["in a run that X limits", (world) => world.x.limits.exhaust("tweets", world.timing.epochMs() + 60_000), MADE, 28],
] as const satisfies readonly (readonly [string, (world: ReportWorld) => void, number, number])[])(
  "a process that ends anywhere %s never leads to a second post, nor to an hour without a word",
  async (_when, prepare, first, least) => {
    await strikeOnce({ at: 1, how: "before" }, prepare);
    let at = first;
    while ((await strikeOnce({ at, how: "after" }, prepare)) === "struck") at++;
    // Every effect was struck: reads, files, item, image, claim, post, record.
    expect(at).toBeGreaterThan(least);
  },
  60_000,
);
