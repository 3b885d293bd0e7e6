/** How the markets of an engine share its requests, and what a move never does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command } from "../../core/commands.ts";
import { RequestBudget } from "../../core/execution/request-budget.ts";
import { makeMarket } from "../../core/market.ts";
import { toLots } from "../../core/units.ts";
import { Desk, limits, SYMBOL, settings } from "./desk.ts";
import { instant, makeBook, makeFill } from "./make-events.ts";

const OTHER = "ATOM/USDC";
const two = { ...settings, strategy: { ...settings.strategy, levels: 2 } };
const other = { ...two, market: makeMarket({ symbol: OTHER, tickSize: "0.0001", lotSize: "1" }) };

function bookOf(market: string, mid: number, ms: number) {
  return makeBook({ bids: [[mid - 50, 100]], asks: [[mid + 50, 100]], market, ms });
}

/** Both markets quoted around 10,000 ticks with two levels a side, all answered, and the requests of that forgotten. */
function quotingDesk(): Desk {
  const desk = new Desk([two, other], { inFlightMax: 20 });
  for (let ms = 0; ms <= 6_000; ms += 500) {
    for (const market of [SYMBOL, OTHER]) desk.tell(bookOf(market, 10_000, ms));
    desk.decideAndAnswer(ms + 1);
  }
  for (const market of desk.engine.markets) expect(market.orders.open()).toHaveLength(4);
  return desk;
}

const named = (commands: readonly Command[]) => commands.map(({ type, clientOrderId }) => `${type} ${clientOrderId}`);

describe("requests of several markets", () => {
  it("the most dangerous quotes go first, whichever market they are in", () => {
    const desk = quotingDesk();
    desk.tell(bookOf(SYMBOL, 9_990, 6_100));
    desk.tell(bookOf(OTHER, 9_950, 6_100));
    const cancels = desk.decide(6_101).filter(({ type }) => type === "cancel-order");
    expect(cancels.map(({ market, clientOrderId }) => `${market} ${clientOrderId.slice(-4, -2)}`)).toEqual([
      `${OTHER} b0`,
      `${OTHER} b1`,
      `${SYMBOL} b0`,
      `${SYMBOL} b1`,
    ]);
  });

  it("cancels are told before anything else is thought of, and the same is decided where nobody is told", () => {
    const decided = [false, true].map((isTold) => {
      const desk = quotingDesk();
      desk.tell(bookOf(SYMBOL, 9_990, 6_100));
      desk.tell(bookOf(OTHER, 9_950, 6_100));
      const told: Command[] = [];
      const onCancel = (command: Command) => {
        told.push(command);
        const states = desk.engine.markets.flatMap(({ orders }) => orders.open().map(({ state }) => state));
        expect(states.filter((state) => state === "cancel-sent")).toHaveLength(told.length);
        expect(states).not.toContain("intent");
      };
      const commands = isTold ? desk.engine.decide(instant(6_101), onCancel) : desk.decide(6_101);
      expect(commands.slice(0, told.length)).toEqual(told);
      expect(told).toHaveLength(isTold ? 4 : 0);
      return named(commands);
    });
    expect(decided[1]).toEqual(decided[0]);
    expect(decided[0]?.some((command) => command.startsWith("place-order"))).toBe(true);
  });

  it("first levels of all markets are placed before any outer one", () => {
    const desk = new Desk([two, other], { inFlightMax: 20 });
    for (const market of [SYMBOL, OTHER]) desk.tell(bookOf(market, 10_000, 0));
    const places = desk.decide(1);
    expect(places).toHaveLength(5);
    const levels = places.map(({ clientOrderId }) => /-[bs](\d)-/.exec(clientOrderId)?.[1]);
    expect(levels).toEqual(["0", "0", "0", "0", "1"]);
    expect(new Set(places.slice(0, 4).map(({ market }) => market)).size).toBe(2);
  });

  it("of moves the one that gains most goes first, and what is hardly off waits while requests are scarce", () => {
    const desk = quotingDesk();
    // Bids are too shy by 3 ticks in one market and by 40 in the other; the asks with them too generous there.
    desk.tell(bookOf(SYMBOL, 10_003, 6_100));
    desk.tell(bookOf(OTHER, 10_040, 6_100));
    const commands = [6_101, 6_150, 6_200, 6_250, 6_300, 6_350, 6_400].flatMap((ms) => desk.decide(ms));
    const moved = commands.filter(({ clientOrderId, type }) => type === "cancel-order" && /-b\d-/.test(clientOrderId));
    expect(named(moved)[0]).toMatch(/^cancel-order fm-7-ATOMUSDC-b0/);
    expect(named(moved).filter((name) => name.includes("SEIUSDC"))).toEqual([]);
  });
});

const step = fc.record({
  afterMs: fc.integer({ min: 1, max: 900 }),
  mid: fc.integer({ min: 9_900, max: 10_100 }),
  /** Which of the commands that wait for an answer get one now, and which of our orders is filled by how much. */
  answers: fc.integer({ min: 0, max: 6 }),
  fillOf: fc.option(fc.nat(), { nil: undefined }),
  fillSize: fc.integer({ min: 1, max: 300 }),
});

describe("a move", () => {
  it("never lets the old and the new quote together pass the position's limit, however slow the answers and whatever fills", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const position = 800;
        const strategy = { ...two.strategy, orderSize: toLots(300) };
        const tight = { ...two, strategy, limits: { ...limits, position: toLots(position) } };
        const desk = new Desk([tight], { budget: new RequestBudget({ requestsPerSecond: 40 }), inFlightMax: 20 });
        const waiting: Command[] = [];
        let ms = 0;
        for (const [index, { afterMs, mid, answers, fillOf, fillSize }] of steps.entries()) {
          ms += afterMs;
          desk.tell({ type: "fills-read", market: SYMBOL, askedMs: ms - 1, at: instant(ms) });
          desk.tell(bookOf(SYMBOL, mid, ms));
          waiting.push(...desk.decide(ms));
          const { long, short } = desk.exposure;
          expect(long).toBeLessThanOrEqual(position);
          expect(short).toBeGreaterThanOrEqual(-position);
          const live = desk.market.orders.open().filter(({ state }) => state === "live" || state === "cancel-sent");
          const filled = fillOf === undefined ? undefined : live[fillOf % Math.max(1, live.length)];
          if (filled !== undefined) {
            const size = toLots(Math.min(fillSize, filled.size - filled.filledBooked));
            const fill = makeFill({ ...filled, fillId: `F-${index}`, orderId: filled.orderId!, size });
            if (size > 0) desk.tell({ type: "fill", fill, at: instant(ms) });
          }
          for (const command of waiting.splice(0, answers)) {
            const order = desk.market.orders.find(command.clientOrderId);
            if (order?.state !== "filled") desk.answer(command, ms);
            else desk.budget.settle(command.requestId, instant(ms));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
