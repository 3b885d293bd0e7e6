import { describe, expect, it } from "vitest";
import type { EngineEvent, HaltSource } from "../../core/events.ts";
import { makeMarket } from "../../core/market.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import type { LossSnapshot } from "../../core/risk/loss-watch.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { Desk, ONE, SYMBOL, settings, shardLimits, shown, wide, withLimits } from "./desk.ts";
import { EPOCH_MS, instant, makeBook, makeFill } from "./make-events.ts";

const OTHER = "ETH/USDC";
const other: MarketSettings = { ...settings, market: makeMarket({ symbol: OTHER, tickSize: "0.0001", lotSize: "1" }) };

/** 20 USDC of capital: with 1,000 SEI held, each tick of the mid is half a percent. */
const limits = { ...shardLimits, capital: 20n * ONE };
const held = makeFill({ fillId: "F-1", size: toLots(1_000), price: toTicks(4_215) });

function word(type: "quoting-allowed" | "quoting-halted", by: HaltSource, market = SYMBOL): EngineEvent {
  const at = instant(0);
  return type === "quoting-allowed" ? { type, market, by, at } : { type, market, by, reason: `halted by ${by}`, at };
}

function halted(desk: Desk): void {
  desk.tell(word("quoting-halted", "operator"));
}

function resumed(desk: Desk): void {
  desk.tell(word("quoting-allowed", "operator"));
  desk.tell({ type: "operator-resumed", market: SYMBOL, at: instant(0) });
}

function bookAt(mid: number, ms: number, market = SYMBOL) {
  return makeBook({ bids: [[mid - 15, 100]], asks: [[mid + 15, 100]], ms, market });
}

/** A desk of two markets that holds 1,000 SEI bought at the mid, quoting. */
function holding(loss?: LossSnapshot): Desk {
  const desk = new Desk([settings, other], { limits, loss });
  desk.tell({ type: "fill", fill: held, at: instant(0) });
  for (const market of [SYMBOL, OTHER]) desk.tell(makeBook({ ...wide, market }));
  desk.decideAndAnswer(1);
  return desk;
}

/** The same after the mid has moved by so many ticks, at `ms`. */
function moved(desk: Desk, ticks: number, ms: number) {
  desk.tell(bookAt(4_215 + ticks, ms));
  desk.tell(makeBook({ ...wide, ms, market: OTHER }));
  return desk.decideAndAnswer(ms + 1);
}

describe("loss", () => {
  it("counts what is not realised: at the limit to reduce only the position's own side is quoted", () => {
    const desk = holding();
    const commands = moved(desk, -8, 200);
    expect(desk.engine.loss.state).toBe("reducing");
    expect(desk.engine.loss.drawdownPercent).toBe(4);
    expect(commands.filter((command) => command.market === OTHER).map((command) => command.type)).toEqual([
      "cancel-order",
      "cancel-order",
    ]);
    expect(shown(commands).filter((text) => text.startsWith("place"))).toEqual([]);
    moved(desk, -8, 1_500);
    const resting = desk.market.orders.open().map((order) => `${order.side} ${order.size}`);
    expect(resting).toEqual(["sell 500"]);
    expect([desk.market.state, desk.market.blockers]).toEqual(["reducing", []]);
  });

  it("while only reducing, a quote that holds all of the position is not left behind by the market", () => {
    const desk = new Desk([settings], { limits: { ...limits, capital: 10n * ONE } });
    desk.tell({ type: "fill", fill: { ...held, size: toLots(500) }, at: instant(0) });
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    const open = () => desk.market.orders.open().map((order) => `${order.side} ${order.size}@${order.price}`);
    const to = (ticks: number, ms: number) => {
      desk.tell(bookAt(4_215 + ticks, ms));
      desk.decideAndAnswer(ms + 1);
      desk.decideAndAnswer(ms + 900);
      // Only now is it known that the one cancelled has ended, and was not filled meanwhile.
      const [listedMs, readMs] = [ms + 3_000, ms + 5_000];
      desk.tell({ type: "open-orders-read", market: SYMBOL, orders: [], askedMs: listedMs, at: instant(listedMs) });
      desk.tell({ type: "fills-read", market: SYMBOL, askedMs: readMs, at: instant(readMs) });
      desk.tell(bookAt(4_215 + ticks, readMs));
      desk.decideAndAnswer(readMs + 1);
    };
    to(-8, 200);
    expect(desk.engine.loss.state).toBe("reducing");
    expect(open()).toEqual(["sell 500@4209"]);
    to(-9, 10_000);
    expect(open()).toEqual(["sell 500@4208"]);
  });

  it("at the limit halts every market, cancels all, and says why", () => {
    const desk = holding();
    const commands = moved(desk, -12, 200);
    expect(commands.map((command) => command.type)).toEqual(Array(4).fill("cancel-order"));
    for (const market of desk.engine.markets) {
      expect(market.state).toBe("halted");
      expect(market.blockers).toEqual([expect.stringContaining("the drawdown is 6.00 %, the limit 6 %")]);
    }
  });

  it("the halt outlives the recovery, and everybody's word but the operator's", () => {
    const desk = holding();
    moved(desk, -12, 200);
    for (const by of ["start-up", "venue", "control", "lease", "later-start"] as const) {
      desk.tell(word("quoting-halted", by));
      desk.tell(word("quoting-allowed", by));
    }
    expect(moved(desk, 50, 2_000)).toEqual([]);
    expect(desk.engine.loss.state).toBe("halted");
  });

  it("an operator who halted and resumes lifts it for all, and it counts anew from there", () => {
    const desk = holding();
    moved(desk, -12, 200);
    halted(desk);
    moved(desk, -12, 2_000);
    resumed(desk);
    expect(desk.engine.loss.state).toBe("active");
    moved(desk, -12, 4_000);
    expect(desk.engine.markets.map((market) => market.blockers)).toEqual([[], []]);
    expect(desk.market.orders.open().length).toBeGreaterThan(0);
    moved(desk, -19, 4_200);
    expect(desk.engine.loss.drawdownPercent).toBe(3.5);
  });

  it("that a market may run lifts no loss: every start reads it; only a resume does", () => {
    const desk = holding();
    moved(desk, -7, 200);
    desk.tell(word("quoting-allowed", "operator"));
    moved(desk, -7, 400);
    expect(desk.engine.loss.drawdownPercent).toBe(3.5);
    moved(desk, -12, 600);
    desk.tell(word("quoting-allowed", "operator"));
    expect(desk.engine.loss.state).toBe("halted");
    resumed(desk);
    expect(desk.engine.loss.state).toBe("active");
  });

  it("a resume lets a shard that is flat and only reducing quote again, although nothing had halted it", () => {
    const desk = holding();
    moved(desk, -8, 200);
    expect(desk.engine.loss.state).toBe("reducing");
    resumed(desk);
    moved(desk, -8, 400);
    expect(desk.engine.loss.state).toBe("active");
  });

  it("a halt of an earlier start holds from the first decision on", () => {
    const latch = { reason: "the drawdown was too much", atMs: EPOCH_MS };
    const desk = holding({ peak: 0n, day: Math.floor(EPOCH_MS / 86_400_000), dayStart: 0n, latch });
    expect(desk.market.orders.open()).toEqual([]);
    expect(desk.market.blockers).toEqual(["the drawdown was too much"]);
  });

  it("is not judged after a restart until every market that holds something has a price; meanwhile all only reduce", () => {
    const day = Math.floor(EPOCH_MS / 86_400_000);
    const peak = (15n * ONE) / 10n;
    const desk = new Desk([settings, other], { limits, loss: { peak, day, dayStart: peak, latch: undefined } });
    // Bought 15 ticks below the mid: 7.5 % of the capital are gained, as they were before the restart.
    desk.tell({ type: "fill", fill: { ...held, price: toTicks(4_200) }, at: instant(0) });
    desk.tell(makeBook({ ...wide, market: OTHER }));
    expect(shown(desk.decideAndAnswer(1))).toEqual([]);
    const { loss } = desk.engine;
    expect([loss.state, loss.unknown]).toEqual(["reducing", `what is held in ${SYMBOL} has no price yet`]);
    desk.tell(bookAt(4_215, 500));
    desk.tell(makeBook({ ...wide, ms: 500, market: OTHER }));
    desk.decideAndAnswer(501);
    expect([loss.state, loss.drawdownPercent, loss.snapshot?.peak]).toEqual(["active", 0, peak]);
  });

  it("an odd book makes none: the position is valued at the last mid that made sense", () => {
    const desk = holding();
    desk.tell(makeBook({ bids: [[1_000, 1]], asks: [[8_000, 1]], ms: 200 }));
    desk.decideAndAnswer(201);
    expect(desk.engine.loss.drawdownPercent).toBe(0);
  });
});

describe("repeated execution", () => {
  /** Two bids of ours filled one after the other, where one is the limit. */
  function over(): Desk {
    const desk = new Desk([withLimits({ executionsInARow: 1 })]);
    for (const [n, ms] of [0, 2_000].entries()) {
      desk.tell(makeBook({ ...wide, ms }));
      const buy = desk.decideAndAnswer(ms + 1).find((command) => "side" in command && command.side === "buy");
      const { clientOrderId } = buy!;
      desk.tell({
        type: "fill",
        fill: makeFill({ fillId: `F-${n}`, clientOrderId, size: toLots(500) }),
        at: instant(ms + 2),
      });
    }
    return desk;
  }
  const reason = "2 buy orders filled in a row, the limit is 1";

  it("halts its market until an operator resumes it", () => {
    const desk = over();
    desk.tell(makeBook({ ...wide, ms: 4_000 }));
    desk.decideAndAnswer(4_001);
    expect(desk.market.blockers).toEqual([reason]);
    expect(desk.market.orders.open()).toEqual([]);
    for (const by of ["start-up", "venue", "control", "operator"] as const) desk.tell(word("quoting-allowed", by));
    desk.decide(4_002);
    expect(desk.market.blockers).toEqual([reason]);
    halted(desk);
    resumed(desk);
    desk.decide(4_003);
    expect(desk.market.blockers).toEqual([]);
  });

  it("does not count what other starts' orders and strangers filled", () => {
    const desk = new Desk([withLimits({ executionsInARow: 1 })]);
    for (const n of [1, 2, 3]) {
      const fill = makeFill({ fillId: `F-${n}`, clientOrderId: `fm-6-SEIUSDC-b0-${n}` });
      desk.tell({ type: "fill", fill, at: instant(n) });
    }
    desk.tell(makeBook({ ...wide, ms: 10 }));
    expect(desk.decide(11)).toHaveLength(2);
  });
});

describe("reconciliation", () => {
  const ledger = (position: bigint, ms: number): EngineEvent => ({
    type: "ledger-read",
    market: SYMBOL,
    fillCount: 1,
    position: position * ONE,
    isSettled: false,
    at: instant(ms),
  });
  const venue = (sei: bigint, ms: number): EngineEvent => ({
    type: "balances-read",
    balances: new Map([["SEI", sei * ONE]]),
    askedMs: ms,
    isSettled: true,
    at: instant(ms),
  });

  function fresh(desk: Desk, ms: number): readonly string[] {
    desk.tell({ type: "fills-read", market: SYMBOL, askedMs: ms, at: instant(ms) });
    for (const market of [SYMBOL, OTHER]) desk.tell(makeBook({ ...wide, ms, market }));
    desk.decideAndAnswer(ms + 1);
    return desk.market.blockers;
  }

  it("a ledger that differs for a minute halts the market, until an operator resumes it", () => {
    const desk = holding();
    desk.tell(ledger(999n, 10));
    expect(fresh(desk, 100)).toEqual([]);
    desk.tell(ledger(999n, 60_010));
    const reason = expect.stringContaining("the ledger's position is 999 SEI, the engine's 1000");
    expect(fresh(desk, 60_100)).toEqual([reason]);
    for (const by of ["control", "operator"] as const) desk.tell(word("quoting-allowed", by));
    expect(fresh(desk, 60_200)).toEqual([reason]);
    halted(desk);
    resumed(desk);
    expect(fresh(desk, 60_300)).toEqual([]);
  });

  it("a venue that holds something else than the books expect halts that market alone", () => {
    const desk = holding();
    desk.tell(venue(1_500n, 10));
    expect(desk.market.check.baseline).toBe(500n * ONE);
    desk.tell(venue(1_499n, 20));
    expect(fresh(desk, 100)).toEqual(["the venue holds 1499 SEI, the books expect 1500 SEI"]);
    expect(desk.engine.market(OTHER)?.check.reasons).toEqual([]);
    halted(desk);
    resumed(desk);
    desk.tell(venue(1_499n, 110));
    expect(fresh(desk, 200)).toEqual([]);
    expect(desk.market.check.baseline).toBe(499n * ONE);
  });

  it("a baseline that an earlier start kept shows what happened in between", () => {
    const desk = new Desk([settings], { baselines: new Map([[SYMBOL, 500n * ONE]]) });
    desk.tell(venue(400n, 10));
    expect(desk.market.check.reasons).toEqual(["the venue holds 400 SEI, the books expect 500 SEI"]);
  });
});

it("a process that stood still pulls the quotes of every market", () => {
  const desk = holding();
  desk.tell({ type: "stalled", durationMs: 3_000, at: instant(50) });
  expect(desk.decideAndAnswer(51).map((command) => command.type)).toEqual(Array(4).fill("cancel-order"));
  expect(desk.market.blockers).toEqual(["no book since the process stood still"]);
});
