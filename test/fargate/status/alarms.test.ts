import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AlarmWatch } from "../../../fargate/status/alarm-watch.ts";
import { RUNBOOK } from "../../../fargate/status/alarms.ts";
import type { AlarmState, TaskState } from "../../../fargate/status/state.ts";
import { makeMarketState, makeTaskState, NOW_MS } from "./task-state.ts";

const LOOK = { integration: "x", healthy: false, configured: true, breaker: "closed", checkedAtMs: NOW_MS };
const AUDIT = {
  market: "SEI/USDC",
  state: "clean",
  checkedAtMs: NOW_MS - 60_000,
  checkedThroughMs: NOW_MS - 180_000,
  againSinceMs: null,
  cleanAtMs: NOW_MS - 60_000,
  provenThrough: "2026-01-02T01",
  checkedTotal: 57,
  missing: 0,
  different: 0,
  unknownToVenue: 0,
  unprovenHours: 0,
  reason: null,
};
const FEED = makeTaskState().feed;
const VENUE = makeTaskState().venue;
const RISK = makeTaskState().risk;
const well = makeMarketState({ ordersUnknown: 0 });

/** All is well but for `changes`, which last a quarter of an hour. */
function alarmsAfter(changes: Partial<TaskState>, healthReasons: readonly string[] = []): readonly AlarmState[] {
  const watch = new AlarmWatch();
  for (const nowMs of [NOW_MS - 900_000, NOW_MS]) {
    watch.look({ ...makeTaskState({ markets: [well], ...changes, nowMs }), healthReasons });
  }
  return watch.alarms;
}

function halted(by: string, reason: string): Partial<TaskState> {
  const market = { market: "SEI/USDC", state: "halted", reason, by, at: "2026-01-02T03:00:00.000Z" };
  return { control: { readable: true, readAgeMs: 1, markets: [market] } };
}

describe("alarms", () => {
  test("there is none while all is well", () => {
    expect(
      alarmsAfter({ audits: [AUDIT], integrations: [{ ...LOOK, healthy: true, detail: "", sinceMs: 0 }] }),
    ).toEqual([]);
  });

  test.each<{ what: string; state: Partial<TaskState>; reasons?: readonly string[]; is: Partial<AlarmState> }>([
    {
      what: "a latched kill",
      state: { risk: { ...RISK, latch: "the drawdown is 5 %" } },
      is: { severity: "critical", detail: "the drawdown is 5 %", runbook: RUNBOOK.limit },
    },
    {
      what: "a drawdown at the alert",
      state: { risk: { ...RISK, drawdownPercent: 3 } },
      is: { severity: "critical", what: "Drawdown is 3 % or more", runbook: RUNBOOK.limit },
    },
    {
      what: "reducing",
      state: { risk: { ...RISK, tradingState: "reducing" } },
      is: { severity: "warning", runbook: RUNBOOK.limit },
    },
    {
      what: "a halt by hand",
      state: halted("flashmm.operator", "ALL: lunch"),
      is: {
        severity: "warning",
        what: "SEI/USDC is halted by hand",
        detail: "ALL: lunch (flashmm.operator)",
        sinceMs: Date.parse("2026-01-02T03:00:00.000Z"),
        runbook: RUNBOOK.byHand,
      },
    },
    {
      what: "a kill of the engine's own",
      state: halted("task-7f3a", "SEI/USDC: repeated execution"),
      is: {
        severity: "critical",
        what: "SEI/USDC is halted until an operator resumes",
        runbook: RUNBOOK.limit,
      },
    },
    {
      what: "a halt of the fill audit",
      state: halted("fill-audit", "SEI/USDC: an hour does not add up"),
      is: {
        severity: "critical",
        what: "SEI/USDC is halted by the fill audit until an operator resumes",
        detail: "SEI/USDC: an hour does not add up (fill-audit)",
        runbook: RUNBOOK.audit,
      },
    },
    {
      what: "a market that is not quoted",
      state: {},
      reasons: ["SEI/USDC: book is older than 1000 ms"],
      is: {
        severity: "critical",
        what: "SEI/USDC is not quoted",
        detail: "book is older than 1000 ms",
        runbook: RUNBOOK.halted,
      },
    },
    {
      what: "a start that hangs",
      state: { phase: "starting", startup: [{ step: "reconcile", state: "running", detail: "try 9" }] },
      reasons: ["the task is starting"],
      is: { severity: "warning", detail: "reconcile: try 9", runbook: RUNBOOK.start },
    },
    {
      what: "a stale book",
      state: { markets: [{ ...well, bookAgeMs: 5_001 }] },
      is: { severity: "critical", detail: "the newest book is 5.0 s old", runbook: RUNBOOK.halted },
    },
    {
      what: "unknown orders",
      state: { markets: [{ ...well, ordersUnknown: 2 }] },
      is: { severity: "warning", what: "Orders of SEI/USDC of unknown outcome", runbook: RUNBOOK.errors },
    },
    {
      what: "positions that differ",
      state: { markets: [{ ...well, differences: ["the venue holds 7"] }] },
      is: { severity: "critical", detail: "the venue holds 7", runbook: RUNBOOK.positions },
    },
    {
      what: "refused parameters",
      state: { markets: [{ ...well, strategyRefused: ["the file: bad"] }] },
      is: { severity: "warning", runbook: RUNBOOK.configuration },
    },
    {
      what: "no endpoint",
      state: { feed: { ...FEED, status: "failed" } },
      is: { severity: "critical", what: "No Sei endpoint answers" },
    },
    {
      what: "a backup endpoint",
      state: { feed: { ...FEED, endpoint: "ws://127.0.0.1:26658/websocket" } },
      is: { severity: "warning", detail: "ws://127.0.0.1:26658/websocket" },
    },
    {
      what: "an open breaker",
      state: { venue: { ...VENUE, circuit: 2 } },
      is: { severity: "critical", what: "The order API fails" },
    },
    { what: "a half-open breaker", state: { venue: { ...VENUE, circuit: 1 } }, is: { severity: "warning" } },
    {
      what: "no fill stream",
      state: { venue: { ...VENUE, streamConnected: false } },
      is: { severity: "warning", what: "The fill stream is away" },
    },
    {
      what: "a lease in doubt",
      state: { lease: { ...makeTaskState().lease, status: "doubt", detail: "the clock jumped" } },
      is: { severity: "critical", detail: "doubt: the clock jumped" },
    },
    {
      what: "fills that wait",
      state: { fills: { outbox: 3, sent: 9, sendFailures: 4 } },
      is: { severity: "warning", detail: "3 wait for the queue, 4 sends failed" },
    },
    {
      what: "a push of the metrics that fails",
      state: {
        metricsPush: { ...makeTaskState().metricsPush, status: "failing", detail: "refused: 401", sinceMs: 7 },
      },
      is: { severity: "warning", what: "The figures do not reach Grafana", detail: "refused: 401", sinceMs: 7 },
    },
    {
      what: "dead letters",
      state: { integrations: [{ ...LOOK, integration: "dead-letters", detail: "1 waits", sinceMs: 7 }] },
      is: { severity: "critical", what: "Messages are set aside", sinceMs: 7, runbook: RUNBOOK.deadLetters },
    },
    {
      what: "the audit's word",
      state: { integrations: [{ ...LOOK, integration: "fill-audit", detail: "SEI/USDC is different", sinceMs: 7 }] },
      is: { severity: "critical", runbook: RUNBOOK.audit },
    },
    {
      what: "an ill integration",
      state: { integrations: [{ ...LOOK, detail: "401", sinceMs: 7 }] },
      is: { severity: "warning", what: "x is ill", detail: "401", runbook: RUNBOOK.integration },
    },
    {
      what: "no sweep",
      state: { integrations: [{ ...LOOK, healthy: true, detail: "", sinceMs: 7, checkedAtMs: NOW_MS - 240_000 }] },
      is: { severity: "warning", detail: "the last one was 4 min ago", sinceMs: NOW_MS - 60_000 },
    },
    {
      what: "an audit difference",
      state: { audits: [{ ...AUDIT, state: "different", reason: "1 missing" }] },
      is: { severity: "critical", what: "The ledger of SEI/USDC differs", detail: "1 missing" },
    },
    {
      what: "an audit that failed",
      state: { audits: [{ ...AUDIT, state: "failed", reason: "503" }] },
      is: { severity: "critical", what: "The audit of SEI/USDC failed" },
    },
    {
      what: "an hour without a proof",
      state: { audits: [{ ...AUDIT, unprovenHours: 1 }] },
      is: { severity: "critical", detail: "1 hour without a proof", runbook: RUNBOOK.pnl },
    },
    {
      what: "an old audit",
      state: { audits: [{ ...AUDIT, checkedAtMs: NOW_MS - 960_000 }] },
      is: { severity: "warning", detail: "the last audit was 16 min ago", sinceMs: NOW_MS - 60_000 },
    },
    {
      what: "a slow task",
      state: { latency: { ...makeTaskState().latency, tickToWireMicrosP99: 130_000 } },
      is: { severity: "warning", runbook: RUNBOOK.slow },
    },
    {
      what: "a failed report",
      state: {
        reports: [
          {
            id: "2026-01-02T02",
            state: "failed",
            text: null,
            altText: null,
            reason: "401",
            postedAtMs: null,
            hasChart: false,
          },
        ],
      },
      is: { severity: "warning", detail: "2026-01-02T02: 401", runbook: RUNBOOK.report },
    },
  ])("$what is one, with its words and where to go on", ({ state, reasons, is }) => {
    const alarms = alarmsAfter(state, reasons);
    expect(alarms).toHaveLength(1);
    expect(alarms[0]).toMatchObject(is);
    expect(alarms[0]?.sinceMs).toBeLessThanOrEqual(NOW_MS);
  });

  test("what is expected for a moment is one only once it lasts", () => {
    const watch = new AlarmWatch();
    const look = (atMs: number) => {
      const markets = [{ ...well, ordersUnknown: 1 }];
      watch.look({ ...makeTaskState({ markets, nowMs: NOW_MS + atMs }), healthReasons: [] });
      return watch.alarms.map(({ sinceMs }) => sinceMs - NOW_MS);
    };
    expect([look(0), look(9_999), look(10_000)]).toEqual([[], [], [0]]);
    watch.look({ ...makeTaskState({ markets: [well], nowMs: NOW_MS + 11_000 }), healthReasons: [] });
    expect([watch.alarms, look(12_000), look(22_000)]).toEqual([[], [], [12_000]]);
  });

  test("control items that are not read yet are none while the task has hardly begun", () => {
    const watch = new AlarmWatch();
    const market = { market: "SEI/USDC", state: "unreadable", reason: "they were never read", by: null, at: null };
    const look = (atMs: number) => {
      const state = makeTaskState({
        markets: [well],
        control: { readable: false, readAgeMs: null, markets: [market] },
        nowMs: NOW_MS + atMs,
      });
      watch.look({ ...state, healthReasons: [] });
      return watch.alarms.map(({ what }) => what);
    };
    expect([look(0), look(2_999), look(3_000)]).toEqual([[], [], ["Whether SEI/USDC may be quoted cannot be read"]]);
  });

  test("errors count by how many came lately, and are over when no more come", () => {
    const watch = new AlarmWatch();
    const look = (atMs: number, errors: Readonly<Record<string, number>>) => {
      watch.look({ ...makeTaskState({ markets: [well], nowMs: NOW_MS + atMs, errors }), healthReasons: [] });
      return watch.alarms.map(({ what, detail }) => `${what} ${detail}`);
    };
    expect(look(0, { "cambrian api timeout": 900 })).toEqual([]);
    expect(look(60_000, { "cambrian api timeout": 906, "order placement SEI/USDC": 5 })).toEqual([]);
    expect(
      look(120_000, { "cambrian api timeout": 908, "cambrian api server": 4, "order placement SEI/USDC": 6 }),
    ).toEqual([
      "Orders fail in the last 5 min: order placement SEI/USDC 6",
      "The order API answers with errors in the last 5 min: cambrian api timeout 8, cambrian api server 4",
    ]);
    expect(
      look(425_000, { "cambrian api timeout": 908, "cambrian api server": 4, "order placement SEI/USDC": 6 }),
    ).toEqual([]);
  });

  test("refused orders count by their share of those placed lately, and an hour without a fill by the whole hour", () => {
    const watch = new AlarmWatch();
    const look = (atMs: number, [ordersPlaced, ordersRejected, ordersFilled]: readonly [number, number, number]) => {
      const markets = [{ ...well, ordersPlaced, ordersRejected, ordersFilled }];
      watch.look({ ...makeTaskState({ markets, nowMs: NOW_MS + atMs }), healthReasons: [] });
      return watch.alarms.map(({ what, detail }) => `${what}: ${detail}`);
    };
    const refused = "The venue refuses orders of SEI/USDC: 3 of 11 in the last 5 min";
    expect(look(0, [1_000, 400, 7])).toEqual([]);
    expect(look(60_000, [1_010, 410, 7])).toEqual([]);
    expect(look(60_500, [1_011, 402, 7])).toEqual([]);
    expect(look(70_000, [1_011, 403, 7])).toEqual([refused]);
    for (let atMs = 80_000; atMs < 3_600_000; atMs += 10_000) look(atMs, [1_200, 403, 7]);
    expect(look(3_600_000, [1_200, 403, 7])).toEqual([
      "No order of SEI/USDC was filled for an hour: 200 placed in the last hour",
    ]);
    expect(look(3_610_000, [1_200, 403, 8])).toEqual([]);
  });

  test("fills wait for the queue only once none is taken", () => {
    const watch = new AlarmWatch();
    const look = (atMs: number, sent: number) => {
      const fills = { outbox: 1, sent, sendFailures: 0 };
      watch.look({ ...makeTaskState({ markets: [well], fills, nowMs: NOW_MS + atMs }), healthReasons: [] });
      return watch.alarms.length;
    };
    expect([look(0, 1), look(20_000, 2), look(40_000, 3), look(69_999, 3), look(70_000, 3)]).toEqual([0, 0, 0, 0, 1]);
  });

  test("the worst stand first, then the oldest", () => {
    const watch = new AlarmWatch();
    watch.look({ ...makeTaskState({ markets: [well], venue: { ...VENUE, circuit: 1 } }), healthReasons: [] });
    const risk = { ...RISK, drawdownPercent: 4, tradingState: "reducing" as const };
    watch.look({
      ...makeTaskState({ markets: [well], venue: { ...VENUE, circuit: 1 }, risk, nowMs: NOW_MS + 5_000 }),
      healthReasons: [],
    });
    expect(watch.alarms.map(({ key }) => key)).toEqual(["drawdown", "circuit", "reducing"]);
  });

  test("each section that they name is one of the documentation's", () => {
    for (const place of Object.values(RUNBOOK)) {
      const [page = "", anchor] = place.split("#");
      const headings = [...readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
          .replaceAll(" ", "-"),
      );
      expect(headings).toContain(anchor);
    }
  });
});
