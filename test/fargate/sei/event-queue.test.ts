import fc from "fast-check";
import { expect, test } from "vitest";
import type { EngineEvent } from "../../../core/events.ts";
import { toLots, toTicks } from "../../../core/units.ts";
import { EventQueue } from "../../../fargate/sei/event-queue.ts";

const at = { monotonicMs: 0, epochMs: 0 };
const none = { prices: [], sizes: [] };

function book(market: string, sequence: number): EngineEvent {
  return { type: "book-update", market, bids: none, asks: none, sequence, venueTimeMs: 0, at };
}

function trade(tradeId: string): EngineEvent {
  const [price, size] = [toTicks(1), toLots(1)];
  return { type: "trade", market: "A/B", tradeId, price, size, aggressor: "buy", venueTimeMs: 0, at };
}

function lost(reason: string): EngineEvent {
  return { type: "feed-lost", endpoint: "ws://a", reason, at };
}

function fill(queue: EventQueue, events: readonly EngineEvent[]): void {
  for (const event of events) queue.push(event);
}

test("unread events are drained once, in order", () => {
  const queue = new EventQueue();
  const events = [book("A/B", 1), trade("T-1"), lost("x"), book("A/B", 2)];
  fill(queue, events);
  expect(queue.size).toBe(4);
  expect(queue.drain()).toEqual(events);
  expect(queue.drain()).toEqual([]);
});

test("what was taken stays as it was while more comes", () => {
  const queue = new EventQueue();
  fill(queue, [book("A/B", 1), trade("T-1")]);
  const taken = queue.drain();
  fill(queue, [trade("T-2"), lost("x")]);
  expect(taken).toEqual([book("A/B", 1), trade("T-1")]);
  expect(queue.drain()).toEqual([trade("T-2"), lost("x")]);
});

test("past the bound only the newest book of each market stays, in its place", () => {
  const queue = new EventQueue(4);
  fill(queue, [book("A/B", 1), trade("T-1"), book("C/D", 1), book("A/B", 2), trade("T-2")]);
  expect(queue.conflated).toBe(1);
  expect(queue.lostTrades).toBe(0);
  expect(queue.drain()).toEqual([trade("T-1"), book("C/D", 1), book("A/B", 2), trade("T-2")]);
});

test("when trades alone pass the bound the oldest go, each counted", () => {
  const queue = new EventQueue(2);
  fill(queue, [trade("T-1"), lost("x"), trade("T-2"), trade("T-3")]);
  expect(queue.lostTrades).toBe(2);
  expect(queue.drain()).toEqual([lost("x"), trade("T-3")]);
});

test("facts of ours pass the bound rather than be dropped", () => {
  const queue = new EventQueue(2);
  const facts = [lost("1"), lost("2"), lost("3"), lost("4")];
  fill(queue, facts);
  expect(queue.drain()).toEqual(facts);
});

test("8,192 unread events are held", () => {
  const queue = new EventQueue();
  for (let i = 1; i <= 20_000; i += 1) queue.push(book("A/B", i));
  expect(queue.size).toBeLessThanOrEqual(8_192);
  expect(queue.drain().at(-1)).toEqual(book("A/B", 20_000));
});

test("an event is drained, conflated into a newer book, or counted as lost; the newest books and the order stay", () => {
  const event = fc.oneof(
    fc.constantFrom("A/B", "C/D").map((market) => ({ kind: "book" as const, market })),
    fc.constant({ kind: "trade" as const, market: "" }),
    fc.constant({ kind: "fact" as const, market: "" }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (kinds, unreadMax) => {
      const events = kinds.map(({ kind, market }, index) =>
        kind === "book" ? book(market, index) : kind === "trade" ? trade(`${index}`) : lost(`${index}`),
      );
      const queue = new EventQueue(unreadMax);
      fill(queue, events);
      const { conflated, lostTrades } = queue;
      const drained = queue.drain();
      expect(drained.length + conflated + lostTrades).toBe(events.length);
      expect(drained).toEqual(events.filter((pushed) => drained.includes(pushed)));
      expect(drained.filter(({ type }) => type === "feed-lost")).toEqual(
        events.filter(({ type }) => type === "feed-lost"),
      );
      for (const market of ["A/B", "C/D"]) {
        const newest = events.findLast((pushed) => pushed.type === "book-update" && pushed.market === market);
        if (newest !== undefined) expect(drained).toContain(newest);
      }
    }),
  );
});
