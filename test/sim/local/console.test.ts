import { describe, expect, test } from "vitest";
import {
  type BooksSummary,
  type MarketSummary,
  mismatches,
  type RunSummary,
  statusLine,
  summaryText,
} from "../../../sim/local/console.ts";
import { makeMarketState, makeTaskState } from "../../fargate/status/task-state.ts";

const running = makeTaskState();
const backup = { ...running.feed, endpoint: "ws://127.0.0.1:26658/websocket" };

describe("status line", () => {
  test("a quoting market is one line with all a person follows", () => {
    expect(statusLine(running)).toBe(
      "03:04:05  SEI/USDC 0.42145  spread 47.5 → 21.4 bps (better by 26.1, 55.0 %)  position +120 SEI  " +
        "PnL +1.3539 USDC  fills 57  open 4 (1 unknown)  tick→wire 412 µs, round trip 3.1 ms",
    );
  });

  test.each([
    {
      what: "a backup endpoint",
      state: makeTaskState({ feed: backup }),
      says: "[feed on backup ws://127.0.0.1:26658/websocket]",
    },
    {
      what: "a feed that is lost",
      state: makeTaskState({ feed: { ...backup, status: "connecting" } }),
      says: "[feed connecting: ws://127.0.0.1:26658/websocket]",
    },
    {
      what: "why a market is not quoted",
      state: makeTaskState({
        markets: [makeMarketState({ quoting: false, reasons: ["book is stale", "circuit open"] })],
      }),
      says: "[not quoting: book is stale; circuit open]",
    },
    {
      what: "what holds a side back",
      state: makeTaskState({ markets: [makeMarketState({ reasons: ["buy side at its limit"] })] }),
      says: "[held back: buy side at its limit]",
    },
    { what: "that it stops", state: makeTaskState({ phase: "stopping" }), says: "[stopping]" },
    {
      what: "a loss with its sign",
      state: makeTaskState({ markets: [makeMarketState({ totalPnl: "-0.51239999", position: "-40" })] }),
      says: "position -40 SEI  PnL -0.5123 USDC",
    },
    {
      what: "an amount below what is shown as nothing",
      state: makeTaskState({ markets: [makeMarketState({ totalPnl: "0.00001", position: "0" })] }),
      says: "position 0 SEI  PnL 0 USDC",
    },
    {
      what: "a slow venue in seconds",
      state: makeTaskState({
        latency: { ...running.latency, tickToWireMicrosP50: null, orderRoundTripMicrosP50: 1_240_000 },
      }),
      says: "tick→wire –, round trip 1.2 s",
    },
  ])("it says $what", ({ state, says }) => {
    expect(statusLine(state)).toContain(says);
  });

  test("what is not known yet is a dash, never a zero", () => {
    const unknown = makeMarketState({
      mid: null,
      spreadOthersBps: null,
      spreadSelfBps: null,
      spreadImprovementBps: null,
      spreadImprovementPercent: null,
      totalPnl: null,
    });
    expect(statusLine(makeTaskState({ markets: [unknown] }))).toContain(
      "SEI/USDC no mid  spread – → – bps  position +120 SEI  PnL – USDC",
    );
  });

  test("two markets are two lines", () => {
    const lines = statusLine(
      makeTaskState({ markets: [makeMarketState(), makeMarketState({ market: "ATOM/USDC" })] }),
    ).split("\n");
    expect(lines.map((line) => line.split(" ")[2])).toEqual(["SEI/USDC", "ATOM/USDC"]);
  });

  test("a starting task says the step it is at", () => {
    const startup = [
      { step: "lease", state: "done", detail: "epoch 12" } as const,
      { step: "cancel open orders", state: "running", detail: "2 left" } as const,
    ];
    expect(statusLine(makeTaskState({ phase: "starting", startup }))).toBe(
      "03:04:05  starting: cancel open orders (2 left)",
    );
  });
});

const books: BooksSummary = { fills: 57, position: "120", totalPnl: "1.284512345678901234" };

function summary(changes: Partial<MarketSummary> = {}, run: Partial<RunSummary> = {}): RunSummary {
  const market: MarketSummary = {
    market: "SEI/USDC",
    base: "SEI",
    quote: "USDC",
    exchange: books,
    engine: books,
    ledger: books,
    audit: { state: "clean", checkedTotal: 57 },
    openOrders: 0,
    spreadImprovementBps: 26.1,
    spreadImprovementPercent: 55.02,
    ...changes,
  };
  return {
    seconds: 60.2,
    markets: [market],
    refusedForRate: 0,
    refusedForSignature: 0,
    malformedFrames: 0,
    events: 48_211,
    deadLetters: 0,
    pushesTaken: 5,
    pushesRefused: [],
    faults: [],
    ...run,
  };
}

describe("summary", () => {
  test("books that agree by value are no mismatch, however they are written", () => {
    expect(mismatches(summary({ ledger: { ...books, position: "120.00" } }))).toEqual([]);
  });

  test("PnL may differ by what a division at 18 decimals rounds away", () => {
    expect(mismatches(summary({ engine: { ...books, totalPnl: "1.284512345678901240" } }))).toEqual([]);
  });

  test.each([
    {
      what: "a fill the ledger lacks",
      run: summary({ ledger: { ...books, fills: 56 } }),
      names: "SEI/USDC: fill count of the ledger is 56, at the exchange 57",
    },
    {
      what: "another position in the engine",
      run: summary({ engine: { ...books, position: "-120" } }),
      names: "SEI/USDC: position of the engine is -120, at the exchange 120",
    },
    {
      what: "PnL that differs by a millionth",
      run: summary({ ledger: { ...books, totalPnl: "1.284513345678901234" } }),
      names: "SEI/USDC: PnL of the ledger is 1.284513345678901234, at the exchange 1.284512345678901234",
    },
    {
      what: "an order left open",
      run: summary({ openOrders: 2 }),
      names: "SEI/USDC: 2 orders are still open at the exchange, expected 0",
    },
    {
      what: "a ledger that could not be read",
      run: summary({ ledger: null }),
      names: "SEI/USDC: the ledger's books could not be read",
    },
    {
      what: "an audit that found something",
      run: summary({ audit: { state: "different", checkedTotal: 57, reason: "fills that differ: 2" } }),
      names: "SEI/USDC: the fill audit says: 57 fills checked against the exchange, different (fills that differ: 2)",
    },
    {
      what: "an audit that did not see every fill",
      run: summary({ audit: { state: "clean", checkedTotal: 56 } }),
      names: "SEI/USDC: the fill audit says: 56 fills checked against the exchange, clean",
    },
    {
      what: "an audit that did not answer",
      run: summary({ audit: null }),
      names: "SEI/USDC: the fill audit says: not known",
    },
    {
      what: "a frame that was refused",
      run: summary({}, { malformedFrames: 1 }),
      names: "1 frames of market data were refused, expected 0",
    },
    {
      what: "a message the ledger could not take",
      run: summary({}, { deadLetters: 1 }),
      names: "1 messages are in the dead-letter queue, expected 0",
    },
    {
      what: "a fault of the run",
      run: summary({}, { faults: ["the task did not stop within 30 s"] }),
      names: "the task did not stop within 30 s",
    },
    {
      what: "requests refused for rate",
      run: summary({}, { refusedForRate: 3 }),
      names: "3 requests were refused for rate, expected 0",
    },
    {
      what: "requests refused for signature",
      run: summary({}, { refusedForSignature: 1 }),
      names: "1 requests were refused for signature, expected 0",
    },
    {
      what: "pushes of metrics that were refused for one reason",
      run: summary({}, { pushesRefused: ["400 too odd", "400 too odd"] }),
      names: "a push of metrics was refused: 400 too odd",
    },
  ])("$what is named, in the list and in the text", ({ run, names }) => {
    expect(mismatches(run)).toEqual([names]);
    expect(summaryText(run)).toContain(`1 mismatch:\n  ✗ ${names}`);
    expect(summaryText(run)).not.toContain("agree.");
  });

  test("an exchange that could not be asked is a mismatch for both books", () => {
    expect(mismatches(summary({ exchange: null }))).toHaveLength(2);
  });

  test("the text holds the three books side by side", () => {
    const text = summaryText(summary());
    expect(text).toContain("FlashMM ran for 60 s.");
    expect(text).toContain("SEI/USDC: spread improved by 26.1 bps (55.0 %), 0 open orders left");
    for (const party of ["exchange", "engine", "ledger"]) {
      expect(text).toMatch(new RegExp(`^ {2}${party} +57 +120 +1\\.284512346$`, "m"));
    }
    expect(text).toMatch(/^ {2}audit {5}57 fills checked against the exchange, clean$/m);
    expect(text).toContain("refused by the order API: 0 for rate, 0 for signature");
    expect(text).toContain("events decoded: 48211, frames refused: 0; dead letters: 0");
    expect(text).toContain("Exchange, engine and ledger agree.");
  });
});
