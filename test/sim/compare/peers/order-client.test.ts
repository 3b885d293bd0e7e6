import { expect, test } from "vitest";
import { toLots, toTicks } from "../../../../core/units.ts";
import { FixedSpread, fixedSpreadQuotes } from "../../../../sim/compare/peers/fixed-spread.ts";
import { OrderClient } from "../../../../sim/compare/peers/order-client.ts";
import { instant } from "../../../core/make-events.ts";
import { bookOf, HandMadePort, termsOf } from "./hand-made-port.ts";

const order = { side: "buy", price: toTicks(4_200), size: toLots(500) } as const;

function makeClient() {
  const port = new HandMadePort();
  return { port, client: new OrderClient(termsOf(port)) };
}

test("at most five placings are unanswered, and the rest waits in order", () => {
  const { port, client } = makeClient();
  for (let i = 0; i < 7; i += 1) client.place(order, instant(0));
  client.flush(instant(0));
  expect(port.sent.map(({ clientOrderId }) => clientOrderId)).toEqual([
    "peer-1",
    "peer-2",
    "peer-3",
    "peer-4",
    "peer-5",
  ]);
  client.answer({ type: "placed", order: port.view("peer-1", "open") }, instant(5));
  client.flush(instant(5));
  expect(port.sent).toHaveLength(6);
  expect(client.queued).toBe(1);
});

test("at most ten requests arrive in any one second", () => {
  const { port, client } = makeClient();
  const sentMs: number[] = [];
  for (let i = 0; i < 40; i += 1) client.place(order, instant(0));
  for (let ms = 0; ms < 5_000; ms += 50) {
    const before = port.sent.length;
    client.flush(instant(ms));
    for (const { clientOrderId } of port.sent.slice(before)) {
      sentMs.push(ms);
      client.answer({ type: "placed", order: port.view(clientOrderId, "open") }, instant(ms));
    }
  }
  expect(sentMs.length).toBe(40);
  for (const [i, ms] of sentMs.entries()) expect(ms - (sentMs[i - 10] ?? -1_000)).toBeGreaterThanOrEqual(1_000);
});

test("the room is what the position leaves, less the orders where they count", () => {
  const { port, client } = makeClient();
  client.place(order, instant(0));
  client.flush(instant(0));
  client.answer({ type: "placed", order: port.view("peer-1", "open") }, instant(1));
  client.fill(port.fillOf("peer-1", 200));
  expect(client.position).toBe(200);
  expect(client.room("buy")).toBe(4_800);
  expect(client.room("sell")).toBe(5_200);
  expect(client.roomBesideOrders("buy")).toBe(4_500);
});

test("an order is active until its cancel is asked for, and gone when it is answered or filled", () => {
  const { port, client } = makeClient();
  client.place(order, instant(0));
  client.place(order, instant(0));
  client.flush(instant(0));
  for (const id of ["peer-1", "peer-2"]) {
    client.answer({ type: "placed", order: port.view(id, "open") }, instant(1));
  }
  const [first] = client.active();
  if (first !== undefined) client.cancel(first);
  expect(client.active().map(({ clientOrderId }) => clientOrderId)).toEqual(["peer-2"]);
  expect(client.cancelsInFlight).toBe(1);
  client.flush(instant(2));
  client.answer({ type: "ended", order: port.view("peer-1", "filled") }, instant(3));
  expect(client.cancelsInFlight).toBe(0);
  expect(client.fill(port.fillOf("peer-2")).isComplete).toBe(true);
  expect(client.active()).toEqual([]);
});

test("a placing that was never sent is taken back without a request", () => {
  const { port, client } = makeClient();
  client.place(order, instant(0));
  const [first] = client.active();
  if (first !== undefined) client.cancel(first);
  client.flush(instant(0));
  expect(port.sent).toEqual([]);
  expect(client.active()).toEqual([]);
});

test("a rejected or refused placing is forgotten, a refused cancel leaves its order", () => {
  const { port, client } = makeClient();
  for (let i = 0; i < 3; i += 1) client.place(order, instant(0));
  client.flush(instant(0));
  client.answer({ type: "placed", order: port.view("peer-1", "rejected") }, instant(1));
  client.answer({ type: "refused", clientOrderId: "peer-2", reason: "429" }, instant(1));
  client.answer({ type: "placed", order: port.view("peer-3", "open") }, instant(1));
  const [third] = client.active();
  expect(third?.clientOrderId).toBe("peer-3");
  if (third !== undefined) client.cancel(third);
  client.flush(instant(2));
  client.answer({ type: "refused", clientOrderId: "peer-3", reason: "429" }, instant(3));
  expect(client.active()).toHaveLength(1);
});

test("fixed quotes stand at half-spread and spacing around the mid, rounded outwards", () => {
  const terms = { halfSpreadBps: 10, levelSpacingBps: 5, levels: 2, orderSize: toLots(500) };
  // Mid 4,200: 4.2 and 6.3 ticks.
  expect(fixedSpreadQuotes(4_200, terms).map(({ side, price }) => `${side} ${price}`)).toEqual([
    "buy 4195",
    "sell 4205",
    "buy 4193",
    "sell 4207",
  ]);
});

test("the fixed-spread maker moves what stands elsewhere at each book, and leaves what stands right", () => {
  const port = new HandMadePort();
  const maker = new FixedSpread(termsOf(port));
  const turn = (ms: number) => {
    maker.turn(instant(ms));
    return port.answerAll(maker, ms);
  };
  maker.book(bookOf(4_190, 4_210));
  expect(turn(0)).toEqual(["buy 500@4195", "sell 500@4205"]);
  maker.book(bookOf(4_190, 4_210, 250));
  expect(turn(250)).toEqual([]);
  maker.book(bookOf(4_191, 4_211, 500));
  expect(turn(500)).toEqual(["cancel peer-1", "cancel peer-2", "buy 500@4196", "sell 500@4206"]);
});
