import { afterEach, describe, expect, it } from "vitest";
import type { OpenOrdersRead, VenueOrder } from "../../core/events.ts";
import { watchOrders } from "../../fargate/order-watch.ts";
import type { Venue } from "../../fargate/venue.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { CLIENT_ID, json, makeVenueCase, orderAnswer } from "./cambrian/venue-case.ts";
import { makeRecorder } from "./driven-world.ts";

const LOST_MS = 2_100;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A watch of two markets; the venue answers after 100 ms, and where a first attempt is lost that much later. */
function makeCase() {
  const world = new VirtualTime();
  const { log, lines } = makeRecorder();
  const read: OpenOrdersRead[] = [];
  const asked: [string, number][] = [];
  const venue = { lostMs: 0, orders: [] as readonly VenueOrder[] | Error };
  const pause = (ms: number) => new Promise<void>((resolve) => world.after(ms, resolve));
  const openOrders: Venue["openOrders"] = async (market) => {
    asked.push([market, world.nowMs]);
    await pause(venue.lostMs);
    const askedMs = world.nowMs;
    await pause(100);
    if (venue.orders instanceof Error) throw venue.orders;
    return { value: venue.orders, askedMs };
  };
  const markets = ["SEI/USDC", "ATOM/USDC"];
  const stop = watchOrders({
    venue: { openOrders },
    markets,
    onRead: (one) => read.push(one),
    clock: world.clock,
    log,
  });
  stops.push(stop);
  return { world, venue, read, asked, lines, stop };
}

describe("the watch of the open orders", () => {
  it("asks for market after market, each every five seconds and what the answers take", async () => {
    const { world, asked } = makeCase();
    await world.pass(10_500);
    expect(asked).toEqual([
      ["SEI/USDC", 2_500],
      ["ATOM/USDC", 5_100],
      ["SEI/USDC", 7_700],
      ["ATOM/USDC", 10_300],
    ]);
  });

  it("tells a list with the moment that it is of, which may be well after it was first asked for", async () => {
    const { world, venue, read } = makeCase();
    venue.lostMs = LOST_MS;
    await world.pass(5_000);
    const askedMs = 2_500 + LOST_MS;
    const at = { ...world.clock.now(), monotonicMs: askedMs + 100 };
    expect(read).toMatchObject([{ type: "open-orders-read", market: "SEI/USDC", orders: [], askedMs }]);
    expect(read[0]?.at.monotonicMs).toBe(at.monotonicMs);
  });

  it("goes on after a question without an answer, and tells nothing of it but a warning", async () => {
    const { world, venue, read, lines } = makeCase();
    venue.orders = new Error("no whole answer");
    await world.pass(5_000);
    expect(lines).toEqual(["the open orders could not be read"]);
    venue.orders = [];
    await world.pass(2_500);
    expect(read.map(({ market }) => market)).toEqual(["ATOM/USDC"]);
  });

  it("tells nothing after the stop, also of an answer that was on its way", async () => {
    const { world, read, asked, stop } = makeCase();
    await world.pass(2_550);
    stop();
    await world.pass(20_000);
    expect([asked.length, read]).toEqual([1, []]);
  });

  it("of Cambrian goes by the attempt that was answered, where one before it found no answer", async () => {
    const sentMs: number[] = [];
    const { venue, clock } = makeVenueCase((_, index) => {
      sentMs.push(clock.nowMs);
      return index === 0 ? "silence" : json(200, { orders: [orderAnswer()] });
    });
    const { log } = makeRecorder();
    const list = await new Promise<OpenOrdersRead>((resolve) => {
      const onRead = (one: OpenOrdersRead) => {
        stop();
        resolve(one);
      };
      const stop = watchOrders({ venue, markets: ["SEI/USDC"], onRead, clock, log });
    });
    expect(list.orders.map(({ clientOrderId }) => clientOrderId)).toEqual([CLIENT_ID]);
    expect(sentMs).toHaveLength(2);
    expect(list.askedMs).toBe(sentMs[1]);
  });
});
