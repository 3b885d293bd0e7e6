import { describe, expect, test } from "vitest";
import { type Answered, type Venue, VenueError } from "../../../fargate/venue.ts";
import { CLIENT_ID, json, makeVenueCase, orderAnswer } from "./venue-case.ts";

const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const types = (events: readonly { readonly type: string }[]) => events.map((event) => event.type);

describe("questions of the shell", () => {
  test("they wait for a slot, are asked again after a fault, and are answered in integers", async () => {
    const venueCase = makeVenueCase((_, index) =>
      index === 0
        ? reset
        : json(200, { account_id: "A", balances: [{ asset: "USDC", total: "10.5", available: "0" }] }),
    );
    for (let i = 0; i < 10; i += 1)
      venueCase.budget.settle(venueCase.budget.take("cancel", venueCase.clock.now())!, venueCase.clock.now());
    expect((await venueCase.venue.balances()).value).toEqual([
      { asset: "USDC", total: 10_500_000_000_000_000_000n, available: 0n },
    ]);
    expect(venueCase.requests).toHaveLength(2);
  });

  test.each<[string, (venue: Venue) => Promise<Answered<unknown>>]>([
    ["the open orders", (venue) => venue.openOrders("SEI/USDC")],
    ["a page of fills", (venue) => venue.fillsAfter("SEI/USDC", "c-7")],
    ["the balances", (venue) => venue.balances()],
  ])("%s are of when the attempt was sent that is answered, not of when they were first asked for", async (_, ask) => {
    const sentMs: number[] = [];
    const venueCase = makeVenueCase((_request, index) => {
      sentMs.push(venueCase.clock.nowMs);
      if (index === 0) return "silence";
      if (index === 1) return reset;
      return json(200, { orders: [], fills: [], next_cursor: "c-7", account_id: "A", balances: [] });
    });
    const { askedMs } = await ask(venueCase.venue);
    expect(sentMs).toHaveLength(3);
    expect(askedMs).toBe(sentMs[2]);
    expect(askedMs).toBeGreaterThan(sentMs[1] ?? askedMs);
  });

  test("they get their slots in the order they came, so that no market starves another", async () => {
    const venueCase = makeVenueCase((request) =>
      request.url.includes("/v1/fills") ? json(200, { fills: [], next_cursor: "0" }) : json(200, { orders: [] }),
    );
    const cursors = ["1", "2", "3", "4", "5", "6", "7", "8"];
    await Promise.all(cursors.map((cursor) => venueCase.venue.fillsAfter("SEI/USDC", cursor)));
    expect(venueCase.requests.map(({ url }) => new URL(url).searchParams.get("after"))).toEqual(cursors);
  });

  test("a venue that never answers leads to an error that names the question, after three tries", async () => {
    const venueCase = makeVenueCase(() => "silence");
    await expect(venueCase.venue.openOrders("SEI/USDC")).rejects.toMatchObject({
      operation: "openOrders",
      code: "timeout",
    });
    expect(venueCase.requests).toHaveLength(3);
  });

  test("one unreadable order makes the list of open orders unreadable, since it may be ours", async () => {
    const venueCase = makeVenueCase(() => json(200, { orders: [orderAnswer(), orderAnswer({ quantity: "1e3" })] }));
    await expect(venueCase.venue.openOrders("SEI/USDC")).rejects.toMatchObject({ code: "unreadable" });
  });

  test("nothing is sent after stop", async () => {
    const venueCase = makeVenueCase(() => json(200, { orders: [] }));
    await venueCase.venue.stop();
    await expect(venueCase.venue.openOrders("SEI/USDC")).rejects.toBeInstanceOf(VenueError);
    expect(types(await venueCase.run(venueCase.place()))).toEqual(["order-unsent"]);
    expect(venueCase.requests).toHaveLength(0);
  });
});

describe("the history of fills", () => {
  const fill = (fields: object = {}) => ({
    fill_id: "F-1",
    order_id: "O-1",
    client_order_id: CLIENT_ID,
    market_id: "SEI/USDC",
    side: "sell",
    price: "0.4216",
    quantity: "40",
    fee: "0.0016",
    fee_asset: "USDC",
    liquidity: "maker",
    timestamp: "2026-01-02T03:04:05.678Z",
    ...fields,
  });

  test("fills are read page by page, in integers, after the cursor", async () => {
    const venueCase = makeVenueCase(() => json(200, { fills: [fill(), fill({ fill_id: "F-3" })], next_cursor: "c/3" }));
    expect((await venueCase.venue.fillsAfter("SEI/USDC", "c/0")).value).toMatchObject({
      nextCursor: "c/3",
      fills: [{ fillId: "F-1", fee: 1_600_000_000_000_000n }, { fillId: "F-3" }],
    });
    expect(venueCase.requests[0]?.url).toBe(
      "https://venue.test/api/v1/fills?market_id=SEI%2FUSDC&after=c%2F0&limit=500",
    );
  });

  test("a page with fills that cannot be read is no page: each is counted, and none is passed by", async () => {
    const fills = [
      fill(),
      fill({ fill_id: "F-2", price: "0.42165" }),
      fill({ side: "hold" }),
      fill({ fill_id: "F-4" }),
    ];
    const venueCase = makeVenueCase(() => json(200, { fills, next_cursor: "c/4" }));
    const error = await venueCase.venue.fillsAfter("SEI/USDC", "c/0").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(VenueError);
    expect(error).toMatchObject({ operation: "fillsAfter", code: "unreadable-fill" });
    expect(String(error)).toContain("2 of 4 fills of SEI/USDC");
    expect(venueCase.counted.get("flashmm_fill_processing_errors_total unreadable")).toBe(2);
    const told = venueCase.logLines.filter((line) => line.includes("cannot be read"));
    expect(told).toEqual([expect.stringContaining('"fillId":"F-2"'), expect.stringContaining('"fillId":"F-1"')]);
  });

  test.each<[string, object]>([
    ["an id with a space", { fill_id: "F 1" }],
    ["an id of 128 letters and 256 bytes", { fill_id: "é".repeat(128) }],
    ["an order id with a control character", { order_id: "O-\u0000" }],
    ["a client order id that is a space", { client_order_id: " " }],
    ["an asset with a space", { fee_asset: "US DC" }],
    ["a size of a trillion", { quantity: "1000000000000" }],
    ["a value of ten to the fifteenth", { quantity: "900000000000", price: "2000" }],
    ["a fee of a trillion", { fee: "-1000000000000" }],
  ])("a fill that the ledger would refuse, with %s, is booked by nobody", async (_, fields) => {
    const venueCase = makeVenueCase(() => json(200, { fills: [fill(fields)], next_cursor: "c/1" }));
    await expect(venueCase.venue.fillsAfter("SEI/USDC", undefined)).rejects.toMatchObject({ code: "unreadable-fill" });
  });

  test("a page with a fill says that there may be more, however few it holds; an empty one is the end", async () => {
    let fills = [fill()];
    const venueCase = makeVenueCase(() => json(200, { fills, next_cursor: "c-8" }));
    const read = async (cursor: string) => (await venueCase.venue.fillsAfter("SEI/USDC", cursor)).value;
    expect(await read("c-7")).toMatchObject({ more: true, nextCursor: "c-8" });
    fills = [];
    expect(await read("c-8")).toMatchObject({ more: false, nextCursor: "c-8" });
  });

  test("an answer without a cursor keeps the one before", async () => {
    const venueCase = makeVenueCase(() => json(200, { fills: [fill()], next_cursor: null }));
    expect((await venueCase.venue.fillsAfter("SEI/USDC", "c-7")).value).toMatchObject({ nextCursor: "c-7" });
  });
});
