/** The contract's settlement event, read as a fill. */
import { describe, expect, it } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import { type ChainEvent, fromList, fromMap, valuesOf } from "../../../fargate/sei-chain/chain-events.ts";
import { ChainMarkets } from "../../../fargate/sei-chain/chain-market.ts";
import { settlementsOf, toFill, toVenueTime } from "../../../fargate/sei-chain/settlements.ts";

const market = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
const markets = new ChainMarkets([{ market, contract: CONTRACT, assetDenom: "SEI", priceDenom: "USDC" }]);
const ACCOUNT = "sei1us";
const BLOCK = { chainId: "sei-sim-1", height: 1_042, time: "2026-01-02T03:04:05.678901234Z" };

const PLAIN = {
  _contract_address: CONTRACT,
  action: "settlement",
  account: ACCOUNT,
  price_denom: "USDC",
  asset_denom: "SEI",
  position_direction: "Long",
  order_type: "Limit",
  order_id: "41",
  quantity: "40.000000000000000000",
  execution_cost_or_proceed: "0.4213",
  expected_cost_or_proceed: "0.4215",
  settlement_id: "9",
  liquidity: "maker",
  fee: "0.0016",
  fee_denom: "USDC",
};

function eventOf(change: Partial<Record<keyof typeof PLAIN, string | undefined>> = {}, base64 = false): ChainEvent {
  const text = (plain: string) => (base64 ? btoa(plain) : plain);
  const attributes = Object.entries({ ...PLAIN, ...change }).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key: text(key), value: text(value) }],
  );
  const [event] = fromList([{ type: "wasm", attributes }]);
  return event!;
}

const ours = (event: ChainEvent) =>
  settlementsOf([event], {
    ...{ account: ACCOUNT, markets },
    onUnreadable: (_, error) => {
      throw error;
    },
  });
const read = (change: Parameters<typeof eventOf>[0], base64 = false) => {
  const [settlement] = ours(eventOf(change, base64));
  return toFill(settlement!, BLOCK, "fm-3-SEIUSDC-b0-1");
};

describe("a settlement", () => {
  it.each([false, true])("is a fill named by where it stands in the chain (base64: %s)", (base64) => {
    expect(read({}, base64)).toEqual({
      fillId: "sei-sim-1-1042-rsuhdhwg-9-41",
      orderId: "41",
      clientOrderId: "fm-3-SEIUSDC-b0-1",
      market: "SEI/USDC",
      side: "buy",
      price: 4_213,
      size: 40,
      fee: 1_600_000_000_000_000n,
      feeAsset: "USDC",
      liquidity: "maker",
      venueTime: "2026-01-02T03:04:05.678Z",
    });
  });

  it.each([
    ["a buy half a tick down", { execution_cost_or_proceed: "0.42125" }, 4_213, -400_000_000_000_000n],
    [
      "a sale half a tick up",
      { execution_cost_or_proceed: "0.42135", position_direction: "Short" },
      4_213,
      -400_000_000_000_000n,
    ],
    ["a buy at its tick", {}, 4_213, 1_600_000_000_000_000n],
  ])("between two ticks is booked against us and its fee made good for it: %s", (_, change, price, fee) => {
    const fill = read(change);
    expect(fill).toMatchObject({ price, fee });
    // What the money comes to is what the chain says, to the last unit.
    const unit = BigInt(
      (change as typeof PLAIN).execution_cost_or_proceed?.slice(2).padEnd(18, "0") ?? "421300000000000000",
    );
    const sign = fill.side === "buy" ? 1n : -1n;
    const booked = sign * BigInt(price) * 10n ** 14n * 40n + fill.fee;
    expect(booked).toBe(sign * unit * 40n + 1_600_000_000_000_000n);
  });

  it.each([
    ["another's", { account: "sei1other" }],
    ["another contract's", { _contract_address: "sei1contract" }],
    ["another pair's", { asset_denom: "ATOM" }],
    ["another action", { action: "deposit" }],
  ])("is passed by when it is %s", (_, change) => {
    expect(ours(eventOf(change))).toEqual([]);
  });

  it.each([
    ["a direction", { position_direction: "Up" }, /position_direction must be Long or Short/],
    ["a whole lot", { quantity: "0.5" }, /quantity must be a positive multiple of 1/],
    ["a price", { execution_cost_or_proceed: "0" }, /execution_cost_or_proceed must be at least a tick/],
    ["a number of its own", { settlement_id: "x" }, /settlement_id must be a whole number/],
    ["who came first", { liquidity: undefined }, /liquidity must be maker or taker/],
    ["a fee", { fee: undefined }, /fee must be a decimal string/],
    [
      "a fee that can make good half a tick",
      { execution_cost_or_proceed: "0.42125", fee_denom: "SEI" },
      /must be a multiple of the tick/,
    ],
  ])("without %s is no fill", (_, change, fault) => {
    expect(() => read(change)).toThrow(fault);
  });

  it("without an order is a fault at once", () => {
    expect(() => ours(eventOf({ order_id: undefined }))).toThrow(/order_id must be a whole number/);
  });
});

it.each([
  ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"],
  ["2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05.999Z"],
])("a block's time %s is cut to milliseconds", (time, cut) => {
  expect(toVenueTime(time)).toBe(cut);
  expect(() => toVenueTime("yesterday")).toThrow(/block time must be a UTC time/);
});

it("an event map gives the values of a type in their order", () => {
  const events = fromMap({ "place_order.order_id": ["41", "42"], "tx.hash": ["AB"], odd: ["x"] });
  expect(valuesOf(events, "place_order", "order_id")).toEqual(["41", "42"]);
  expect(valuesOf(fromList(null), "place_order", "order_id")).toEqual([]);
});
