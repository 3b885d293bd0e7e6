/** The reader of bytes, held to the general way: what both read is the same, and what it leaves is left whole. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBookFrame } from "../../../core/sei/book-reader.ts";
import { decodeFrame } from "../../../core/sei/frames.ts";
import {
  AT,
  BOOKS,
  bookEvent,
  MARKETS,
  statusEvent,
  toBookEvent,
  toFrame,
  tradeEvent,
  type WireEvent,
} from "./sei-frames.ts";

function decode(frame: string | Uint8Array) {
  return decodeFrame(frame, MARKETS, AT);
}

/** What may come in one frame with a book. */
const BESIDE: readonly (readonly [string, readonly WireEvent[], readonly WireEvent[]])[] = [
  ["alone", [], []],
  ["after the market has opened", [statusEvent()], []],
  ["between two trades", [tradeEvent({ side: "sell" })], [tradeEvent()]],
  ["after another book", [bookEvent()], []],
];

function around(event: WireEvent, [, before, after]: (typeof BESIDE)[number]): readonly WireEvent[] {
  return [...before, event, ...after];
}

describe("the byte reader", () => {
  test.each(BESIDE)("the byte reader reads a book %s, as the general way does", (_, before, after) => {
    fc.assert(
      fc.property(BOOKS, (value) => {
        const text = toFrame([...before, toBookEvent(value), ...after]);
        const read = readBookFrame(Buffer.from(text), MARKETS, AT);
        expect(read?.events).toHaveLength(before.length + 1 + after.length);
        expect({ kind: "events", ...read, faults: [] }).toEqual(decode(text));
      }),
      { numRuns: 20 },
    );
  });

  test.each<[string, WireEvent]>([
    ["a trade of no side", tradeEvent({ side: "neither" })],
    ["a trade at a price off the tick", tradeEvent({ price: "0.42165" })],
    ["a status of another market", statusEvent({ market_id: "ATOM/USDC" })],
    ["a status with a number", statusEvent({ status: 7 })],
    ["an event of another type", { type: "coin_spent", attributes: { spender: "sei1" } }],
  ])("the byte reader leaves a frame with %s to the general way", (_, event) => {
    for (const events of [[event], [bookEvent(), event], [event, bookEvent()]]) {
      expect(readBookFrame(Buffer.from(toFrame(events)), MARKETS, AT)).toBeNull();
    }
    expect(decode(Buffer.from(toFrame([event, bookEvent()])))).toMatchObject({ events: [{ sequence: 1_042 }] });
  });

  test("an attribute that is there twice is left to the general way", () => {
    const text = toFrame([statusEvent()]).replace('"status":"open"', '"status":"open","status":"halted"');
    expect(readBookFrame(Buffer.from(text), MARKETS, AT)).toBeNull();
  });

  test.each([
    ["is cut off", '"x":"'],
    ["is empty", '"x":""'],
    ["is too long", `"x":"${"x".repeat(200)}"`],
  ])("a status with an attribute that %s is left to the general way", (_, attribute) => {
    const text = toFrame([statusEvent()]).replace('"status":"open"', `"status":"open",${attribute}`);
    expect(readBookFrame(Buffer.from(text), MARKETS, AT)).toBeNull();
  });

  test("the byte reader reads the usual shape, with its attributes in any order", () => {
    fc.assert(
      fc.property(
        BOOKS,
        fc.shuffledSubarray(["market_id", "timestamp", "sequence", "bids", "asks"], { minLength: 5 }),
        (value, names) => {
          const { type, attributes } = toBookEvent(value);
          const shuffled = Object.fromEntries(names.map((name) => [name, attributes[name]]));
          const text = toFrame([{ type, attributes: shuffled }]);
          const read = readBookFrame(Buffer.from(text), MARKETS, AT);
          expect(read).not.toBeNull();
          expect({ kind: "events", id: read?.id, events: read?.events, faults: [] }).toEqual(decode(text));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a book stays as it was read, whichever come after it", () => {
    fc.assert(
      fc.property(fc.array(BOOKS, { minLength: 2, maxLength: 6 }), (values) => {
        const texts = values.map((value) => toFrame([toBookEvent(value)]));
        // Each twice in a row, and all of them again.
        const order = [...texts.flatMap((text) => [text, text]), ...texts];
        const read = order.map((text) => readBookFrame(Buffer.from(text), MARKETS, AT)?.events);
        expect(read.map((events) => ({ kind: "events", id: 1, events, faults: [] }))).toEqual(order.map(decode));
      }),
      { numRuns: 50 },
    );
  });

  test("whatever the byte reader accepts of a damaged frame, the general way reads alike", () => {
    const characters = '0123456789.,"\\[]{}:-+eE aTZx\u0000\u00e9'.split("");
    let accepted = 0;
    fc.assert(
      fc.property(
        BOOKS,
        fc.constantFrom(...BESIDE),
        fc.array(
          fc.record({ place: fc.nat(), put: fc.constantFrom(...characters), remove: fc.integer({ min: 0, max: 2 }) }),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
        (value, beside, damages) => {
          const text = damages.reduce(
            (damaged, { place, put, remove }) => {
              const at = place % damaged.length;
              return damaged.slice(0, at) + put + damaged.slice(at + remove);
            },
            toFrame(around(toBookEvent(value), beside)),
          );
          const read = readBookFrame(Buffer.from(text), MARKETS, AT);
          if (read === null) return;
          accepted += 1;
          expect({ kind: "events", id: read.id, events: read.events, faults: [] }).toEqual(decode(text));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
