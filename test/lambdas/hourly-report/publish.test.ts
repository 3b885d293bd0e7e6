import { afterEach, describe, expect, it } from "vitest";
import { readDryRun } from "../../../lambdas/hourly-report/report-items.ts";
import { readItem } from "../../../lambdas/ledger-table.ts";
import type { XFaultKind } from "../../../sim/x-api/faults.ts";
import { ONE } from "../../fargate/minute-cases.ts";
import { HOUR, makeReportWorld, type ReportWorld } from "./report-world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const worlds: ReportWorld[] = [];
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()));
});

async function newWorld(options: Parameters<typeof makeReportWorld>[0] = {}): Promise<ReportWorld> {
  const world = await makeReportWorld(options);
  worlds.push(world);
  return world;
}

/** Books the hour after the last one, and moves to `afterMs` after the first report was due. */
async function nextHour(world: ReportWorld, hour: string, afterMs: number): Promise<void> {
  const dueMs = Date.parse(`${HOUR}:00:00.000Z`) + 75 * MINUTE_MS;
  await world.bookHour(hour);
  world.goTo(dueMs + afterMs);
  await world.audit();
}

const html = { status: 403, body: "<html>blocked</html>", type: "text/html" };
const problem = (status: number, detail = "no") => ({
  status,
  body: JSON.stringify({ title: "Problem", detail, type: "about:blank", status }),
  type: "application/problem+json",
});

describe("a report", () => {
  it("is posted once with its chart and its words, and stored", async () => {
    const world = await newWorld();
    const answer = await world.run();
    expect(answer).toMatchObject({ id: HOUR, state: "posted", reason: undefined });
    const [post] = world.x.posts;
    expect(world.x.posts).toHaveLength(1);
    expect(post).toMatchObject({ id: answer.tweetId, text: answer.text });
    expect(post?.altText).toContain("Four charts of market making on Sei");
    expect(Buffer.from(post?.png ?? []).equals(Buffer.from(world.files.get(answer.chartKey ?? "") ?? []))).toBe(true);
    expect([...world.files.keys()].map((key) => key.replace(/-[0-9a-f]{12}/, ""))).toEqual([
      `reports/${HOUR}.json`,
      `reports/${HOUR}.txt`,
      `reports/${HOUR}.png`,
    ]);
    expect(await world.report()).toMatchObject({ state: "posted", postedAt: new Date(post?.atMs ?? 0).toISOString() });
  });

  it("is posted once however often it is asked for, at once or one after the other", async () => {
    const world = await newWorld();
    await Promise.all([world.run(), world.run(), world.run()]);
    world.clock.advance(2 * HOUR_MS);
    await world.run();
    expect(world.x.posts).toHaveLength(1);
    expect(await world.report()).toMatchObject({ state: "posted" });
    expect(world.errors).toEqual([]);
  });

  it("is not posted by a dry run, which changes nothing of one that was posted", async () => {
    const world = await newWorld();
    expect(await world.run({ hour: HOUR, dryRun: true })).toMatchObject({ state: "dry-run", reason: undefined });
    expect(world.x.posts).toHaveLength(0);
    expect(await world.report()).toMatchObject({ state: "dry-run" });
    await world.run();
    expect(await world.run({ hour: HOUR, dryRun: true })).toMatchObject({ state: "dry-run" });
    expect(world.x.posts).toHaveLength(1);
    expect(await world.report()).toMatchObject({ state: "posted" });
  });

  it.each<readonly [string, (world: ReportWorld) => Promise<unknown>]>([
    ["posted", async (world) => await world.run()],
    [
      "waiting",
      async (world) => {
        world.keys = "broken";
        await world.run().catch(() => undefined);
      },
    ],
    [
      "failed",
      async (world) => {
        world.x.faults.strike("/2/tweets", problem(401));
        await world.run();
      },
    ],
    [
      "skipped",
      async (world) => {
        world.x.limits.exhaust("tweets", world.timing.epochMs() + HOUR_MS);
        await world.run();
      },
    ],
    ["dry-run", async (world) => await world.run({ hour: HOUR, dryRun: true })],
  ])("that is %s is not touched by a dry run, whose own stands beside it", async (state, prepare) => {
    const world = await newWorld();
    await prepare(world);
    const key = { pk: { S: "REPORT" }, sk: { S: HOUR } };
    const before = await readItem(world.table, key);
    expect(before?.["state"]).toEqual({ S: state });
    world.clock.advance(1_000);
    const answer = await world.run({ hour: HOUR, dryRun: true });
    expect(answer).toMatchObject({ id: HOUR, state: "dry-run" });
    expect(await readItem(world.table, key)).toEqual(before);
    expect(await readDryRun(world.table, HOUR)).toMatchObject({
      ...answer,
      madeAt: new Date(world.timing.epochMs()).toISOString(),
    });
  });

  it("is made without a post where there are no keys, and posted once there are", async () => {
    const world = await newWorld();
    world.keys = "none";
    expect(await world.run()).toMatchObject({ state: "dry-run", reason: "there are no keys of X" });
    expect(world.files.size).toBe(3);
    world.keys = "account";
    expect(await world.run()).toMatchObject({ state: "posted" });
  });

  it("waits while the keys cannot be read, and fails the run so that somebody looks", async () => {
    const world = await newWorld();
    world.keys = "broken";
    await expect(world.run()).rejects.toThrow("the keys cannot be read");
    expect(await world.report()).toMatchObject({ state: "waiting" });
    world.keys = "account";
    expect(await world.run()).toMatchObject({ state: "posted" });
  });
});

describe("the time between posts", () => {
  it("of 59 minutes and a half is waited for to the full hour", async () => {
    const world = await newWorld();
    await world.run();
    await nextHour(world, "2026-01-02T12", 59.5 * MINUTE_MS);
    expect(await world.run({ hour: "2026-01-02T12" })).toMatchObject({ state: "posted" });
    const [first, second] = world.x.posts;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(HOUR_MS);
  });

  it("of 50 minutes is waited for too, since the run has the time", async () => {
    const world = await newWorld();
    await world.run();
    await nextHour(world, "2026-01-02T12", 50 * MINUTE_MS);
    expect(await world.run({ hour: "2026-01-02T12" })).toMatchObject({ state: "posted" });
    const [first, second] = world.x.posts;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(HOUR_MS);
  });

  it("that does not come within the run leaves the report to the next one", async () => {
    const world = await newWorld();
    await world.run();
    await world.bookHour("2026-01-02T12");
    world.goTo(Date.UTC(2026, 0, 2, 13, 13, 50));
    await world.audit();
    expect(await world.run({ hour: "2026-01-02T12" }, { runMs: MINUTE_MS })).toMatchObject({ state: "waiting" });
    expect(world.x.posts).toHaveLength(1);
    world.goTo(Date.UTC(2026, 0, 2, 13, 15));
    expect(await world.run({ hour: "2026-01-02T12" })).toMatchObject({ state: "posted" });
  });

  it.each([
    [61 * MINUTE_MS, "2026-01-02T12"],
    [25 * HOUR_MS, "2026-01-03T12"],
  ])("of %i ms lets the next one through", async (afterMs, hour) => {
    const world = await newWorld();
    await world.run();
    // The position had a value all the time.
    await world.writeMinute("2026-01-03T10:59", ONE);
    await nextHour(world, hour, afterMs);
    expect(await world.run({ hour })).toMatchObject({ state: "posted" });
    expect(world.x.posts).toHaveLength(2);
  });

  it("never is below the hour, whatever the order and the moments of the runs", async () => {
    const world = await newWorld();
    const hours = ["2026-01-02T12", "2026-01-02T13", "2026-01-02T14"];
    for (const hour of hours) await world.bookHour(hour);
    world.goTo(Date.UTC(2026, 0, 2, 15, 10));
    await world.audit();
    for (const minutes of [0, 5, 31, 24, 1, 58, 3, 60, 59, 61]) {
      world.clock.advance(minutes * MINUTE_MS);
      await Promise.all([...hours, HOUR].map((hour) => world.run({ hour })));
    }
    const times = world.x.posts.map(({ atMs }) => atMs);
    expect(times).toHaveLength(4);
    for (const [index, atMs] of times.entries()) {
      if (index > 0) expect(atMs - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(HOUR_MS);
    }
  });
});

describe("a report that somebody asked for", () => {
  it("is posted before newer ones that the schedule made, also if it waited already", async () => {
    const world = await newWorld();
    for (const hour of ["2026-01-02T12", "2026-01-02T13"]) await world.bookHour(hour);
    world.goTo(Date.UTC(2026, 0, 2, 14, 15));
    await world.audit();
    world.keys = "broken";
    for (const hour of [12, 13, 14]) {
      const time = new Date(Date.UTC(2026, 0, 2, hour, 15)).toISOString();
      await world.run({}, { time }).catch(() => undefined);
    }
    await world.run({ hour: "2026-01-02T12" }).catch(() => undefined);
    world.keys = "account";
    await world.run({}, { time: "2026-01-02T14:15:00Z" });
    expect(world.x.posts.map(({ text }) => text.match(/\d\d:00–\d\d:00/)?.[0])).toEqual(["12:00–13:00"]);
    expect(await world.report("2026-01-02T13")).toMatchObject({ state: "waiting", isAsked: false });
  });
});

describe("a report that is late", () => {
  it("by more than 24 hours is stored and not posted", async () => {
    const world = await newWorld();
    world.goTo(Date.UTC(2026, 0, 3, 12, 0, 1));
    expect(await world.run()).toMatchObject({ state: "skipped", reason: "over 24 hours late" });
    expect(world.x.posts).toHaveLength(0);
    expect(world.files.size).toBe(3);
    // Nobody expected it to be posted.
    expect(world.errors).toEqual([]);
  });

  it("by more than 24 hours while it waited is an error", async () => {
    const world = await newWorld();
    world.keys = "broken";
    await world.run().catch(() => undefined);
    world.keys = "account";
    world.goTo(Date.UTC(2026, 0, 3, 12, 0, 1));
    expect(await world.run()).toMatchObject({ state: "skipped", reason: "over 24 hours late" });
    expect(world.errors).toHaveLength(1);
  });

  it("by 24 hours is posted", async () => {
    const world = await newWorld();
    world.goTo(Date.UTC(2026, 0, 3, 12));
    expect(await world.run()).toMatchObject({ state: "posted" });
  });

  it("waits with nine others at most: the oldest are stored unposted, the newest is posted first", async () => {
    const world = await newWorld();
    const hours = Array.from({ length: 12 }, (_, index) => new Date(Date.UTC(2026, 0, 2, 11 + index)));
    const ids = hours.map((hour) => hour.toISOString().slice(0, 13));
    for (const hour of ids.slice(1)) await world.bookHour(hour);
    world.goTo(Date.UTC(2026, 0, 2, 23, 15));
    await world.audit();
    world.keys = "broken";
    for (const hour of ids) await world.run({ hour }).catch(() => undefined);
    world.keys = "account";
    await world.run({ hour: ids[11] });
    const states = await Promise.all(ids.map(async (id) => (await world.report(id))?.state));
    expect(states).toEqual(["skipped", "skipped", ...Array(9).fill("waiting"), "posted"]);
    expect(await world.report(ids[0])).toMatchObject({ reason: "more than 10 newer reports wait" });
    expect(world.x.posts[0]?.text).toContain("2026-01-02 22:00–23:00 UTC");
  });
});

describe("X", () => {
  it("that limits us is waited for as its headers say, when the run's time allows", async () => {
    const world = await newWorld();
    world.x.limits.exhaust("tweets", world.timing.epochMs() + 10 * MINUTE_MS);
    expect(await world.run()).toMatchObject({ state: "posted" });
    expect(world.x.posts[0]?.atMs).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 2, 12, 25));
    expect(world.errors).toEqual([]);
  });

  it.each(["tweets", "upload"] as const)(
    "that limits our %s for longer makes us skip the hour, and says why",
    async (endpoint) => {
      const world = await newWorld();
      world.x.limits.exhaust(endpoint, world.timing.epochMs() + 15 * MINUTE_MS);
      const answer = await world.run();
      expect(answer).toMatchObject({
        state: "skipped",
        reason: expect.stringMatching(
          /^X takes nothing until 2026-01-02T12:30:0\d\.000Z \(HTTP 429: Rate limit exceeded\)$/,
        ),
      });
      expect(world.errors).toHaveLength(1);
      // The hour's turn was not used up.
      await nextHour(world, "2026-01-02T12", 20 * MINUTE_MS + 30 * MINUTE_MS);
      expect(await world.run({ hour: "2026-01-02T12" })).toMatchObject({ state: "posted" });
    },
  );

  it.each([400, 401, 402, 403])(
    "that answers %i fails the report, alarms, and lets it be asked for again",
    async (status) => {
      const world = await newWorld();
      world.x.faults.strike("/2/tweets", problem(status));
      expect(await world.run()).toMatchObject({
        state: "failed",
        reason: `X refused it (HTTP ${status}: Problem: no)`,
      });
      expect(world.errors).toHaveLength(1);
      expect(await world.run()).toMatchObject({ state: "posted" });
      expect(world.x.posts).toHaveLength(1);
    },
  );

  it.each<XFaultKind>(["before", "after", problem(503), html])(
    "whose answer is lost (%o) is asked once more, and posts once",
    async (fault) => {
      const world = await newWorld();
      world.x.faults.strike("/2/tweets", fault);
      expect(await world.run()).toMatchObject({ state: "posted" });
      expect(world.x.posts).toHaveLength(1);
      expect(world.errors).toEqual([]);
    },
  );

  it("that says the text is there already counts as posted", async () => {
    const world = await newWorld();
    world.x.faults.strike("/2/tweets", "after");
    expect(await world.run()).toMatchObject({
      state: "posted",
      tweetId: undefined,
      reason: expect.stringContaining("duplicate content"),
    });
  });

  it.each([
    ["after", "before"],
    ["before", "before"],
    ["before", problem(402)],
  ] as const)("that is silent twice (%o, %o) leaves a report that nobody posts again", async (first, second) => {
    const world = await newWorld();
    world.x.faults.strike("/2/tweets", first);
    world.x.faults.strike("/2/tweets", second);
    expect(await world.run()).toMatchObject({
      state: "failed",
      reason: expect.stringMatching(/^nobody knows whether X has it/),
    });
    expect(world.errors).toHaveLength(1);
    world.clock.advance(2 * HOUR_MS);
    await world.run();
    expect(world.x.posts.length).toBe(first === "after" ? 1 : 0);
    expect(await world.report()).toMatchObject({ state: "failed", mayBePosted: true });
  });

  it("that does not take the image is asked again, then left to the next run", async () => {
    const world = await newWorld();
    for (let attempt = 0; attempt < 3; attempt++) world.x.faults.strike("/initialize", problem(503));
    expect(await world.run()).toMatchObject({
      state: "waiting",
      reason: expect.stringContaining("could not be uploaded"),
    });
    expect(world.errors).toHaveLength(1);
    expect(await world.run()).toMatchObject({ state: "posted" });
  });

  it("that does not take the description gets the post without it", async () => {
    const world = await newWorld();
    world.x.faults.strike("/2/media/metadata", problem(403));
    expect(await world.run()).toMatchObject({ state: "posted" });
    expect(world.x.posts[0]?.altText).toBeUndefined();
  });
});
