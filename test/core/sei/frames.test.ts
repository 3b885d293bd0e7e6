import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeFrame, FRAME_BYTES_MAX } from "../../../core/sei/frames.ts";
import {
  AT,
  BOOKS,
  bookEvent,
  MARKETS,
  SHAPES,
  statusEvent,
  TIMESTAMP_MS,
  toBookEvent,
  toFrame,
  tradeEvent,
  type WireEvent,
} from "./sei-frames.ts";

const BOOK = {
  type: "book-update",
  market: "SEI/USDC",
  bids: { prices: [4213, 4212], sizes: [1500, 900] },
  asks: { prices: [4216], sizes: [1200] },
  sequence: 1042,
  venueTimeMs: TIMESTAMP_MS,
  at: AT,
};
const TRADE = {
  type: "trade",
  market: "SEI/USDC",
  tradeId: "T-9",
  price: 4216,
  size: 40,
  aggressor: "buy",
  venueTimeMs: TIMESTAMP_MS,
  at: AT,
};
const STATUS = { type: "market-status", market: "SEI/USDC", status: "open", venueTimeMs: TIMESTAMP_MS, at: AT };

function decode(frame: string | Uint8Array) {
  return decodeFrame(frame, MARKETS, AT);
}

/** The one fault of a frame with one bad event. */
function faultOf(event: WireEvent): string {
  const decoded = decode(Buffer.from(toFrame([event])));
  if (decoded.kind !== "events") return `not events but ${decoded.kind}`;
  expect(decoded.events).toEqual([]);
  expect(decoded.faults).toHaveLength(1);
  return decoded.faults[0]?.message ?? "";
}

describe("answers", () => {
  test("an empty result acknowledges the request of its id", () => {
    expect(decode('{"jsonrpc":"2.0","id":1,"result":{}}')).toEqual({ kind: "ack", id: 1 });
  });

  test.each([
    ['"7"', 7],
    ['"7#event"', 7],
  ])("an id of %s is request 7", (id, expected) => {
    expect(decode(`{"jsonrpc":"2.0","id":${id},"result":{}}`)).toEqual({ kind: "ack", id: expected });
  });

  test("an error carries its id, code, message and data", () => {
    const frame =
      '{"jsonrpc":"2.0","id":6,"error":{"code":-32603,"message":"Internal error","data":"max_subscriptions_per_client 5 reached"}}';
    expect(decode(frame)).toEqual({
      kind: "error",
      id: 6,
      code: -32603,
      message: "Internal error",
      data: "max_subscriptions_per_client 5 reached",
    });
  });

  test("an error without an id or data is an error still", () => {
    const frame = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}';
    expect(decode(frame)).toEqual({ kind: "error", id: null, code: -32700, message: "Parse error", data: "" });
  });
});

describe("events", () => {
  test.each(SHAPES)("the %s shape carries books, trades and statuses", (shape) => {
    const decoded = decode(Buffer.from(toFrame([bookEvent(), tradeEvent(), statusEvent()], shape, 3)));
    expect(decoded).toEqual({ kind: "events", id: 3, events: [BOOK, TRADE, STATUS], faults: [] });
  });

  test.each(SHAPES)("the %s shape carries several trades in order", (shape) => {
    const trades = ["T-1", "T-2", "T-3"].map((trade_id) => tradeEvent({ trade_id }));
    const decoded = decode(toFrame(trades, shape));
    expect(decoded.kind === "events" && decoded.events.map((event) => event.type === "trade" && event.tradeId)).toEqual(
      ["T-1", "T-2", "T-3"],
    );
  });

  test("an event in both places counts once", () => {
    const events = [tradeEvent()];
    const frame = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { events, data: { value: { events } } } });
    expect(decode(frame)).toEqual({ kind: "events", id: 1, events: [TRADE], faults: [] });
  });

  test("an event of an unknown type is left out", () => {
    const other = { type: "message", attributes: { action: "/seiprotocol.seichain.dex.MsgPlaceOrders" } };
    expect(decode(toFrame([other, tradeEvent()]))).toEqual({ kind: "events", id: 1, events: [TRADE], faults: [] });
  });

  test.each(SHAPES)("a bad event in the %s shape costs the good ones nothing", (shape) => {
    const decoded = decode(toFrame([tradeEvent({ price: "NaN" }), tradeEvent(), statusEvent()], shape));
    expect(decoded.kind === "events" && decoded.events).toEqual([TRADE, STATUS]);
    expect(decoded.kind === "events" && decoded.faults.map((fault) => fault.message)).toEqual([
      'price must be a positive multiple of 0.0001, was "NaN"',
    ]);
  });

  test("a crossed book decodes: the engine judges it", () => {
    const decoded = decode(Buffer.from(toFrame([bookEvent({ bids: '[["0.4217","5"]]' })])));
    expect(decoded.kind === "events" && decoded.events).toEqual([{ ...BOOK, bids: { prices: [4217], sizes: [5] } }]);
  });

  test("empty sides are legal", () => {
    const decoded = decode(Buffer.from(toFrame([bookEvent({ bids: "[]", asks: "[]" })])));
    const empty = { prices: [], sizes: [] };
    expect(decoded.kind === "events" && decoded.events).toEqual([{ ...BOOK, bids: empty, asks: empty }]);
  });

  test("map lists of unequal length are a fault of their type alone", () => {
    const map = {
      "Trade.market_id": ["SEI/USDC"],
      "Trade.price": ["0.4216", "0.4217"],
      "MarketStatus.market_id": ["SEI/USDC"],
      "MarketStatus.timestamp": ["2026-01-02T03:04:05.678Z"],
      "MarketStatus.status": ["open"],
    };
    const decoded = decode(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { events: map } }));
    expect(decoded.kind === "events" && decoded.events).toEqual([STATUS]);
    expect(decoded.kind === "events" && decoded.faults).toHaveLength(1);
  });

  test("an attribute that stands twice in a list is a fault", () => {
    const pairs = [
      { key: "market_id", value: "SEI/USDC" },
      { key: "market_id", value: "ETH/USDT" },
    ];
    const frame = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { events: [{ type: "Trade", attributes: pairs }] } });
    const decoded = decode(frame);
    expect(decoded.kind === "events" && decoded.faults.map((fault) => fault.expected)).toEqual(["there once"]);
  });
});

describe("bad books", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["a price of NaN", { bids: '[["NaN","1500"]]' }, "bids[0].price must be a positive multiple of 0.0001"],
    ["a price of zero", { asks: '[["0","1"]]' }, "asks[0].price must be a positive multiple"],
    ["a negative price", { asks: '[["-0.1","1"]]' }, "asks[0].price must be a positive multiple"],
    ["a price off the tick", { asks: '[["0.42165","1"]]' }, "asks[0].price must be a positive multiple"],
    ["an exponent", { asks: '[["1e-1","1"]]' }, "asks[0].price must be a positive multiple"],
    ["an endless price", { asks: `[["${"9".repeat(400)}","1"]]` }, "asks[0].price must be a positive multiple"],
    ["a price as a number", { asks: "[[0.4216,1200]]" }, "asks[0].price must be a positive multiple"],
    ["a price as a list", { asks: '[[[],"1"]]' }, "asks[0].price must be a positive multiple"],
    ["a size of zero", { bids: '[["0.4213","0"]]' }, "bids[0].size must be a positive multiple of 1"],
    ["a size off the lot", { bids: '[["0.4213","1.5"]]' }, "bids[0].size must be a positive multiple of 1"],
    ["bids that rise", { bids: '[["0.4212","1"],["0.4213","1"]]' }, "bids[1].price must be below the level before it"],
    ["asks that fall", { asks: '[["0.4217","1"],["0.4216","1"]]' }, "asks[1].price must be above the level before it"],
    ["a level twice", { asks: '[["0.4217","1"],["0.4217","1"]]' }, "asks[1].price must be above the level before it"],
    ["a row of three", { asks: '[["0.4217","1","2"]]' }, "asks[0] must be [price, size]"],
    ["a row that is none", { asks: '["0.4217"]' }, "asks[0] must be [price, size]"],
    ["text that is no JSON", { bids: "[[0.4213," }, "bids must be JSON text of at most 1000 levels"],
    ["a side that is no list", { bids: '{"0.4213":"1"}' }, "bids must be JSON text"],
    ["a side as a list", { bids: [["0.4213", "1"]] }, "bids must be JSON text"],
    ["no asks", { asks: undefined }, "asks must be JSON text of at most 1000 levels, was absent"],
    ["a sequence of zero", { sequence: "0" }, "sequence must be a positive safe integer"],
    ["a sequence with a zero before it", { sequence: "042" }, "sequence must be a positive safe integer"],
    ["a sequence as a number", { sequence: 1042 }, "sequence must be a positive safe integer"],
    ["a sequence beyond the safe ones", { sequence: "9007199254740993" }, "sequence must be a positive safe integer"],
    [
      "a market in small letters",
      { market_id: "btc/usdc" },
      "market_id must be BASE/QUOTE in capitals and digits, was",
    ],
    [
      "a market without a quote",
      { market_id: "BTC" },
      'market_id must be BASE/QUOTE in capitals and digits, was "BTC"',
    ],
    ["a market as a number", { market_id: 7 }, "market_id must be BASE/QUOTE in capitals and digits, was 7"],
    ["no market", { market_id: undefined }, "market_id must be BASE/QUOTE in capitals and digits, was absent"],
    ["a time without milliseconds", { timestamp: "2026-01-02T03:04:05Z" }, "timestamp must be UTC with milliseconds"],
    ["a time that is a number", { timestamp: 1 }, "timestamp must be UTC with milliseconds"],
  ])("%s is a fault that names it", (_case, attributes, message) => {
    expect(faultOf(bookEvent(attributes))).toContain(message);
  });

  test("a side of a thousand levels is read, one of a thousand and one is a fault", () => {
    const levels = (count: number) => JSON.stringify(Array.from({ length: count }, (_, i) => [`${i + 1}`, "1"]));
    const whole = decode(Buffer.from(toFrame([bookEvent({ asks: levels(1_000) })])));
    expect(whole.kind === "events" && whole.events).toHaveLength(1);
    expect(faultOf(bookEvent({ asks: levels(1_001) }))).toContain("asks must be JSON text of at most 1000 levels");
  });
});

describe("bad trades and statuses", () => {
  test.each<[string, WireEvent, string]>([
    ["a quantity of NaN", tradeEvent({ quantity: "NaN" }), "quantity must be a positive multiple of 1"],
    ["a price that is absent", tradeEvent({ price: undefined }), "price must be a positive multiple"],
    ["a side that is none", tradeEvent({ side: "Long" }), 'side must be buy or sell, was "Long"'],
    ["an empty trade id", tradeEvent({ trade_id: "" }), "trade_id must be text of 1 to 128 characters"],
    [
      "a trade id without end",
      tradeEvent({ trade_id: "T".repeat(129) }),
      "trade_id must be text of 1 to 128 characters",
    ],
    ["a trade id as a number", tradeEvent({ trade_id: 9 }), "trade_id must be text of 1 to 128 characters"],
    ["a status that is none", statusEvent({ status: "ACTIVE" }), 'status must be open or halted, was "ACTIVE"'],
    [
      "attributes that are none",
      { type: "Trade", attributes: JSON.parse("null") },
      "attributes must be an object or a list",
    ],
  ])("%s is a fault that names it", (_case, event, message) => {
    expect(faultOf(event)).toContain(message);
  });
});

describe("events of markets that are not ours", () => {
  test.each(SHAPES)("are neither events nor faults beside ours, in shape %s", (shape) => {
    const theirs = { market_id: "BTC/USDC" };
    const frame = toFrame([bookEvent(theirs), bookEvent(), tradeEvent(theirs), statusEvent(theirs)], shape);
    expect(decode(Buffer.from(frame))).toEqual({ kind: "events", id: 1, events: [BOOK], faults: [] });
  });

  test("are ignored whatever else they say, since their ticks are not known", () => {
    const frame = toFrame([bookEvent({ market_id: "BTC/USDC", bids: "[[1", timestamp: "noon" })]);
    expect(decode(Buffer.from(frame))).toEqual({ kind: "events", id: 1, events: [], faults: [] });
  });
});

describe("malformed frames", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["prose", "upstream connect error", "a frame must be JSON"],
    ["nothing", "", "a frame must be JSON"],
    ["half a frame", toFrame([bookEvent()]).slice(0, 100), "a frame must be JSON"],
    ["a list", "[]", "a frame must be a JSON object"],
    ["a number", "7", "a frame must be a JSON object"],
    ["a request", '{"jsonrpc":"2.0","id":1,"method":"ping"}', "result must be an object"],
    ["a result that is text", '{"jsonrpc":"2.0","id":1,"result":"ok"}', "result must be an object"],
    ["an error that is text", '{"jsonrpc":"2.0","id":1,"error":"no"}', "error must be an object"],
    ["an answer to nothing", '{"jsonrpc":"2.0","result":{}}', "id must be the whole number of a request"],
    ["bytes that are no text", Uint8Array.of(0x7b, 0xff, 0x7d), "a frame must be UTF-8 text"],
    ["more than a mebibyte", " ".repeat(FRAME_BYTES_MAX + 1), "a frame must be at most 1048576 bytes"],
    ["depth without end", `{"result":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, "result must be an object"],
  ])("%s is malformed", (_case, frame, message) => {
    const decoded = decode(frame);
    expect(decoded.kind === "malformed" && decoded.fault.message).toContain(message);
  });
});

describe("laws", () => {
  test("every shape of a book decodes to the book that was written", () => {
    fc.assert(
      fc.property(BOOKS, fc.constantFrom(...SHAPES), (value, shape) => {
        const decoded = decode(Buffer.from(toFrame([toBookEvent(value)], shape)));
        const toSide = (levels: typeof value.bids) => ({
          prices: levels.map(({ price }) => price),
          sizes: levels.map(({ size }) => size),
        });
        const { sequence } = value;
        const expected = { ...BOOK, bids: toSide(value.bids), asks: toSide(value.asks), sequence };
        expect(decoded).toEqual({ kind: "events", id: 1, events: [expected], faults: [] });
      }),
      { numRuns: 200 },
    );
  });

  test("no bytes make the decoder throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decode(bytes).kind).toBe("malformed");
      }),
    );
  });

  test.each([
    ["a map of half a million values", '{"Trade.price":[', "0", "]}"],
    ["a list of half a million numbers", "[", "0", "]"],
    ["a list of thirty thousand events of ours that are empty", "[", '{"type":"Trade","attributes":{}}', "]"],
  ])("%s, as large as a frame may be, is refused and not counted one by one", (_, head, item, tail) => {
    const count = Math.floor((FRAME_BYTES_MAX - 100) / (item.length + 1));
    const listed = Array.from({ length: count }, () => item).join(",");
    const decoded = decode(`{"id":1,"result":{"events":${head}${listed}${tail}}}`);
    const faults = decoded.kind === "events" ? decoded.faults : decoded.kind === "malformed" ? [decoded.fault] : [];
    expect(faults).toHaveLength(1);
    expect(decoded).not.toMatchObject({ events: [expect.anything()] });
  });

  test("a hundred bad events cost the good one beside them nothing", () => {
    const bad = Array.from({ length: 100 }, () => ({ type: "Trade", attributes: {} }));
    expect(decode(toFrame([...bad, tradeEvent()]))).toMatchObject({ kind: "events", events: [{ tradeId: "T-9" }] });
  });

  test("no JSON makes the decoder throw", () => {
    const event = fc.record({
      type: fc.constantFrom<unknown>("OrderBookUpdate", "Trade", "MarketStatus", 7),
      attributes: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom("market_id", "bids", "asks", "price", "__proto__"), fc.jsonValue()),
        fc.array(
          fc.record({
            key: fc.constantFrom<unknown>("market_id", "YmlkcyA=", "Ymlkcw==", null),
            value: fc.jsonValue(),
          }),
        ),
      ),
    });
    const map = fc.dictionary(fc.constantFrom("Trade.price", "Trade.side", "MarketStatus.status", "."), fc.jsonValue());
    const events = fc.oneof(fc.array(event), map, fc.jsonValue());
    fc.assert(
      fc.property(events, fc.jsonValue(), (listed, value) => {
        const frame = { jsonrpc: "2.0", id: 1, result: { events: listed, data: { value } } };
        expect(["events", "malformed"]).toContain(decode(JSON.stringify(frame)).kind);
      }),
      { numRuns: 200 },
    );
  });
});
