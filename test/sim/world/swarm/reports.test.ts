import { expect, it } from "vitest";
import { drawPlan } from "../../../../sim/world/swarm/plan.ts";
import { expectedLines, type MarketTruth } from "../../../../sim/world/swarm/report-truth.ts";
import { runSeed } from "../../../../sim/world/swarm/run-seed.ts";

const CHEAP = { blockMs: 2_500, moveMs: 40_000, takeMs: 20_000, levels: 1, depth: "direct" } as const;

it("the report of the hour comes at its minute, through a post of which nobody knows, and stands at X once", async () => {
  const wishes = { minutes: 16, only: "x/server-error,report/repeated", shape: { ...CHEAP, reportsFromMinute: 58 } };
  const drawn = drawPlan(5, wishes);
  const [round] = drawn.rounds;
  const atMs = 900_000 - (round?.calmMs ?? 0);
  const lasting = { round: 0, atMs, lastsMs: 600_000 };
  const struck = { path: "/2/tweets", when: "after", times: 1, status: 503, html: true };
  const plan = {
    ...drawn,
    rounds: [{ calmMs: round?.calmMs ?? 0, faultsMs: atMs + 240_000 }],
    episodes: [
      { ...lasting, kind: "x/server-error", parameters: struck },
      { ...lasting, kind: "report/repeated", parameters: { chance: 1 } },
    ],
  };
  const untilMs = 20 * 60_000;
  const { violation, coverage, simulatedMs } = await runSeed({ seed: 5, plan, untilMs });
  expect(violation).toBeUndefined();
  expect(simulatedMs).toBeGreaterThan(untilMs - 1_000);
  expect(coverage.marks).toMatchObject({ "report delivered twice": 1, "hourly-report invoked": 2 });
  expect(coverage.marks["report posted"]).toBeGreaterThan(0);
});

const fill = (time: string, side: "buy" | "sell", price: string, quantity: string) => ({
  ...{ fillId: time, orderId: "O", clientOrderId: "fm", market: "SEI/USDC", side, price, quantity },
  ...({ fee: "0.01", feeAsset: "USDC", liquidity: "maker", timestamp: `2026-01-02T${time}:00.000Z` } as const),
});

const minute = (at: string, mid: bigint, twoSidedSeconds: number) => ({
  ...{ minute: `2026-01-02T${at}`, epoch: 1, measuredSeconds: 60, twoSidedSeconds, position: 0n, realizedPnl: 0n },
  ...{ ordersPlaced: 4, ordersCancelled: 2, ordersFilled: 1, drawdownPercent: 0 },
  spreads: { othersBps: 40, selfBps: 20, improvementBps: 20 },
  marked: { mid: mid * 10n ** 16n, unrealizedPnl: 0n, equity: 0n },
});

/** A hundred bought at 0.40 before the hour and marked at 0.41 when it begins; sixty sold at 0.45 in it, the rest marked at 0.43. */
const TRUTH: MarketTruth = {
  fills: [fill("02:50", "buy", "0.40", "100"), fill("03:30", "sell", "0.45", "60")],
  minutes: [minute("02:59", 41n, 60), minute("03:10", 42n, 30), minute("03:59", 43n, 60)],
};

it("what a report must say is made of the venue's fills and the minutes: profit is what the account is worth more", () => {
  const lines = expectedLines("2026-01-02T03", [TRUTH], true).map((spellings) => spellings.at(-2) ?? spellings.at(-1));
  expect(lines).toEqual([
    "📊 Volume 27.00 USDC",
    // 60 × 0.45 − 0.01 in cash, 40 × 0.43 in hand, less the 100 × 0.41 that stood there before.
    "💰 PnL +3.19 USDC",
    "📈 Spread improvement 50.0 %",
    "🎯 Fill rate 25.0 %",
    "⏱️ Uptime 2.5 %",
  ]);
});

it("where minutes may be missing only the volume is held to anything", () => {
  expect(expectedLines("2026-01-02T03", [TRUTH, TRUTH], false)).toEqual([["📊 Volume 54.00 USDC"]]);
});
