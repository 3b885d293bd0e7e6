import { expect, test } from "vitest";
import { toTicks } from "../../../core/units.ts";
import type { ControlState } from "../../../fargate/control.ts";
import type { LeaseState } from "../../../fargate/lease-types.ts";
import type { StrategyState } from "../../../fargate/status/state.ts";
import { toTaskState } from "../../../fargate/status/task-state.ts";
import { watchMetrics } from "../../../fargate/status/watched-metrics.ts";
import { instant, makeFill } from "../../core/make-events.ts";
import { makeCountingMetrics } from "../cambrian/venue-case.ts";
import { decideAndAnswer, makeQuotingEngine } from "../make-engine.ts";
import { loadPlainConfig } from "../plain-config.ts";
import { makeMarketState, makeTaskState } from "./task-state.ts";

const LEASE: LeaseState = {
  owner: "task-a/0badcafe",
  epoch: null,
  heldBy: "task-b/00000001",
  validForMs: null,
  status: "waiting",
  detail: "held by task-b, epoch 6",
};

const CONTROL: ControlState = {
  readable: true,
  readAgeMs: 120,
  markets: [
    { market: "SEI/USDC", control: { state: "running", at: null } },
    { market: "ATOM/USDC", control: { state: "halted", reason: "ALL: maintenance", by: "ana", at: "2026-01-02" } },
    { market: "ETH/USDC", control: { state: "unreadable", reason: "the control items were not read for 5 s" } },
  ],
  kills: [],
};

const STRATEGY: StrategyState = {
  strategy: makeMarketState().strategy,
  strategySource: "item",
  strategyChangedAt: "2026-01-02T03:04:05.678Z",
  strategyBy: "ana",
  strategyRefused: ["the configuration file: it can not be read"],
};

function makeState(parts: Partial<Parameters<typeof toTaskState>[0]> = {}) {
  return toTaskState({
    engineId: "task-a",
    config: loadPlainConfig(),
    startedAt: instant(0),
    now: instant(5_000),
    phase: "starting",
    startup: [],
    lease: LEASE,
    control: CONTROL,
    engine: undefined,
    feed: undefined,
    venue: undefined,
    chain: null,
    integrations: null,
    audits: null,
    reports: null,
    alarms: [],
    strategyOf: () => STRATEGY,
    outbox: { waiting: 0, sent: 0, sendFailures: 0 },
    metricsPush: makeTaskState().metricsPush,
    watched: watchMetrics(makeCountingMetrics(new Map())),
    memoryRssBytes: 1,
    ...parts,
  });
}

test("before the lease is won it shows who holds it, an epoch of null, no market, and a feed that is not connected", () => {
  const state = makeState();
  const { epoch, ...lease } = LEASE;
  expect(state).toMatchObject({ epoch, markets: [] });
  expect(state.lease).toEqual(lease);
  expect(state.feed).toMatchObject({ status: "connecting", endpoint: state.feed.endpoints[0], ageMs: null });
  expect(state.venue).toEqual({ streamConnected: false, circuit: 0, requestsLastSecond: 0, placementsInFlight: 0 });
  expect(state.risk).toEqual({
    tradingState: "active",
    drawdownPercent: 0,
    drawdownAlertPercent: 3,
    dailyLossPercent: 0,
    latch: null,
  });
});

test("a lease that is ours gives the epoch, and how long it is valid", () => {
  const lease: LeaseState = { ...LEASE, epoch: 7, heldBy: LEASE.owner, validForMs: 8_200, status: "held", detail: "" };
  const state = makeState({ lease });
  expect(state.epoch).toBe(7);
  expect(state.lease).toEqual({
    owner: LEASE.owner,
    heldBy: LEASE.owner,
    validForMs: 8_200,
    status: "held",
    detail: "",
  });
});

test("the control items are shown by market, with why it is not running", () => {
  expect(makeState().control).toEqual({
    readable: true,
    readAgeMs: 120,
    markets: [
      { market: "SEI/USDC", state: "running", reason: null, by: null, at: null },
      { market: "ATOM/USDC", state: "halted", reason: "ALL: maintenance", by: "ana", at: "2026-01-02" },
      {
        market: "ETH/USDC",
        state: "unreadable",
        reason: "the control items were not read for 5 s",
        by: null,
        at: null,
      },
    ],
  });
});

test("each market shows its strategy's parameters, who changed them and when, and what was refused", () => {
  const { engine } = makeQuotingEngine();
  expect(makeState({ engine }).markets[0]).toMatchObject(STRATEGY);
});

test("loss, trading state and latch are shown of the shard, and what follows from them of the market", () => {
  const { engine, budget } = makeQuotingEngine();
  const lose = (fillId: string, ms: number) => {
    // 4 % of the capital.
    engine.apply({
      type: "fill",
      fill: makeFill({ fillId, price: toTicks(5_000), fee: 40n * 10n ** 18n }),
      at: instant(ms),
    });
    decideAndAnswer(engine, budget, instant(ms));
    return makeState({ engine, now: instant(ms) });
  };
  const reducing = lose("F-1", 100);
  expect(reducing.risk).toMatchObject({ tradingState: "reducing", latch: null });
  expect(reducing.risk.drawdownPercent).toBeGreaterThanOrEqual(4);
  expect(reducing.risk.dailyLossPercent).toBeGreaterThanOrEqual(4);
  expect(reducing.markets[0]).toMatchObject({ tradingState: "reducing", quoting: true });
  const halted = lose("F-2", 200);
  expect(halted.risk).toMatchObject({ tradingState: "halted", latch: expect.stringMatching(/^the drawdown is/) });
  expect(halted.markets[0]).toMatchObject({ tradingState: "halted", quoting: false, reasons: [halted.risk.latch] });
});
