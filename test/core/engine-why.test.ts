/** Why each quote is where it is, and what the time without both sides is charged to. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../core/events.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { meaningOf, UNQUOTED_REASONS } from "../../core/execution/why.ts";
import type { MarketSettings } from "../../core/market-engine.ts";
import { toLots } from "../../core/units.ts";
import { Desk, SYMBOL, settings, wide, withLimits } from "./desk.ts";
import { instant, makeBook, makeFill } from "./make-events.ts";

const two: MarketSettings = { ...settings, strategy: { ...settings.strategy, levels: 2 } };

/** `buy 0 500@4212 live: reason, reason`, `-` for what is not there. */
function why(desk: Desk): readonly string[] {
  const { settings: of, decision, orders } = desk.market;
  return decision.accounts(of.strategy.levels, orders.open()).map(({ side, level, wanted, order, reasons }) => {
    const quote = wanted === undefined ? "-" : `${wanted.size}@${wanted.price}`;
    return `${side} ${level} ${quote} ${order?.state ?? "-"}: ${reasons.join(", ")}`.trim();
  });
}

const charged = (desk: Desk) => Object.fromEntries(desk.market.unquoted.total);

describe("the account of a decision", () => {
  it("of quotes that stand as their model says is that alone", () => {
    const desk = new Desk([two], { inFlightMax: 20 });
    desk.tell(makeBook(wide));
    desk.decide(1);
    expect(why(desk)).toEqual([
      "buy 0 500@4212 intent: unanswered",
      "buy 1 500@4209 intent: unanswered",
      "sell 0 500@4218 intent: unanswered",
      "sell 1 500@4221 intent: unanswered",
    ]);
    const answered = new Desk([settings]);
    answered.tell(makeBook(wide));
    answered.decideAndAnswer(1);
    answered.decide(2);
    expect(why(answered)).toEqual(["buy 0 500@4212 live:", "sell 0 500@4218 live:"]);
  });

  it("names what blocks the market, once for each level", () => {
    const desk = new Desk([two]);
    desk.tell({ type: "quoting-halted", market: SYMBOL, by: "operator", reason: "lunch", at: instant(0) });
    desk.decide(1);
    expect(new Set(why(desk).map((line) => line.split(": ")[1]))).toEqual(new Set(["operator, market-data"]));
  });

  it("names the limit that holds a level back", () => {
    const desk = new Desk([{ ...two, limits: { ...two.limits, position: toLots(600) } }], { inFlightMax: 20 });
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.decide(2);
    expect(why(desk)).toEqual([
      "buy 0 500@4212 live:",
      "buy 1 100@4209 live: clipped",
      "sell 0 500@4218 live:",
      "sell 1 100@4221 live: clipped",
    ]);
    const full = new Desk([{ ...two, limits: { ...two.limits, position: toLots(500) } }], { inFlightMax: 20 });
    full.tell(makeBook(wide));
    full.decideAndAnswer(1);
    full.decide(2);
    expect(why(full)[1]).toBe("buy 1 - -: position");
  });

  it("names requests that are missing, and moves that are not worth theirs yet", () => {
    const desk = new Desk([two], { budget: new RequestBudget({ placementsInFlight: 2 }), inFlightMax: 20 });
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    expect(why(desk).filter((line) => line.includes("waits-for-requests"))).toHaveLength(2);
    const alone = new Desk();
    alone.tell(makeBook(wide));
    alone.decideAndAnswer(1);
    alone.tell(makeBook({ bids: [[4_201, 100]], asks: [[4_231, 100]], ms: 100 }));
    alone.decide(101);
    expect(why(alone)[0]).toBe("buy 0 500@4213 live: not-worth-it");
  });

  it.each<[string, (desk: Desk, id: string) => EngineEvent, string]>([
    [
      "an answer that was lost",
      (_, clientOrderId) => ({
        type: "place-unknown",
        market: SYMBOL,
        clientOrderId,
        reason: "time-out",
        at: instant(3),
      }),
      "buy 0 500@4212 place-unknown: unproven",
    ],
    [
      "a refusal of the venue",
      (_, clientOrderId) => ({ type: "order-rejected", market: SYMBOL, clientOrderId, reason: "no", at: instant(3) }),
      "buy 0 500@4212 -: venue-refused",
    ],
  ])("names %s", (_name, event, line) => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    const [buy] = desk.decide(1);
    desk.tell(event(desk, buy!.clientOrderId));
    desk.decide(4);
    expect(why(desk)[0]).toBe(line);
  });

  it("names what the strategy says of a side", () => {
    const desk = new Desk([{ ...settings, strategy: { ...settings.strategy, fillDelayMs: { buy: 500, sell: 0 } } }]);
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.tell({ type: "fill", fill: makeFill({ fillId: "F-1" }), at: instant(10) });
    desk.decide(11);
    expect(why(desk)[0]).toBe("buy 0 - cancel-sent: fill-delay, being-cancelled");
  });
});

describe("time without both sides", () => {
  it("is charged to the reason as of the decision at its begin", () => {
    const desk = new Desk();
    desk.decide(0);
    desk.tell(makeBook({ ...wide, ms: 300 }));
    desk.decideAndAnswer(300);
    desk.decide(340);
    desk.decide(900);
    expect(charged(desk)).toEqual({ "market-data": 300, unanswered: 40 });
    expect(desk.market.meter.unquotedTotalMs).toBe(340);
  });

  it("of a process that stood still is nobody's fault that is known", () => {
    const desk = new Desk();
    desk.tell(makeBook(wide));
    desk.decideAndAnswer(1);
    desk.decide(11);
    desk.decide(5_011);
    expect(charged(desk)).toEqual({ unanswered: 10, "not-looked": 3_000 });
  });

  it("counts to the end of deciding", () => {
    const desk = new Desk();
    desk.decide(0);
    desk.engine.decidesNoMore(instant(700));
    expect(charged(desk)).toEqual({ "market-data": 700 });
  });

  it("of several blockers is charged to the first of the list, in whichever order they came", () => {
    for (const order of [["lease", "operator"] as const, ["operator", "lease"] as const]) {
      const desk = new Desk();
      for (const by of order) desk.tell({ type: "quoting-halted", market: SYMBOL, by, reason: by, at: instant(0) });
      for (const ms of [0, 100]) desk.decide(ms);
      expect(charged(desk)).toEqual({ lease: 100 });
    }
  });

  const step = fc.record({
    afterMs: fc.integer({ min: 1, max: 2_500 }),
    book: fc.option(fc.integer({ min: 4_150, max: 4_280 }), { nil: undefined }),
    answers: fc.integer({ min: 0, max: 5 }),
    fact: fc.constantFrom("none", "fill", "feed-lost", "feed-connected", "halted", "allowed", "stalled", "unknown"),
  });

  it("is charged to one reason each moment, none of them unexplained, and comes to what the meter counts", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { market: _, ...rest } = withLimits({ position: toLots(900), executionsInARow: 3 });
        const desk = new Desk([{ ...two, limits: rest.limits }]);
        const waiting = [...desk.decide(0)];
        let ms = 0;
        for (const [index, { afterMs, book, answers, fact }] of steps.entries()) {
          ms += afterMs;
          const at = instant(ms);
          desk.tell({ type: "fills-read", market: SYMBOL, askedMs: ms - 1, at });
          if (book !== undefined) desk.tell(makeBook({ bids: [[book - 15, 100]], asks: [[book + 15, 100]], ms }));
          const open = desk.market.orders.open();
          if (fact === "fill")
            desk.tell({ type: "fill", fill: makeFill({ fillId: `F-${index}`, side: index % 2 ? "buy" : "sell" }), at });
          if (fact === "feed-lost") desk.tell({ type: "feed-lost", endpoint: "wss://one", reason: "reset", at });
          if (fact === "feed-connected") desk.tell({ type: "feed-connected", endpoint: "wss://one", at });
          if (fact === "halted") desk.tell({ type: "quoting-halted", market: SYMBOL, by: "operator", reason: "x", at });
          if (fact === "allowed") desk.tell({ type: "quoting-allowed", market: SYMBOL, by: "operator", at });
          if (fact === "stalled") desk.tell({ type: "stalled", durationMs: afterMs, at });
          const sent = open.find(({ state }) => state === "intent");
          if (fact === "unknown" && sent !== undefined) {
            desk.tell({ type: "place-unknown", market: SYMBOL, clientOrderId: sent.clientOrderId, reason: "x", at });
          }
          for (const command of waiting.splice(0, answers)) desk.answer(command, ms);
          waiting.push(...desk.decide(ms));
        }
        const sums = [...desk.market.unquoted.total.values()];
        expect(sums.reduce((sum, each) => sum + each, 0)).toBeCloseTo(desk.market.meter.unquotedTotalMs, 6);
        const ofHours = desk.market.unquoted.hours.flatMap(({ millis }) => [...millis.values()]);
        expect(ofHours.reduce((sum, each) => sum + each, 0)).toBeCloseTo(desk.market.meter.unquotedTotalMs, 6);
        expect(desk.market.unquoted.total.has("unexplained")).toBe(false);
      }),
    );
  });
});

it("every reason has a meaning for people, and stands in the order once", () => {
  for (const reason of UNQUOTED_REASONS) expect(meaningOf(reason)).toMatch(/^[A-Z].+\.$/);
  expect(new Set(UNQUOTED_REASONS).size).toBe(UNQUOTED_REASONS.length);
});
