import { expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { Agenda } from "../../../sim/compare/agenda.ts";
import type { Answer, Competitor } from "../../../sim/compare/competitor.ts";
import { RunMeter } from "../../../sim/compare/run-meter.ts";
import type { Stage } from "../../../sim/compare/stage.ts";
import { VenueDesk } from "../../../sim/compare/venue-desk.ts";
import { MatchingEngine } from "../../../sim/exchange/matching-engine.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

/** A venue over a real order book in which nobody else acts unless the test does. */
function makeVenue({ positionMax = 5_000 } = {}) {
  const agenda = new Agenda();
  const meter = new RunMeter({ market, capital: 100, positionMax: toLots(positionMax) });
  const engine = new MatchingEngine(({ price, size, makerOrderId, makerOwner }) => {
    if (makerOwner === "us") desk.ownMatch({ orderId: makerOrderId, price, size, liquidity: "maker" });
  });
  const stage: Stage = {
    market,
    nextMs: Number.POSITIVE_INFINITY,
    listen: () => undefined,
    advance: () => undefined,
    place: (order) => engine.place({ ...order, owner: "us" }),
    cancel: (orderId) => void engine.cancel(orderId),
  };
  const latency = { feedMs: 3, outMs: 10, backMs: 20 };
  const desk = new VenueDesk({
    stage,
    agenda,
    meter,
    latency,
    positionMax: toLots(positionMax),
    placementsInFlight: 5,
    epochMs: 1_000_000,
  });
  const told: string[] = [];
  let nowMs = 0;
  const note = (what: string) => told.push(`${nowMs} ${what}`);
  const competitor: Competitor = {
    wakeMs: 1_000,
    book: ({ at, venueTimeMs }) => note(`book of ${venueTimeMs} at ${at.monotonicMs}`),
    trade: ({ price }) => note(`trade ${price}`),
    answer: (answer) => note(words(answer)),
    fill: ({ clientOrderId, size, fee }) => note(`fill ${clientOrderId} ${size} fee ${fee}`),
    orderSeen: ({ clientOrderId, status, filled }) => note(`seen ${clientOrderId} ${status} ${filled}`),
    turn: () => undefined,
    notes: () => [],
  };
  desk.serve(competitor);
  const runTo = (ms: number) => {
    while (agenda.nextMs <= ms) {
      nowMs = agenda.nextMs;
      desk.setNow(nowMs);
      agenda.runNext();
    }
    nowMs = ms;
    desk.setNow(ms);
  };
  const place = (clientOrderId: string, side: "buy" | "sell" = "buy", price = 4_200, size = 500) =>
    desk.place({ clientOrderId, side, price: toTicks(price), size: toLots(size) });
  return { desk, engine, meter, told, runTo, place };
}

function words(answer: Answer): string {
  switch (answer.type) {
    case "refused":
      return `refused ${answer.clientOrderId}: ${answer.reason}`;
    case "found":
      return `found ${answer.clientOrderId} ${answer.order?.status ?? "nothing"}`;
    case "polled":
      return `polled ${answer.orders.map(({ clientOrderId }) => clientOrderId).join(" ")}`;
    default:
      return `${answer.type} ${answer.order.clientOrderId} ${answer.order.status}`;
  }
}

test("an order arrives after the way out, and its answer comes after the way back", () => {
  const { told, runTo, place, engine } = makeVenue();
  place("a");
  runTo(9);
  expect(engine.best("buy")).toBeUndefined();
  runTo(10);
  expect(engine.best("buy")).toBe(4_200);
  expect(told).toEqual([]);
  runTo(30);
  expect(told).toEqual(["30 placed a open"]);
});

test("an order that would cross is rejected, and counts as such", () => {
  const { told, runTo, place, engine, meter } = makeVenue();
  const other = { orderId: "x", owner: "them", side: "sell", price: toTicks(4_200), size: toLots(9) } as const;
  engine.place({ ...other, timeInForce: "gtc" });
  place("a");
  runTo(30);
  expect(told).toEqual(["30 placed a rejected"]);
  expect(meter.counts).toMatchObject({ placed: 0, rejected: 1 });
});

test("a fill and the order's state come after the way back, with the maker's fee", () => {
  const { told, runTo, place, engine, meter } = makeVenue();
  place("a");
  runTo(40);
  const taker = { owner: "them", side: "sell", price: toTicks(4_200), timeInForce: "ioc" } as const;
  engine.place({ ...taker, orderId: "x", size: toLots(200) });
  engine.place({ ...taker, orderId: "y", size: toLots(900) });
  runTo(100);
  // 0.42 × 200 × 1 bps and × 300, in 10^-18.
  expect(told.slice(1)).toEqual([
    `60 fill a 200 fee ${84n * 10n ** 14n}`,
    "60 seen a partially_filled 200",
    `60 fill a 300 fee ${126n * 10n ** 14n}`,
    "60 seen a filled 500",
  ]);
  expect(meter.position).toBe(500);
  expect(meter.counts.filled).toBe(1);
});

test("a cancel takes effect when it arrives: a fill before that stands, and the answer says how it ended", () => {
  const { desk, told, runTo, place, engine } = makeVenue();
  place("a");
  place("b");
  runTo(40);
  desk.cancel("a");
  desk.cancel("b");
  runTo(45);
  const taker = { owner: "them", side: "sell", price: toTicks(4_200), timeInForce: "ioc" } as const;
  engine.place({ ...taker, orderId: "x", size: toLots(500) });
  runTo(100);
  expect(told.slice(2)).toEqual([
    `65 fill a 500 fee ${21n * 10n ** 15n}`,
    "65 seen a filled 500",
    "70 ended a filled",
    "70 seen b cancelled 0",
    "70 cancelled b cancelled",
  ]);
  expect(engine.best("buy")).toBeUndefined();
});

test("the eleventh request within a second is refused, and counted", () => {
  const { desk, told, runTo, meter } = makeVenue();
  for (let i = 0; i < 11; i += 1) desk.query(`q${i}`);
  runTo(1_100);
  desk.query("later");
  runTo(2_000);
  expect(told.filter((line) => line.includes("refused"))).toEqual([
    "30 refused q10: too many requests within a second",
  ]);
  expect(told.at(-1)).toBe("1130 found later nothing");
  expect(meter.counts.overRequests).toBe(1);
});

test("the sixth placing without an answer is refused, and counted", () => {
  const { told, runTo, place, meter } = makeVenue();
  for (const id of ["a", "b", "c", "d", "e", "f"]) place(id, "buy", 4_200, 1);
  runTo(100);
  expect(told.at(-1)).toBe("30 refused f: too many placements in flight");
  expect(meter.counts).toMatchObject({ placed: 5, overRequests: 1 });
});

test("what could pass the position limit is refused, open orders counted in full", () => {
  const { told, runTo, place, meter } = makeVenue({ positionMax: 900 });
  place("a");
  place("b");
  place("c", "sell", 4_300);
  runTo(100);
  expect(told).toEqual(["30 placed a open", "30 refused b: the position limit", "30 placed c open"]);
  expect(meter.counts.overPosition).toBe(1);
});

test("a poll shows what is open when it arrives", () => {
  const { desk, told, runTo, place } = makeVenue();
  place("a");
  place("b", "sell", 4_300);
  desk.poll();
  runTo(30);
  expect(told.at(-1)).toBe("30 polled a b");
});

test("a shown book reaches the competitor after the way here, with the venue's own time", () => {
  const { desk, told, runTo, engine } = makeVenue();
  runTo(7);
  desk.book(engine.levels(5));
  desk.print({ price: toTicks(4_200), size: toLots(1), aggressor: "buy" });
  runTo(20);
  expect(told).toEqual(["10 book of 1000007 at 10", "10 trade 4200"]);
});
