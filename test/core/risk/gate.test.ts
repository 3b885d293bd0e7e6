import { describe, expect, it } from "vitest";
import type { Order } from "../../../core/order.ts";
import type { OrderState } from "../../../core/order-states.ts";
import type { Quote } from "../../../core/quoting/strategy.ts";
import {
  admitQuote,
  DENIAL_MEANINGS,
  DENIAL_REASONS,
  type DenialReason,
  type GateInput,
  type ShardView,
  shapeQuotes,
} from "../../../core/risk/gate.ts";
import type { Limits } from "../../../core/risk/limits.ts";
import type { TradingState } from "../../../core/risk/trading-state.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { limits as wideLimits } from "../desk.ts";
import { exposureOf } from "../exposure-of.ts";
import { makeOrder } from "../make-events.ts";

const limits: Limits = {
  ...wideLimits,
  orderValue: 10_000n,
  priceCollarPercent: 3,
  placeBookAgeMs: 500,
  duplicateMs: 250,
};
const shard: ShardView = { exposureValue: 0n, exposureValueMax: 100n, inFlight: 0, inFlightMax: 5, isCovered: true };

function quote(side: Side, price: number, size: number, level = 0): Quote {
  return { side, level, price: toTicks(price), size: toLots(size) };
}

function order(side: Side, price: number, size: number, state: OrderState = "live", filled = 0): Order {
  return makeOrder({
    clientOrderId: `${side}-${price}-${size}-${state}`,
    side,
    price: toTicks(price),
    size: toLots(size),
    state,
    sentMs: 0,
    filledReported: toLots(filled),
    filledBooked: toLots(filled),
  });
}

/** What may be sent: a small bid at 1,000 ticks, the median mid, of a flat market with a fresh book, 10 s after any order. */
type Case = Partial<Omit<GateInput, "shard" | "limits" | "position">> & {
  readonly position?: number;
  readonly shard?: Partial<ShardView>;
};

function input({ position = 0, ...change }: Case = {}): GateInput {
  const orders = [...(change.orders ?? [])];
  return {
    quote: quote("buy", 1_000, 10),
    limits,
    state: "active",
    position: toLots(position),
    exposure: exposureOf(toLots(position), orders),
    nowMs: 10_000,
    referencePrice: 1_000,
    bookAgeMs: 0,
    quoteValue: 10_000n,
    ...change,
    orders,
    shard: { ...shard, ...change.shard },
  };
}

describe("worst-case exposure", () => {
  it.each<[OrderState, number]>([
    ["intent", 500],
    ["sent", 500],
    ["live", 500],
    ["partially-filled", 500],
    ["cancel-sent", 500],
    ["place-unknown", 500],
    ["cancel-unknown", 500],
    ["external", 500],
    ["filled", 0],
    ["cancelled", 0],
    ["rejected", 0],
    ["denied", 0],
  ])("an order in state %s adds %i", (state, added) => {
    expect(exposureOf(toLots(100), [order("buy", 10, 500, state)])).toEqual({ long: 100 + added, short: 100 });
    expect(exposureOf(toLots(100), [order("sell", 10, 500, state)])).toEqual({ long: 100, short: 100 - added });
  });

  it.each<OrderState>(["cancelled", "rejected"])(
    "holds all of an order that is %s while its fills are not proven",
    (state) => {
      const ended = { ...order("buy", 10, 500, state, 200), isFillKnown: false };
      expect(exposureOf(toLots(200), [ended]).long).toBe(500);
    },
  );

  it("leaves out what has filled already", () => {
    expect(exposureOf(toLots(200), [order("buy", 10, 500, "partially-filled", 200)]).long).toBe(500);
  });
});

/**
 * For every control: what just passes it, and what just does not. What does not trips this one control alone, so that without it
 * the order would be sent: the test would fail if the control were taken out.
 */
const CONTROLS: Readonly<Record<DenialReason, readonly (readonly [string, Case, Case])[]>> = {
  halted: [["a halt", { state: "active" }, { state: "halted" }]],
  "order-size": [
    ["the largest size", { quote: quote("buy", 1_000, 1_000) }, { quote: quote("buy", 1_000, 1_001) }],
    ["the smallest size", { quote: quote("buy", 1_000, 1) }, { quote: quote("buy", 1_000, 0) }],
    ["a size below nothing", { quote: quote("sell", 1_000, 1) }, { quote: quote("sell", 1_000, -1) }],
  ],
  "order-value": [["the largest value", { quoteValue: 10_000n }, { quoteValue: 10_001n }]],
  reducing: [
    [
      "selling a long position off",
      { state: "reducing", position: 100, quote: quote("sell", 1_000, 100) },
      { state: "reducing", position: 100, quote: quote("sell", 1_000, 101) },
    ],
    [
      "buying a short position back",
      { state: "reducing", position: -100, quote: quote("buy", 1_000, 100) },
      { state: "reducing", position: -100, quote: quote("buy", 1_000, 101) },
    ],
    [
      "a buy while long",
      { state: "active", position: 100 },
      { state: "reducing", position: 100, quote: quote("buy", 1_000, 1) },
    ],
    ["any order while flat", { state: "active" }, { state: "reducing", quote: quote("sell", 1_000, 1) }],
    [
      "what other orders may sell already",
      { state: "reducing", position: 100, orders: [order("sell", 1_010, 60)], quote: quote("sell", 1_000, 40) },
      { state: "reducing", position: 100, orders: [order("sell", 1_010, 60)], quote: quote("sell", 1_000, 41) },
    ],
    [
      "what an unknown order may buy already",
      {
        state: "reducing",
        position: -100,
        orders: [order("buy", 990, 60, "place-unknown")],
        quote: quote("buy", 1_000, 40),
      },
      {
        state: "reducing",
        position: -100,
        orders: [order("buy", 990, 60, "place-unknown")],
        quote: quote("buy", 1_000, 41),
      },
    ],
  ],
  position: [
    ["the longest position", { position: 1_990 }, { position: 1_991 }],
    [
      "the shortest position",
      { position: -1_990, quote: quote("sell", 1_000, 10) },
      { position: -1_991, quote: quote("sell", 1_000, 10) },
    ],
    ["a full position made smaller", { position: 2_000, quote: quote("sell", 1_000, 10) }, { position: 2_000 }],
    ...(["intent", "sent", "live", "cancel-sent", "place-unknown", "cancel-unknown", "external"] as const).map(
      (state) =>
        [
          `an order that is ${state}`,
          { orders: [order("buy", 990, 1_990, state)] },
          { orders: [order("buy", 990, 1_991, state)] },
        ] as const,
    ),
    [
      "a cancelled order whose fills are not proven",
      { orders: [{ ...order("buy", 990, 1_990, "cancelled"), isFillKnown: false }] },
      { orders: [{ ...order("buy", 990, 1_991, "cancelled"), isFillKnown: false }] },
    ],
  ],
  "exposure-value": [
    ["the largest value of all markets", { shard: { exposureValue: 100n } }, { shard: { exposureValue: 101n } }],
  ],
  "price-collar": [
    ["the highest price", { quote: quote("buy", 1_030, 10) }, { quote: quote("buy", 1_031, 10) }],
    ["the lowest price", { quote: quote("sell", 970, 10) }, { quote: quote("sell", 969, 10) }],
    ["a median", { referencePrice: 1_000.5 }, { referencePrice: undefined }],
  ],
  "old-book": [
    ["the oldest book", { bookAgeMs: 500 }, { bookAgeMs: 500.001 }],
    ["a book", {}, { bookAgeMs: undefined }],
  ],
  "unknown-orders": [
    [
      "the second unknown order",
      { orders: [order("buy", 990, 1, "place-unknown"), order("buy", 989, 1, "cancel-sent")] },
      { orders: [order("buy", 990, 1, "place-unknown"), order("buy", 989, 1, "cancel-unknown")] },
    ],
  ],
  "in-flight": [["the last placing in flight", { shard: { inFlight: 4 } }, { shard: { inFlight: 5 } }]],
  duplicate: [
    [
      "the same order so long ago",
      { orders: [order("buy", 1_000, 10)], nowMs: 250 },
      { orders: [order("buy", 1_000, 10)], nowMs: 249 },
    ],
    [
      "another price",
      { orders: [order("buy", 999, 10)], nowMs: 1 },
      { orders: [order("buy", 1_000, 10, "denied")], nowMs: 1 },
    ],
    [
      "another size",
      { orders: [order("buy", 1_000, 11)], nowMs: 1 },
      { orders: [order("buy", 1_000, 10, "cancelled", 0)], nowMs: 1 },
    ],
  ],
  "self-match": [
    ["an ask of ours a tick higher", { orders: [order("sell", 1_001, 1)] }, { orders: [order("sell", 1_000, 1)] }],
    [
      "a bid of ours a tick lower",
      { orders: [order("buy", 999, 1)], quote: quote("sell", 1_000, 10) },
      { orders: [order("buy", 1_000, 1)], quote: quote("sell", 1_000, 10) },
    ],
    ...(["intent", "sent", "cancel-sent", "place-unknown", "cancel-unknown", "external"] as const).map(
      (state) =>
        [
          `an ask that is ${state}`,
          { orders: [order("sell", 1_001, 1, state)] },
          { orders: [order("sell", 999, 1, state)] },
        ] as const,
    ),
    ["a cancelled ask", { orders: [order("sell", 1_000, 1, "cancelled")] }, { orders: [order("sell", 1_000, 1)] }],
  ],
  balance: [["what the account can pay", { shard: { isCovered: true } }, { shard: { isCovered: false } }]],
};

describe("one placing", () => {
  const cases = DENIAL_REASONS.flatMap((reason) =>
    CONTROLS[reason].map(([name, passes, fails]) => ({ reason, name, passes, fails })),
  );

  it.each(cases)("$reason: $name just passes, and one step further is denied", ({ reason, passes, fails }) => {
    expect(admitQuote(input(passes))).toBeUndefined();
    expect(admitQuote(input(fails))).toBe(reason);
  });

  it("is denied for the first reason that holds, in the order of the list", () => {
    const all: Case = { state: "halted", quote: quote("buy", 2_000, 5_000), quoteValue: 1_000_000n, bookAgeMs: 9_999 };
    expect(admitQuote(input(all))).toBe("halted");
    expect(admitQuote(input({ ...all, state: "active" }))).toBe("order-size");
  });

  it.each(DENIAL_REASONS)("%s is explained to people", (reason) => {
    expect(DENIAL_MEANINGS[reason].length).toBeGreaterThan(10);
  });

  it("would match an order that ended by absence alone, while it still counts as exposure", () => {
    // The venue did not know it, which frees its slot; but it may have overlooked it, and then it rests.
    const absent = { ...order("sell", 1_000, 1, "rejected"), isFillKnown: false, fillsProvableMs: 60_000 };
    expect(admitQuote(input({ orders: [absent] }))).toBe("self-match");
    expect(admitQuote(input({ orders: [{ ...absent, isFillKnown: true }] }))).toBeUndefined();
  });

  it("no configuration lets a price further than 10 % from the median", () => {
    const far = (price: number) => {
      const base = input({ quote: quote("buy", price, 10) });
      return admitQuote({ ...base, limits: { ...limits, priceCollarPercent: 90 } });
    };
    expect([far(1_100), far(1_101)]).toEqual([undefined, "price-collar"]);
  });

  it("a duplicate limit of 0 holds nothing back", () => {
    const base = input({ orders: [order("buy", 1_000, 10)], nowMs: 0 });
    expect(admitQuote({ ...base, limits: { ...limits, duplicateMs: 0 } })).toBeUndefined();
  });
});

describe("shaping", () => {
  const shape = (
    wanted: readonly Quote[],
    to: { position?: number; state?: TradingState; sizePercent?: number } = {},
  ) => {
    const { position = 0, state = "active", sizePercent = 100 } = to;
    const shaped = shapeQuotes(wanted, { position: toLots(position), limits, state, sizePercent });
    return {
      quotes: shaped.quotes.map((each) => `${each.side}${each.level} ${each.size}`),
      denials: shaped.denials.map((each) => `${each.quote.side}${each.quote.level} ${each.reason}`),
    };
  };
  const both = [
    quote("buy", 10, 800, 0),
    quote("sell", 12, 800, 0),
    quote("buy", 9, 800, 1),
    quote("sell", 13, 800, 1),
  ];

  it.each([
    ["what fits is left as it is", {}, ["buy0 800", "sell0 800", "buy1 800", "sell1 800"], []],
    [
      "the outermost quote is cut to what the position leaves",
      { position: 1_000 },
      ["buy0 800", "sell0 800", "buy1 200", "sell1 800"],
      [],
    ],
    [
      "what has nothing left is denied",
      { position: -2_000 },
      ["buy0 800", "buy1 800"],
      ["sell0 position", "sell1 position"],
    ],
    [
      "halted denies everything",
      { state: "halted" },
      [],
      ["buy0 halted", "sell0 halted", "buy1 halted", "sell1 halted"],
    ],
    [
      "reducing sells a long position off and no more",
      { state: "reducing", position: 1_000 },
      ["sell0 800", "sell1 200"],
      ["buy0 reducing", "buy1 reducing"],
    ],
    [
      "reducing buys a short position back and no more",
      { state: "reducing", position: -300 },
      ["buy0 300"],
      ["sell0 reducing", "buy1 reducing", "sell1 reducing"],
    ],
    [
      "reducing a flat market quotes nothing",
      { state: "reducing" },
      [],
      ["buy0 reducing", "sell0 reducing", "buy1 reducing", "sell1 reducing"],
    ],
    ["the start size is a share of each", { sizePercent: 25 }, ["buy0 200", "sell0 200", "buy1 200", "sell1 200"], []],
    [
      "the start size leaves more of the position to the outer quotes",
      { sizePercent: 50, position: 1_400 },
      ["buy0 400", "sell0 400", "buy1 200", "sell1 400"],
      [],
    ],
  ] as const)("%s", (_name, to, quotes, denials) => {
    expect(shape(both, to)).toEqual({ quotes, denials });
  });

  it("a share of little is a lot at least, and rounds down", () => {
    expect(shape([quote("buy", 10, 1), quote("buy", 9, 199, 1)], { sizePercent: 1 }).quotes).toEqual([
      "buy0 1",
      "buy1 1",
    ]);
  });

  it.each([1_001, 0, -1])("a size of %i is denied whatever the state allows", (size) => {
    expect(shape([quote("buy", 10, size)], { sizePercent: 10 }).denials).toEqual(["buy0 order-size"]);
  });
});
