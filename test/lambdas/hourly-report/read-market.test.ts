import { afterAll, describe, expect, it } from "vitest";
import { hourPeriod, spanPeriod } from "../../../lambdas/hourly-report/period.ts";
import { readMarket } from "../../../lambdas/hourly-report/read-market.ts";
import { readAmount, toMarketKey } from "../../../lambdas/ledger-items.ts";
import { readHours, readItem } from "../../../lambdas/ledger-table.ts";
import { ONE } from "../../fargate/minute-cases.ts";
import { makeMessage } from "../fill-accounting/make-messages.ts";
import { announce, putFactItem, putItem, remove, spoil } from "../made-ledger.ts";
import { HOUR, makeReportWorld, type ReportWorld } from "./report-world.ts";

const PERIOD = hourPeriod(HOUR);

const worlds: ReportWorld[] = [];
afterAll(async () => {
  await Promise.all(worlds.map((world) => world.stop()));
});

async function newWorld(): Promise<ReportWorld> {
  const world = await makeReportWorld();
  worlds.push(world);
  return world;
}

const read = (world: ReportWorld, period = PERIOD) => readMarket(world.table, world.market, period);

describe("an hour that was audited and proven", () => {
  it("has the figures of the ledger's own items, and of its proof", async () => {
    const world = await newWorld();
    const outcome = await read(world);
    if (outcome.type !== "figures") throw new Error(outcome.reasons.join("; "));
    const [hour] = await readHours(world.table, world.market, { from: HOUR, to: HOUR });
    const { volume, realizedPnl, fees, fillCount, unrealizedChange } = outcome.figures;
    expect({ volume, realizedPnl, fees, fillCount }).toEqual({
      volume: hour?.volume,
      realizedPnl: hour?.realizedPnl,
      fees: hour?.fees,
      fillCount: 2,
    });
    const proof = await readItem(world.table, { pk: { S: `AUDIT#${world.market}` }, sk: { S: `HOUR#${HOUR}` } });
    expect(realizedPnl).toBe(readAmount(proof ?? {}, "realizedChange"));
    expect(unrealizedChange).toBe(readAmount(proof ?? {}, "unrealizedChange"));
    expect(outcome.figures).toMatchObject({ ordersPlaced: 36, ordersFilled: 6, spreadMinutes: 3 });
  });

  it("begins where the hour before ended", async () => {
    const world = await newWorld();
    await world.bookHour("2026-01-02T12");
    world.goTo(Date.UTC(2026, 0, 2, 13, 15));
    await world.audit();
    const outcome = await read(world, hourPeriod("2026-01-02T12"));
    if (outcome.type !== "figures") throw new Error(outcome.reasons.join("; "));
    // 40 were left over, and 40 are added.
    expect(outcome.figures.closing.position).toBe(80n * ONE);
    expect(outcome.figures.fillCount).toBe(2);
  });

  it("may be reported in parts, which need no proof", async () => {
    const world = await newWorld();
    const outcome = await read(world, spanPeriod(`${HOUR}:30`, `${HOUR}:59:30`));
    if (outcome.type !== "figures") throw new Error(outcome.reasons.join("; "));
    expect(outcome.figures.fillCount).toBe(1);
  });
});

const auditKey = (world: ReportWorld, sk: string) => ({ pk: { S: `AUDIT#${world.market}` }, sk: { S: sk } });

describe("an hour is refused, and why is said", () => {
  it.each<readonly [string, (world: ReportWorld) => Promise<unknown>, string]>([
    [
      "nobody has audited it",
      async (world) => await remove(world.table, auditKey(world, "LATEST")),
      "the fills were never audited",
    ],
    [
      "a fill is missing",
      async (world) => {
        world.history.add("lost", `${HOUR}:40:00.000Z`);
        await world.audit({ restart: true });
      },
      "is repairing (fills missing and queued: 1",
    ],
    [
      "the hour's item was spoilt",
      async (world) => {
        await spoil(world.table, world.market, { sk: `HOUR#${HOUR}`, path: "volume", value: { N: "1" } });
      },
      "the hour's item is not what the hour's fills come to",
    ],
    [
      "the hour's item was written after its proof",
      async (world) => {
        await spoil(world.table, world.market, { sk: `HOUR#${HOUR}`, path: "version", value: { N: "77" } });
      },
      "was written after it was proven",
    ],
    [
      "the hour is not proven",
      async (world) => await remove(world.table, auditKey(world, `HOUR#${HOUR}`)),
      "the hour's PnL is not proven yet",
    ],
    [
      "the hour's item is gone",
      async (world) => await remove(world.table, toMarketKey(world.market, `HOUR#${HOUR}`)),
      "the hour's item must be there for 2 fills, was absent",
    ],
    [
      "a fill waits to be booked",
      async (world) => {
        const late = makeMessage({ fillId: "late", market: world.market, venueTime: `${HOUR}:50:00.000Z` });
        await putFactItem(world.table, late);
        await announce(world.table, world.market, [`${late.venueTime}#late`]);
      },
      `1 fills up to ${PERIOD.to} wait to be booked`,
    ],
    [
      "a late fill has taken the books back, and they are not past the hour again",
      async (world) => {
        const value = { S: `${HOUR}:05:00.000Z` };
        await spoil(world.table, world.market, { sk: "POSITION", path: "lastFillTime", value });
      },
      `the books must stand past ${PERIOD.to}, were at ${HOUR}:05:00.000Z`,
    ],
    [
      "a late fill was booked into the hour, whose item is not written yet",
      async (world) => {
        await spoil(world.table, world.market, { sk: "POSITION", path: "version", value: { N: "99" } });
      },
      `the books must stand past ${PERIOD.to}, were at ${HOUR}:35:00.000Z`,
    ],
    [
      "its minutes are gone",
      async (world) => {
        for (const minute of ["04", "20", "59"]) {
          await remove(world.table, { pk: { S: `ENGINE#${world.market}` }, sk: { S: `MINUTE#${HOUR}:${minute}` } });
        }
      },
      "the task wrote no minute of the period",
    ],
  ])("when %s", async (_when, spoilIt, reason) => {
    const world = await newWorld();
    await spoilIt(world);
    const outcome = await read(world);
    expect(outcome.type).toBe("refused");
    expect(outcome.type === "refused" && outcome.reasons.join("\n")).toContain(`${world.market}: `);
    expect(outcome.type === "refused" && outcome.reasons.join("\n")).toContain(reason);
  });

  it("when the audit has not come past its end", async () => {
    const world = await newWorld();
    const outcome = await read(world, spanPeriod(`${HOUR}:30`, "2026-01-02T12:14"));
    expect(outcome.type === "refused" && outcome.reasons[0]).toMatch(
      /the fill audit must have come past .*12:14.*, was at .*12:13/,
    );
  });

  it("and the stored report says so, in the place of figures", async () => {
    const world = await newWorld();
    await remove(world.table, auditKey(world, `HOUR#${HOUR}`));
    expect(await world.run()).toMatchObject({
      state: "skipped",
      text: undefined,
      reason: expect.stringMatching(/^refused: /),
    });
    expect(world.x.posts).toHaveLength(0);
    await world.audit();
    expect(await world.run()).toMatchObject({ state: "posted" });
  });

  it("but a fold that is done in a moment is waited for, whoever asks", async () => {
    const world = await newWorld();
    const key = toMarketKey(world.market, "POSITION");
    const position = await readItem(world.table, key);
    await spoil(world.table, world.market, { sk: "POSITION", path: "version", value: { N: "99" } });
    world.clock.after(1_500, () => void putItem(world.table, position ?? {}));
    expect(await world.run()).toMatchObject({ state: "posted" });
  });

  it("but the hour's own run waits for the next audit, and no longer", async () => {
    const world = await newWorld();
    const key = auditKey(world, `HOUR#${HOUR}`);
    const proof = await readItem(world.table, key);
    await remove(world.table, key);
    const startMs = world.timing.epochMs();
    expect(await world.run({})).toMatchObject({ id: HOUR, state: "skipped" });
    expect(world.timing.epochMs() - startMs).toBe(6 * 60_000);
    world.clock.after(4 * 60_000, () => void putItem(world.table, proof ?? {}));
    expect(await world.run({})).toMatchObject({ id: HOUR, state: "posted" });
  });
});
