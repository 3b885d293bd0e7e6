import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { assert } from "../../../core/assert.ts";
import { InputError } from "../../../core/errors.ts";
import { signOf, toLots } from "../../../core/units.ts";
import { readSettings, runJob } from "../../../sim/compare/job.ts";
import { regimeOf } from "../../../sim/compare/regimes.ts";
import { runCompetitor } from "../../../sim/compare/run-competitor.ts";
import { SimulatedStage } from "../../../sim/compare/simulated-stage.ts";
import { DEFAULT_STRATEGIES, makeCompetitor } from "../../../sim/compare/strategies.ts";
import { runJobs } from "../../../sim/compare/worker-pool.ts";
import { CONFIG, makeJob } from "./compared.ts";

const folder = mkdtempSync(join(tmpdir(), "flashmm-compare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(DEFAULT_STRATEGIES)("%s never passes a limit of the venue, nor its position's", async (strategy) => {
  const { figures } = await runJob(makeJob(strategy));
  expect([figures.overRequests, figures.overPosition]).toEqual([0, 0]);
  expect(figures.inventoryShare).toBeLessThanOrEqual(1);
});

test.each(["ours", "fixed-spread", "hummingbot-pmm-10bps"])(
  "%s trades, and keeps to the limits with 40 ms to an answer too",
  async (strategy) => {
    const { figures } = await runJob(makeJob(strategy, { roundTripMs: 40 }));
    expect(figures.fills).toBeGreaterThan(0);
    expect([figures.overRequests, figures.overPosition]).toEqual([0, 0]);
  },
);

test("the same job gives the same outcome, and another seed another", async () => {
  const [first, again, other] = await Promise.all([
    runJob(makeJob("ours")),
    runJob(makeJob("ours")),
    runJob(makeJob("ours", { seed: 2 })),
  ]);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test("the count of workers changes nothing", async () => {
  const jobs = ["ours", "fixed-spread", "hummingbot-pmm"].map((strategy) => makeJob(strategy, { hours: 0.01 }));
  const counts: number[] = [];
  const one = await runJobs(jobs, { workers: 1, onDone: (done) => counts.push(done) });
  const two = await runJobs(jobs, { workers: 2, onDone: () => undefined });
  expect(two).toEqual(one);
  expect(counts).toEqual([1, 2, 3]);
});

test("a worker's fault names the job, and bad input is told as it is", async () => {
  const jobs = [makeJob("ours", { config: "/nowhere/else.json" })];
  await expect(runJobs(jobs, { workers: 1, onDone: () => undefined })).rejects.toMatchObject({
    code: "JOB_FAILED",
    isInput: true,
    message: expect.stringContaining("/nowhere/else.json must be a configuration file"),
  });
});

test("what is measured is what the fills told come to, and its parts add up", async () => {
  const { market, ...requests } = await readSettings(CONFIG, makeJob("ours").market);
  let [value, fees, position] = [0, 0n, 0];
  let fills = 0;
  const { figures } = runCompetitor(
    (terms) => {
      const peer = makeCompetitor("fixed-spread", { market, ...requests })(terms);
      const fill = peer.fill.bind(peer);
      peer.fill = (each, now) => {
        fills += 1;
        value += each.price * each.size;
        position += signOf(each.side) * each.size;
        fees += each.fee;
        fill(each, now);
      };
      return peer;
    },
    {
      stage: new SimulatedStage({ seed: 3, regime: regimeOf("calm") }),
      terms: {
        orderSize: market.strategy.orderSize,
        positionMax: market.limits.position,
        levels: 2,
        levelSpacingBps: 5,
        halfSpreadBps: 6,
        requests: { perSecond: 10, placementsInFlight: 5 },
      },
      latency: { feedMs: 0, outMs: 0, backMs: 0 },
      capital: 4_215,
      durationMs: 300_000,
      epochMs: 0,
    },
  );
  expect(fills).toBeGreaterThan(20);
  expect(figures.fills).toBe(fills);
  expect(figures.volume).toBeCloseTo(value * 1e-4, 6);
  expect(figures.fees).toBeCloseTo(Number(fees) / 1e18, 9);
  expect(figures.capture + figures.inventory - figures.fees).toBeCloseTo(figures.pnl, 6);
  expect(Math.abs(position)).toBeLessThanOrEqual(market.limits.position);
});

test("ours of another file runs by that file, under the terms of the common one", async () => {
  const file = join(folder, "wide.json");
  const config: unknown = JSON.parse(readFileSync(CONFIG, "utf8"));
  assert(typeof config === "object" && config !== null, "the configuration is an object");
  const wide = JSON.stringify(config).replace(/"halfSpreadBps":\d+/, '"halfSpreadBps":18');
  writeFileSync(file, wide);
  const [ours, other] = await Promise.all([runJob(makeJob("ours")), runJob(makeJob(`ours@${file}`))]);
  expect(other.figures.spreadImprovementBps ?? 0).toBeLessThan(ours.figures.spreadImprovementBps ?? 0);
});

test.each([
  ["no JSON", "{", "must be JSON"],
  ["no configuration", "{}", "must be a configuration file"],
])("a file that is %s is refused by name", async (_, text, message) => {
  const file = join(folder, "bad.json");
  writeFileSync(file, text);
  await expect(readSettings(file, makeJob("ours").market)).rejects.toThrow(InputError);
  await expect(readSettings(file, makeJob("ours").market)).rejects.toThrow(message);
});

test("on a tape each competitor stands in the recorded market, at sizes of the same value", async () => {
  const file = join(folder, "tape.jsonl.gz");
  const at = (second: number) => new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString();
  const lines = Array.from({ length: 60 }, (_, second) => {
    const book = { market_id: "ETH/USDT", timestamp: at(second), bids: '[["2000.0","5"]]', asks: '[["2001.0","5"]]' };
    const trade = {
      market_id: "ETH/USDT",
      timestamp: at(second),
      trade_id: `T${second}`,
      price: "1990.5",
      quantity: "2.01",
      side: "sell",
    };
    const events = [
      { type: "OrderBookUpdate", attributes: book },
      ...(second % 10 === 9 ? [{ type: "Trade", attributes: trade }] : []),
    ];
    return JSON.stringify({ atMs: Date.UTC(2024, 0, 1) + second * 1_000, events });
  });
  writeFileSync(file, gzipSync(`${lines.join("\n")}\n`));
  const market = { type: "tape", files: [file] } as const;
  const settings = await readSettings(CONFIG, market);
  // 500 SEI at 0.4215 are 210.75; a lot of 0.01 ETH at 2,000.5 is 20.005: 11 lots.
  expect(settings.market.strategy.orderSize).toBe(toLots(11));
  const { figures } = await runJob(makeJob("fixed-spread", { market }));
  expect(figures.seconds).toBe(59);
  expect(figures.fills).toBeGreaterThan(0);
  expect(figures.spreadOthersBps).toBeCloseTo(1e4 / 2_000.5, 6);
  expect([figures.overRequests, figures.overPosition]).toEqual([0, 0]);
});
