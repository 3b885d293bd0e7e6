import { describe, expect, it } from "vitest";
import type { ExchangeOrder } from "../../../sim/exchange/account-records.ts";
import { Invariants } from "../../../sim/world/invariants.ts";
import type { VenueEntry } from "../../../sim/world/venue-record.ts";
import { type ReadAnswer, VenueWord } from "../../../sim/world/venue-word.ts";

const MARKET = "SEI/USDC";
const OPEN = { order_id: "O-1", client_order_id: "fm-1-a", status: "open" };
const LISTED = JSON.stringify({ orders: [OPEN] });
const LIST_PATH = `/v1/orders?status=open&market_id=${encodeURIComponent(MARKET)}`;
const GONE = JSON.stringify({ order_id: "O-1", status: "cancelled" });

/** A buy of ours of 600 at 0.42 that stands, under a limit of 1000, and a task that reads what the venue says of it. */
function told(isShown = true) {
  let nowMs = 0;
  const invariants = new Invariants({ [MARKET]: "1000" });
  const live = () => invariants.liveOrders;
  const word = new VenueWord({ nowMs: () => nowMs, live, isShown: () => isShown });
  invariants.word = word;
  invariants.take(order("O-1", "fm-1-a", "buy"));
  let number = 0;
  return {
    invariants,
    word,
    read: (atMs: number, answer: Partial<ReadAnswer> & { readonly path: string }) => {
      nowMs = atMs;
      const plain = {
        process: "task-1",
        method: "GET",
        sentMs: atMs,
        status: 200,
        headers: {},
        body: "{}",
        stoodMs: 0,
      };
      word.take({ ...plain, ...answer });
    },
    cancelled: (answer: Partial<ReadAnswer> = {}) => {
      word.take({
        process: "task-1",
        method: "DELETE",
        path: "/v1/orders/O-1",
        sentMs: 0,
        status: 200,
        headers: {},
        body: GONE,
        stoodMs: 0,
        ...answer,
      });
    },
    /** The rule that a placing breaks which was written then. */
    placed: (sentMs: number, side: "buy" | "sell") => {
      number += 1;
      const id = `fm-1-p${number}`;
      const placing = { clientOrderId: id, market: MARKET, side, price: "0.42", quantity: "600" };
      const request = { process: "task-1", method: "POST", path: "/v1/orders" };
      invariants.take({ type: "arrival", atMs: sentMs, number, sentMs, route: "place", placing, ...request });
      invariants.take(order(`O-${id}`, id, side));
      invariants.take({ type: "effect", atMs: sentMs, number, route: "place", placing });
      return invariants.violation?.rule;
    },
  };
}

function order(orderId: string, clientOrderId: string, side: "buy" | "sell"): VenueEntry {
  const fixed = { market: MARKET, orderType: "limit", timeInForce: "post_only", createdAt: "" } as const;
  const state: Pick<ExchangeOrder, "quantity" | "filledQuantity" | "status"> = {
    quantity: "600",
    filledQuantity: "0",
    status: "open",
  };
  return { type: "order", atMs: 0, order: { ...fixed, ...state, orderId, clientOrderId, side, price: "0.42" } };
}

function fill(orderId: string, clientOrderId: string, side: "buy" | "sell" = "buy"): VenueEntry {
  const ids = { fillId: `F-${orderId}`, orderId, clientOrderId, market: MARKET, timestamp: "" };
  const money = { price: "0.42", fee: "0", feeAsset: "USDC", liquidity: "maker" } as const;
  return { type: "fill", atMs: 0, fill: { ...ids, ...money, side, quantity: "600" } };
}

describe("an order that stands", () => {
  it.each([
    ["buy", "exposure"],
    ["sell", "crossed"],
  ] as const)("counts for a %s where nobody has said otherwise", (side, rule) => {
    expect(told().placed(5_000, side)).toBe(rule);
  });

  it.each<[string, Partial<ReadAnswer>]>([
    ["as cancelled", {}],
    ["as not found", { status: 404, body: '{"error":{"code":"order_not_found","message":"no"}}' }],
  ])(
    "counts no more once its cancel was answered %s and the venue hides it, and counts where it shows it",
    (_, answer) => {
      for (const [side, rule] of [
        ["buy", "exposure"],
        ["sell", "crossed"],
      ] as const) {
        const hidden = told(false);
        hidden.cancelled(answer);
        expect(hidden.placed(100, side)).toBeUndefined();
        const shown = told();
        shown.cancelled(answer);
        expect(shown.placed(100, side)).toBe(rule);
      }
    },
  );

  it.each<[string, Partial<ReadAnswer>]>([
    ["still open", { body: JSON.stringify(OPEN) }],
    ["a page that cannot be read", { body: '<html>{"order_id":' }],
    ["an error", { status: 503 }],
    ["the answer to somebody else's cancel", { process: "health-sweep-3" }],
  ])("counts on after %s", (_, answer) => {
    const world = told(false);
    world.cancelled(answer);
    expect(world.placed(100, "buy")).toBe("exposure");
  });

  it.each<[string, number, string]>([
    ["that was asked for at once", 1_000, LISTED],
    ["without it", 3_000, '{"orders":[]}'],
    ["that may have waited for a connection", 3_999, LISTED],
  ])("is not given back by a list %s", (_, atMs, body) => {
    const world = told(false);
    world.cancelled();
    world.read(atMs, { path: LIST_PATH, body });
    expect(world.placed(atMs + 5_000, "buy")).toBeUndefined();
  });

  it.each([
    ["buy", "exposure"],
    ["sell", "self-match"],
  ] as const)(
    "counts for a %s again, a second after a list has shown it, until it is said to be gone anew",
    (side, rule) => {
      const world = told(false);
      world.cancelled();
      world.read(4_000, { path: LIST_PATH, body: LISTED });
      expect(world.placed(5_000, side)).toBeUndefined();
      const again = told(false);
      again.cancelled();
      again.read(4_000, { path: LIST_PATH, body: LISTED });
      again.cancelled();
      expect(again.placed(10_000, side)).toBeUndefined();
      const later = told(false);
      later.cancelled();
      later.read(4_000, { path: LIST_PATH, body: LISTED });
      expect(later.placed(5_001, side)).toBe(rule);
    },
  );

  it("is no surprise of ours when it fills after it was said to be gone", () => {
    const world = told(false);
    world.cancelled();
    world.invariants.take(fill("O-1", "fm-1-a"));
    expect(world.placed(100, "buy")).toBeUndefined();
    const known = told();
    known.invariants.take(fill("O-1", "fm-1-a"));
    expect(known.placed(100, "buy")).toBe("exposure");
  });

  it("is no surprise of ours either where one of the other side has filled before it, and was known by then", () => {
    const { invariants, cancelled } = told(false);
    cancelled();
    invariants.take(order("O-2", "fm-1-b", "sell"));
    cancelled({ path: "/v1/orders/O-2" });
    invariants.take(fill("O-2", "fm-1-b", "sell"));
    invariants.take(order("O-3", "fm-1-c", "buy"));
    invariants.take(order("O-4", "fm-1-d", "buy"));
    invariants.take(fill("O-1", "fm-1-a"));
    invariants.take(order("O-4", "fm-1-d", "buy"));
    expect(invariants.violation).toBeUndefined();
    invariants.take(order("O-5", "fm-1-e", "buy"));
    expect(invariants.violation?.rule).toBe("exposure");
  });

  it("is given back at once by the first list of another task", () => {
    const world = told(false);
    world.cancelled();
    world.read(100, { path: LIST_PATH, body: LISTED, process: "task-2" });
    expect(world.placed(1_200, "buy")).toBe("exposure");
  });

  it.each<[string, string, number, string]>([
    ["a list without it", LIST_PATH, 200, '{"orders":[]}'],
    ["a lookup that finds none", "/v1/orders?client_order_id=fm-1-a", 200, '{"orders":[]}'],
    ["a lookup that says cancelled", "/v1/orders/O-1", 200, JSON.stringify({ ...OPEN, status: "cancelled" })],
  ])("counts no more after %s where the venue hides it, and counts where it does not", (_, path, status, body) => {
    const hidden = told(false);
    hidden.read(100, { path, status, body });
    expect(hidden.placed(200, "buy")).toBeUndefined();
    const shown = told();
    shown.read(100, { path, status, body });
    expect(shown.placed(200, "buy")).toBe("exposure");
  });
});

it("a task that was asked for a pause could not ask meanwhile, another one could", () => {
  const { invariants, word, read } = told();
  const tasks = [{ name: "task-1", reachesVenue: true, isKnown: () => false }];
  read(1_000, { path: LIST_PATH, status: 429, headers: { "Retry-After": "20" } });
  expect(word.isPaused("task-1")).toBe(true);
  expect(word.isPaused("task-2")).toBe(false);
  for (const nowMs of [1_000, 12_000, 20_999]) invariants.checkKnown(nowMs, tasks);
  expect(invariants.violation).toBeUndefined();
  read(21_000, { path: LIST_PATH, body: LISTED });
  invariants.checkKnown(21_000, tasks);
  invariants.checkKnown(31_001, tasks);
  expect(invariants.violation?.rule).toBe("unknown-order");
});

it("an order whose cancel is answered falsely a second time may be unknown for ten seconds from then", () => {
  const { invariants, read } = told();
  const tasks = [{ name: "task-1", reachesVenue: true, isKnown: () => false }];
  invariants.checkKnown(1_000, tasks);
  read(6_000, { method: "DELETE", path: "/v1/orders/O-1", body: GONE });
  invariants.checkKnown(16_000, tasks);
  expect(invariants.violation).toBeUndefined();
  invariants.checkKnown(16_001, tasks);
  expect(invariants.violation?.rule).toBe("unknown-order");
});

it("an order that is shown as it is may be unknown no longer for a cancel that was not found", () => {
  const { invariants, read } = told();
  const tasks = [{ name: "task-1", reachesVenue: true, isKnown: () => false }];
  invariants.checkKnown(1_000, tasks);
  read(6_000, { method: "DELETE", path: "/v1/orders/O-1", status: 404 });
  invariants.checkKnown(11_001, tasks);
  expect(invariants.violation?.rule).toBe("unknown-order");
});

it("a pause is known from a while after its answer was read until it is over, each of several apart", () => {
  const { word, read } = told();
  read(1_000, { path: LIST_PATH, status: 429, headers: { "Retry-After": "20" } });
  read(15_000, { path: LIST_PATH, status: 429, headers: { "Retry-After": "10" } });
  const knew = (atMs: number, process = "task-1") => word.knewOfPause(process, { atMs, stoodMs: 0 }, 2_000);
  expect([2_999, 3_000, 3_001, 20_999, 24_999, 25_000].map((atMs) => knew(atMs))).toEqual([
    ...[false, false, true, true, true, false],
  ]);
  expect(knew(5_000, "task-2")).toBe(false);
});

it.each([
  ["stood still meanwhile for as long as it may wait", 4_000, 0, 1_000, false],
  ["stood still for less", 4_000, 0, 999, true],
  ["stood still before it read, and not since", 4_000, 5_000, 5_000, true],
  ["stood still before it read, and since", 4_000, 5_000, 6_000, false],
  ["stood still until the pause was over", 22_000, 0, 0, false],
])("a pause is known by the process's own time: it %s", (_what, atMs, stoodBeforeMs, stoodMs, expected) => {
  const { word, read } = told();
  read(1_000, { path: LIST_PATH, status: 429, headers: { "Retry-After": "20" }, stoodMs: stoodBeforeMs });
  expect(word.knewOfPause("task-1", { atMs, stoodMs }, 2_000)).toBe(expected);
});
