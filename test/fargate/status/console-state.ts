/** A task with something to say in every part of the console: two markets, one halted by hand, alarms, an audit, reports. */
import type { HistoryPoint, ReportState, TaskState } from "../../../fargate/status/state.ts";
import { makeSeededRng } from "../../../sim/exchange/seeded-rng.ts";
import { makeMarketState, makeTaskState, NOW_MS } from "./task-state.ts";

const MINUTE_MS = 60_000;
const POINTS = 360;

const REASON = "ATOM/USDC: odd fills since 02:58";

export function makeConsoleState(changes: Partial<TaskState> = {}): TaskState {
  const atom = makeMarketState({
    market: "ATOM/USDC",
    base: "ATOM",
    mid: "9.1234",
    quoting: false,
    reasons: [`halted by flashmm.operator, ${REASON}`],
    openOrders: [],
    ordersUnknown: 0,
  });
  return makeTaskState({
    markets: [makeMarketState(), atom],
    control: {
      readable: true,
      readAgeMs: 140,
      markets: [
        { market: "SEI/USDC", state: "running", reason: null, by: null, at: null },
        {
          market: "ATOM/USDC",
          state: "halted",
          reason: REASON,
          by: "flashmm.operator",
          at: "2026-01-02T02:59:00.000Z",
        },
      ],
    },
    alarms: [
      {
        key: "dead-letters",
        severity: "critical",
        what: "Messages are set aside",
        detail: "1 in fills-dead-letters, 5 queues are empty",
        sinceMs: NOW_MS - 7 * MINUTE_MS,
        runbook: "docs/runbook.md#fills-set-aside",
      },
      {
        key: "halt ATOM/USDC",
        severity: "warning",
        what: "ATOM/USDC is halted by hand",
        detail: `${REASON} (flashmm.operator)`,
        sinceMs: NOW_MS - 5 * MINUTE_MS,
        runbook: "docs/runbook.md#stopping-and-resuming-by-hand",
      },
      {
        key: "unknown SEI/USDC",
        severity: "warning",
        what: "Orders of SEI/USDC of unknown outcome",
        detail: "1, which count in full as exposure until the venue proves their end",
        sinceMs: NOW_MS - 12_000,
        runbook: "docs/runbook.md#errors-that-are-counted",
      },
    ],
    audits: [makeAudit("SEI/USDC"), makeAudit("ATOM/USDC")],
    reports: [
      makeReport("2026-01-02T03", "posted"),
      makeReport("2026-01-02T02", "posted"),
      makeReport("2026-01-02T01", "failed"),
    ],
    integrations: INTEGRATIONS.map(([integration, detail]) => ({
      integration,
      healthy: integration !== "dead-letters",
      configured: true,
      detail,
      breaker: "closed",
      checkedAtMs: NOW_MS - 20_000,
      sinceMs: NOW_MS - (integration === "dead-letters" ? 7 : 108) * MINUTE_MS,
    })),
    errors: { "cambrian api stray-order": 1, "sei websocket repeated-book": 2 },
    ...changes,
  });
}

const INTEGRATIONS = [
  ["cambrian", "the account answers, 2 assets"],
  ["dead-letters", "1 in fills-dead-letters, 5 queues are empty"],
  ["dead-man", "the task's heartbeat is 0.9 s old"],
  ["dynamodb", "it answered in 9 ms"],
  ["fill-audit", "SEI/USDC clean, ATOM/USDC clean"],
  ["fills-queue", "no message waits"],
  ["grafana", "version 13.3.0 answers"],
  ["heartbeat", "epoch 12, 4 open orders, 0.9 s old"],
  ["sei-rest", "127.0.0.1:26657 answers"],
  ["sei-websocket", "connected, told 0.9 s ago"],
  ["x", "@flashmm may be posted as"],
] as const;

function makeAudit(market: string) {
  return {
    market,
    state: "clean",
    checkedAtMs: NOW_MS - 95_000,
    checkedThroughMs: NOW_MS - 215_000,
    againSinceMs: NOW_MS - 395_000,
    cleanAtMs: NOW_MS - 95_000,
    provenThrough: "2026-01-02T01",
    checkedTotal: 1_057,
    missing: 0,
    different: 0,
    unknownToVenue: 0,
    unprovenHours: 0,
    reason: null,
  };
}

function makeReport(id: string, state: string): ReportState {
  return {
    id,
    state,
    text: [
      "FlashMM on Sei, 03:00–04:00 UTC",
      "SEI/USDC: spread 39.6 % tighter, PnL +12.35 USDC, volume 18,234 USDC",
      "fill rate 7.4 %, two-sided 97.3 % of the hour",
    ].join("\n"),
    altText: "Profit over the hour, spread improvement, orders by outcome, volume",
    reason: state === "failed" ? "401: the keys of X are refused" : null,
    postedAtMs: state === "posted" ? NOW_MS - 49 * MINUTE_MS : null,
    hasChart: true,
  };
}

/** Half an hour that looks like a market, is the same each time, and ends at the figures of the state. */
export function makeWalk(): readonly HistoryPoint[] {
  const rng = makeSeededRng(11, "console");
  const step = (size: number) => (rng.next() + rng.next() + rng.next() - 1.5) * size;
  const now = { mid: 0.4214, others: 46, self: 22, position: 0, realized: 0 };
  const points = Array.from({ length: POINTS }, (_, index) => {
    now.mid += step(0.0001);
    now.others += (46 - now.others) * 0.12 + step(3);
    now.self += (22 - now.self) * 0.15 + step(2);
    const fill = rng.next() < 0.3 ? Math.round(step(160)) : 0;
    now.position = Math.round(now.position * 0.97) + fill;
    now.realized += Math.abs(fill);
    return { atMs: NOW_MS - 5_000 * (POINTS - 1 - index), ...now, noise: step(0.05) };
  });
  const last = points.at(-1) ?? now;
  return points.map(({ atMs, mid, others, self, position, realized, noise }, index) => {
    const toEnd = index / (POINTS - 1);
    const isLast = index === POINTS - 1;
    const realizedPnl = (1.2845 * realized) / last.realized;
    const held = position + Math.round((120 - last.position) * toEnd);
    return {
      atMs,
      mid,
      spreadOthersBps: isLast ? 47.45 : others,
      spreadSelfBps: isLast ? 21.35 : self,
      position: held,
      realizedPnl,
      totalPnl: realizedPnl + held * 0.000579 + (isLast ? 0 : noise),
    };
  });
}
