import { describe, expect, it } from "vitest";
import type { ExchangeOrder } from "../../../sim/exchange/account-records.ts";
import { InvariantError, Invariants } from "../../../sim/world/invariants.ts";
import { type ArrivalEntry, toLine, type VenueEntry } from "../../../sim/world/venue-record.ts";

const MARKET = "SEI/USDC";
type Side = "buy" | "sell";

function order(id: string, side: Side, price: string, more: Partial<ExchangeOrder> = {}): VenueEntry {
  const fixed = { market: MARKET, orderType: "limit", timeInForce: "post_only", createdAt: "" } as const;
  const state = { quantity: "500", filledQuantity: "0", status: "open" } as const;
  return {
    type: "order",
    atMs: 0,
    order: { ...fixed, ...state, orderId: `O-${id}`, clientOrderId: id, side, price, ...more },
  };
}

function fill(id: string, side: Side, quantity: string): VenueEntry {
  const ids = { fillId: `F-${id}`, orderId: `O-${id}`, clientOrderId: id, market: MARKET, timestamp: "" };
  const money = { price: "0.42", fee: "0", feeAsset: "USDC", liquidity: "maker" } as const;
  return { type: "fill", atMs: 0, fill: { ...ids, ...money, side, quantity } };
}

function arrival(number: number, atMs: number, more: Partial<ArrivalEntry> = {}): ArrivalEntry {
  const request = { process: "task-1", route: "orders", method: "GET", path: "/v1/orders" } as const;
  return { type: "arrival", atMs, number, sentMs: atMs, placing: undefined, ...request, ...more };
}

function placing(number: number, atMs: number, clientOrderId: string, more: Partial<ArrivalEntry> = {}): ArrivalEntry {
  const of = { clientOrderId, market: MARKET, side: "buy", price: "0.42", quantity: "500" };
  return arrival(number, atMs, { route: "place", placing: of, ...more });
}

function judged(entries: readonly VenueEntry[], limit = "1000"): Invariants {
  const invariants = new Invariants({ [MARKET]: limit });
  for (const entry of entries) invariants.take(entry);
  return invariants;
}

const left = (number: number): VenueEntry => ({ type: "left", atMs: 0, number, route: "place", status: 201 });

describe("what must hold at the venue", () => {
  it.each<[string, readonly VenueEntry[], string | undefined]>([
    ["two live buys up to the limit", [order("fm-1-a", "buy", "0.41"), order("fm-2-b", "buy", "0.40")], undefined],
    ["a third beyond it", ["1", "2", "3"].map((n) => order(`fm-${n}-x`, "buy", "0.41")), "exposure"],
    [
      "orders of two epochs count together",
      [order("fm-1-a", "sell", "0.43", { quantity: "900" }), order("fm-2-b", "sell", "0.43", { quantity: "101" })],
      "exposure",
    ],
    [
      "the position counts with the live orders",
      [fill("fm-1-a", "buy", "600"), order("fm-1-b", "buy", "0.41")],
      "exposure",
    ],
    ["a short position counts too", [fill("fm-1-a", "sell", "600"), order("fm-1-b", "sell", "0.43")], "exposure"],
    [
      "what is filled of an order counts once",
      [
        order("fm-1-a", "buy", "0.41", { quantity: "1000" }),
        fill("fm-1-a", "buy", "400"),
        order("fm-1-a", "buy", "0.41", { quantity: "1000", filledQuantity: "400", status: "partially_filled" }),
      ],
      undefined,
    ],
    [
      "an order that has ended counts no more",
      [
        order("fm-1-a", "buy", "0.41", { quantity: "900" }),
        order("fm-1-a", "buy", "0.41", { quantity: "900", status: "cancelled" }),
        order("fm-1-b", "buy", "0.41"),
      ],
      undefined,
    ],
    ["an order that is not ours is left alone", [order("someone", "buy", "0.41", { quantity: "5000" })], undefined],
    ["our buy above our sell", [order("fm-1-a", "buy", "0.42"), order("fm-1-b", "sell", "0.42")], "crossed"],
    ["ten arrivals in a second", Array.from({ length: 10 }, (_, i) => arrival(i + 1, i * 10)), undefined],
    ["eleven in a second", Array.from({ length: 11 }, (_, i) => arrival(i + 1, i * 99.99)), "arrivals"],
    ["eleven in a second and more", Array.from({ length: 11 }, (_, i) => arrival(i + 1, i * 100)), undefined],
    ["five placings in flight", Array.from({ length: 5 }, (_, i) => placing(i + 1, i, "fm-1-a")), undefined],
    [
      "six placings in flight",
      Array.from({ length: 6 }, (_, i) => placing(i + 1, i, "fm-1-a")),
      "placements-in-flight",
    ],
    [
      "six placings of which one is answered",
      [...Array.from({ length: 5 }, (_, i) => placing(i + 1, i, "fm-1-a")), left(3), placing(6, 6, "fm-1-a")],
      undefined,
    ],
    ["a placing of an older epoch", [placing(1, 1, "fm-7-a"), placing(2, 2, "fm-6-b")], "old-epoch"],
    ["a placing of a newer epoch", [placing(1, 1, "fm-7-a"), placing(2, 2, "fm-8-b")], undefined],
    [
      "a placing that would meet our own order",
      [
        order("fm-1-b", "sell", "0.42"),
        { type: "effect", atMs: 3, number: 1, route: "place", placing: placing(1, 1, "fm-1-a").placing },
      ],
      "self-match",
    ],
  ])("%s", (_, entries, rule) => {
    expect(judged(entries).violation?.rule).toBe(rule);
  });

  it("nothing that was sent after a forbidden moment may arrive, what was in flight may", () => {
    const invariants = judged([]);
    invariants.placementsForbiddenFrom(1_000, "it was killed", "task-1");
    invariants.take(placing(1, 1_100, "fm-1-a", { sentMs: 1_000 }));
    invariants.take(placing(2, 1_100, "fm-1-a", { sentMs: 1_050, process: "task-2" }));
    expect(invariants.violation).toBeUndefined();
    invariants.take(placing(3, 1_100, "fm-1-a", { sentMs: 1_001 }));
    expect(invariants.violation).toMatchObject({ rule: "forbidden-placement", atMs: 1_100 });
    expect(invariants.violation?.what).toContain("it was killed");
  });
});

describe("an order that no task knows", () => {
  const tasks = (known: readonly string[], reachesVenue = true) => [
    { name: "task-1", reachesVenue, isKnown: (id: string) => known.includes(id) },
  ];
  const live = () => judged([order("fm-1-a", "buy", "0.41")]);

  it("may be so for ten seconds and no longer", () => {
    const invariants = live();
    invariants.checkKnown(1_000, tasks([]));
    invariants.checkKnown(11_000, tasks([]));
    expect(invariants.violation).toBeUndefined();
    invariants.checkKnown(11_001, tasks([]));
    expect(invariants.violation?.rule).toBe("unknown-order");
  });

  it.each<[string, (invariants: Invariants) => void]>([
    ["a task knew it meanwhile", (invariants) => invariants.checkKnown(8_000, tasks(["fm-1-a"]))],
    ["the venue could not be reached meanwhile", (invariants) => invariants.checkKnown(8_000, tasks([], false))],
    ["no task lived meanwhile", (invariants) => invariants.checkKnown(8_000, [])],
    ["the venue hid it meanwhile", (invariants) => invariants.checkKnown(8_000, tasks([]), () => false)],
    ["it ended meanwhile", (invariants) => invariants.take(order("fm-1-a", "buy", "0.41", { status: "cancelled" }))],
  ])("is none when %s", (_, meanwhile) => {
    const invariants = live();
    invariants.checkKnown(1_000, tasks([]));
    meanwhile(invariants);
    invariants.checkKnown(12_000, tasks([]));
    expect(invariants.violation).toBeUndefined();
  });
});

it("a broken rule says when, what, and what came before; only the first is kept", () => {
  const entries = [placing(1, 1, "fm-7-a"), placing(2, 2, "fm-6-b"), placing(3, 3, "fm-5-c")];
  const invariants = judged(entries);
  const tail = entries.map(toLine).join("\n");
  expect(() => invariants.assertHeld(tail)).toThrow(InvariantError);
  expect(() => invariants.assertHeld(tail)).toThrow(
    /^old-epoch at 2\.000 ms: fm-6-b of task-1 .*\n1\.000 ms #1 task-1/,
  );
});
