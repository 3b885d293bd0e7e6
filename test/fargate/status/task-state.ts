/** A task in the middle of its work, as its parts would show it; tests change what they are about. */
import type {
  HistoryPoint,
  LevelState,
  MarketState,
  MarkoutState,
  MeanState,
  TaskState,
  WhyState,
} from "../../../fargate/status/state.ts";

/** 2026-01-02T03:04:05.678Z. */
export const NOW_MS = 1_767_323_045_678;

export function makeTaskState(changes: Partial<TaskState> = {}): TaskState {
  return {
    engineId: "task-7f3a",
    stage: "local",
    reportsUrl: null,
    epoch: 12,
    startedAtMs: NOW_MS - 754_000,
    nowMs: NOW_MS,
    phase: "running",
    startup: [
      { step: "configuration", state: "done", detail: "local" },
      { step: "lease", state: "done", detail: "epoch 12" },
      { step: "cancel open orders", state: "done", detail: "2 cancelled" },
      { step: "reconcile", state: "done", detail: "3 fills re-sent" },
      { step: "fresh data", state: "done", detail: "" },
    ],
    feed: {
      status: "connected",
      endpoint: "ws://127.0.0.1:26657/websocket",
      endpoints: ["ws://127.0.0.1:26657/websocket", "ws://127.0.0.1:26658/websocket"],
      ageMs: 180,
      reconnects: 1,
      failovers: 0,
      sequenceGaps: 2,
      malformed: 0,
      events: 48_211,
      queued: 0,
    },
    markets: [makeMarketState()],
    lease: { owner: "task-7f3a/0badcafe", heldBy: "task-7f3a/0badcafe", validForMs: 8_800, status: "held", detail: "" },
    control: {
      readable: true,
      readAgeMs: 140,
      markets: [{ market: "SEI/USDC", state: "running", reason: null, by: null, at: null }],
    },
    risk: {
      tradingState: "active",
      drawdownPercent: 0.12,
      drawdownAlertPercent: 3,
      dailyLossPercent: 0,
      latch: null,
    },
    chain: null,
    latency: {
      tickToWireMicrosP50: 412,
      tickToWireMicrosP99: 1_930,
      orderRoundTripMicrosP50: 3_140,
      orderRoundTripMicrosP99: 18_900,
    },
    venue: { streamConnected: true, circuit: 0, requestsLastSecond: 4, placementsInFlight: 1 },
    fills: { outbox: 0, sent: 57, sendFailures: 0 },
    integrations: [],
    audits: [],
    reports: [],
    alarms: [],
    metricsPush: {
      status: "working",
      detail: "the figures are taken",
      sinceMs: NOW_MS - 700_000,
      pushes: 47,
      failures: 0,
      lastPushAtMs: NOW_MS - 4_000,
    },
    errors: {},
    memoryRssBytes: 98_304_512,
    ...changes,
  };
}

export function makeMarketState(changes: Partial<MarketState> = {}): MarketState {
  return {
    market: "SEI/USDC",
    strategy: {
      type: "pure-market-making",
      halfSpreadBps: 6,
      levels: 2,
      levelSpacingBps: 5,
      orderSize: "100",
      inventorySkewBps: 6,
      refreshToleranceTicks: 1,
      refreshTolerancePercent: 50,
    },
    strategySource: "file",
    strategyChangedAt: null,
    strategyBy: null,
    strategyRefused: [],
    base: "SEI",
    quote: "USDC",
    quoting: true,
    reasons: [],
    mid: "0.42145",
    fairValue: "0.421462",
    spreadOthersBps: 47.45,
    spreadSelfBps: 21.35,
    spreadImprovementBps: 26.1,
    spreadImprovementPercent: 55.02,
    bids: levels(["0.421", "0.4208", "0.4205", "0.4204", "0.42", "0.4198", "0.4197", "0.4195", "0.4192", "0.419"], 2),
    asks: levels(["0.4219", "0.4221", "0.4224", "0.4226", "0.423", "0.4231", "0.4233", "0.4236", "0.4238", "0.424"], 2),
    position: "120",
    averageCost: "0.420871234567891234",
    realizedPnl: "1.284512345678901234",
    unrealizedPnl: "0.069451851853053",
    totalPnl: "1.353964197531954234",
    fees: "0.241876",
    volume: "1209.38042",
    fillCount: 57,
    fills: Array.from({ length: 12 }, (_, index) => ({
      fillId: `F-${57 - index}`,
      side: index % 3 === 0 ? "buy" : "sell",
      price: index % 3 === 0 ? "0.421" : "0.4219",
      size: String(20 + 5 * index),
      fee: "0.0034",
      feeAsset: "USDC",
      venueTimeMs: NOW_MS - 1_200 - 7_300 * index,
    })),
    openOrders: [
      openOrder("buy", 0, "0.421", "live"),
      openOrder("buy", 1, "0.4208", "live"),
      openOrder("sell", 0, "0.4219", "place-unknown"),
      openOrder("sell", 1, "0.4221", "live"),
    ],
    ordersPlaced: 1_432,
    ordersCancelled: 1_371,
    ordersRejected: 3,
    ordersFilled: 53,
    ordersUnknown: 1,
    tradingState: "active",
    denials: { position: 4 },
    differences: [],
    uptimeRatio: 0.9731,
    bookAgeMs: 240,
    markouts: { rolling: markoutRows(), hour: { hour: "2026-01-02T03", rows: markoutRows() }, unmarked: 0 },
    why: makeWhy(),
    estimates: {
      fairValueNote: null,
      volatilityBps: 2.4,
      arrivals: { perSecond: 1.8, decayPerBps: 0.09 },
      pausedSides: [],
    },
    ...changes,
  };
}

/** The second bid is held back by the position's limit, the first ask is being placed. */
function makeWhy(): WhyState {
  const quote = (price: string) => ({ price, size: "100" });
  const reason = (name: string, meaning: string) => ({ reason: name, meaning });
  const position = reason("position", "If everything of ours that may fill did, the position would pass its limit.");
  const unanswered = reason("unanswered", "Its order is on its way.");
  const improved = reason("improved", "Nearer than the model says, to stand at or before the others' best.");
  return {
    quotes: [
      {
        side: "buy",
        level: 0,
        wanted: quote("0.421"),
        order: { ...quote("0.421"), state: "live" },
        reasons: [improved],
      },
      { side: "buy", level: 1, wanted: null, order: null, reasons: [position] },
      {
        side: "sell",
        level: 0,
        wanted: quote("0.4219"),
        order: { ...quote("0.4219"), state: "sent" },
        reasons: [unanswered],
      },
      { side: "sell", level: 1, wanted: quote("0.4221"), order: { ...quote("0.4221"), state: "live" }, reasons: [] },
    ],
    unquoted: {
      total: [
        { ...position, seconds: 75.25 },
        { ...unanswered, seconds: 1.5 },
      ],
      hours: [{ hour: "2026-01-02T03", reasons: [{ ...unanswered, seconds: 0.5 }] }],
    },
  };
}

/** Two levels: buys gain at each horizon; sells lose for certain at 60 s, where one level has too few fills to say. */
function markoutRows(): readonly MarkoutState[] {
  return [
    markoutRow("buy", "all", [mean(31, 10.42, 0.43), mean(31, 9.7, 0.86), mean(30, 9.3, 1.16), mean(28, 7.88, 2.12)]),
    markoutRow("buy", 0, [mean(20, 9.99, 0.5), mean(20, 9.26, 0.9), mean(20, 8.82, 1.2), mean(18, 7.04, 2.4)]),
    markoutRow("buy", 1, [mean(11, 18.64, 2), mean(11, 18.19, 2.1), mean(10, 18.98, 3.4), mean(10, 20.58, 5)]),
    markoutRow("sell", "all", [mean(24, 5.42, 0.7), mean(24, 4.6, 1), mean(23, 0.04, 1.3), mean(22, -4.07, 2.6)]),
    markoutRow("sell", 0, [mean(24, 5.42, 0.7), mean(24, 4.6, 1), mean(23, 0.04, 1.3), mean(9, -4.07, null)]),
    markoutRow("sell", 1, [mean(0, null, null), mean(0, null, null), mean(0, null, null), mean(0, null, null)]),
  ];
}

function markoutRow(
  side: "buy" | "sell",
  level: number | "all",
  [capture, one, five, sixty]: readonly [MeanState, MeanState, MeanState, MeanState],
): MarkoutState {
  const lost = ({ count, bps, plusMinusBps }: MeanState): MeanState => ({
    count,
    bps: bps === null || capture.bps === null ? null : capture.bps - bps,
    plusMinusBps,
  });
  const adverseSelection = { "1s": lost(one), "5s": lost(five), "60s": lost(sixty) };
  return { side, level, capture, markout: { "1s": one, "5s": five, "60s": sixty }, adverseSelection };
}

function mean(count: number, bps: number | null, plusMinusBps: number | null): MeanState {
  return { count, bps, plusMinusBps };
}

/** Points one second apart that end at `NOW_MS`, of a market that wanders. */
export function makeHistoryPoints(count: number): readonly HistoryPoint[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: NOW_MS - 1_000 * (count - 1 - index),
    mid: 0.4214 + 0.0008 * Math.sin(index / 40),
    spreadOthersBps: 46 + 7 * Math.sin(index / 17) + 2 * Math.sin(index * 1.7),
    spreadSelfBps: 22 + 4 * Math.sin(index / 11) + Math.sin(index * 2.3),
    position: 40 * Math.round(4 * Math.sin(index / 60)) + 0,
    realizedPnl: 0.0022 * index + 0.04 * Math.sin(index / 25),
    totalPnl: 0.0022 * index + 0.19 * Math.sin(index / 33),
  }));
}

/** Our size stands at the best `ours` levels. */
function levels(prices: readonly string[], ours: number): readonly LevelState[] {
  return prices.map((price, index) => ({
    price,
    size: String(index < ours ? 120 + 40 * index : 900 + 350 * index),
    own: index < ours ? "100" : "0",
  }));
}

function openOrder(side: "buy" | "sell", level: number, price: string, state: string) {
  const clientOrderId = `fm-12-SEIUSDC-${side === "buy" ? "b" : "s"}${level}-${340 + level}`;
  return {
    clientOrderId,
    orderId: state === "place-unknown" ? null : `O-${level}`,
    side,
    level,
    price,
    size: "100",
    filled: "0",
    state,
  };
}
