import { beforeEach, describe, expect, it } from "vitest";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../../../core/decimal.ts";
import type { WireEvent } from "../../../core/sei/wire-event.ts";
import { type ChainExchange, makeChainExchange } from "../../../sim/sei-chain/chain-exchange.ts";
import { type DrivenClock, makeDrivenClock } from "../exchange/driven-clock.ts";
import { CHAIN_ID, CONTRACT, cancelOrders, makeWallets, OURS, placeOrders, sign } from "./chain-world.ts";

const MARKET = { symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" };
const BLOCK_MS = 400;
const money = (text: string) => parseScaled(text, MONEY_DECIMALS, "amount");

let clock: DrivenClock;
let exchange: ChainExchange;
let sequence: number;

function open(traders = true): void {
  clock = makeDrivenClock();
  exchange = makeChainExchange({
    clock,
    seed: 3,
    markets: [MARKET],
    chainId: CHAIN_ID,
    contract: CONTRACT,
    address: OURS,
    traders,
  });
  exchange.start();
  sequence = 0;
}

beforeEach(() => open());

async function send(...messages: Parameters<typeof sign>[1]): Promise<void> {
  const { ours } = await makeWallets();
  expect(exchange.chain.broadcast(await sign(ours, messages, { sequence }))).toMatchObject({ code: 0 });
  sequence += 1;
}

describe("the chain as an exchange", () => {
  it("tells after each block of its trades and of the book, which moves and never crosses", () => {
    const events: WireEvent[] = [];
    exchange.subscribe((event) => events.push(event));
    clock.advance(BLOCK_MS * 200);
    const books = events.filter(({ type }) => type === "OrderBookUpdate");
    const trades = events.filter(({ type }) => type === "Trade");
    expect(books).toHaveLength(200);
    expect(trades.length).toBeGreaterThan(50);
    expect(new Set(books.map(({ attributes }) => attributes["bids"])).size).toBeGreaterThan(100);
    for (const { attributes } of books) {
      const [bid, ask] = ["bids", "asks"].map((side) => Number(JSON.parse(attributes[side] ?? "")[0][0]));
      expect(bid).toBeLessThan(ask ?? 0);
    }
    for (const denom of ["usei", "uusdc"]) expect(exchange.chain.bank.supply(denom)).toBe(10n ** 24n);
  });

  it("does the same for the same seed", () => {
    const run = () => {
      open();
      const seen: string[] = [];
      exchange.subscribe((event) => seen.push(JSON.stringify(event)));
      clock.advance(BLOCK_MS * 50);
      return seen;
    };
    expect(run()).toEqual(run());
  });

  it("keeps our orders under their numbers and names, and ends them as the chain does", async () => {
    const data = '{"client_order_id":"fm-7-SEIUSDC-b0-1"}';
    await send(placeOrders(OURS, [{ side: "buy", price: "0.4", quantity: "500", data }]));
    exchange.chain.makeBlock();
    const [order] = exchange.openOrders();
    expect(order).toMatchObject({
      clientOrderId: "fm-7-SEIUSDC-b0-1",
      side: "buy",
      price: "0.4",
      quantity: "500",
      status: "open",
    });
    await send(cancelOrders(OURS, [{ id: Number(order?.orderId), side: "buy", price: "0.4" }]));
    exchange.chain.makeBlock();
    expect(exchange.order(order?.orderId ?? "")?.status).toBe("cancelled");
    exchange.chain.faults.next({ type: "fail-to-place" });
    await send(placeOrders(OURS, [{ side: "buy", price: "0.4", quantity: "500" }]));
    exchange.chain.makeBlock();
    expect(exchange.openOrders()).toEqual([]);
  });

  it("books a fill between two ticks at the worse one, its gain off the fee, under the chain's coordinates", async () => {
    open(false);
    await send(
      placeOrders(OURS, [
        { side: "buy", price: "0.4203", quantity: "300" },
        { side: "sell", price: "0.42", quantity: "300" },
      ]),
    );
    exchange.chain.makeBlock();
    const { fills } = exchange.fillsAfter({ market: "SEI/USDC", cursor: undefined, limit: 10 });
    const tail = CONTRACT.slice(-8);
    const common = { market: "SEI/USDC", quantity: "300", feeAsset: "USDC", liquidity: "taker" };
    // 300 × 0.42015 costs 0.0630225 at five basis points, in whole millionths; half a tick on 300 is 0.015.
    expect(fills).toMatchObject([
      { ...common, fillId: `${CHAIN_ID}-1002-${tail}-0-0`, side: "buy", price: "0.4202", fee: "0.048023" },
      { ...common, fillId: `${CHAIN_ID}-1002-${tail}-1-1`, side: "sell", price: "0.4201", fee: "0.048023" },
    ]);
    expect(fills[0]?.timestamp).toBe(new Date(exchange.chain.blocks.last.timeMs).toISOString());
  });

  it("ends what a market order of ours did not get within its worst price", async () => {
    open(false);
    await send(
      placeOrders(OURS, [
        { side: "buy", price: "0.42", quantity: "5" },
        { side: "buy", price: "0.41", quantity: "5" },
      ]),
    );
    exchange.chain.makeBlock();
    await send(placeOrders(OURS, [{ side: "sell", price: "0.415", quantity: "8", type: 1 }]));
    exchange.chain.makeBlock();
    expect(exchange.order("2")).toMatchObject({ orderType: "market", status: "cancelled", filledQuantity: "5" });
    expect(exchange.order("0")).toMatchObject({ status: "filled" });
    expect(exchange.openOrders().map(({ orderId }) => orderId)).toEqual(["1"]);
  });

  it("agrees with the bank to the last unit, gas aside, whatever was traded", async () => {
    const placing = () => {
      const mid = Number(exchange.mid("SEI/USDC"));
      const at = (offset: number) => (Math.round(mid * 10_000) / 10_000 + offset).toFixed(4);
      return placeOrders(OURS, [
        { side: "buy", price: at(-0.0002), quantity: "700" },
        { side: "sell", price: at(0.0002), quantity: "700" },
      ]);
    };
    for (let round = 0; round < 40; round += 1) {
      const open = exchange.openOrders();
      const cancels = open.map(({ orderId, side, price }) => ({ id: Number(orderId), side, price: price ?? "" }));
      await send(...(cancels.length === 0 ? [] : [cancelOrders(OURS, cancels)]), placing());
      clock.advance(BLOCK_MS);
    }
    const { fillCount, position, cash, fees } = exchange.standing("SEI/USDC");
    expect(fillCount).toBeGreaterThan(20);
    const held = (denom: string) => exchange.chain.bank.units(OURS, denom);
    const million = 10n ** 24n;
    expect(held("uusdc") - million).toBe(money(cash) - money(fees));
    const gas = BigInt(sequence) * 50_000n * 10n ** 12n;
    expect(formatScaled(held("usei") - million + gas, MONEY_DECIMALS)).toBe(position);
  });

  it("takes no order but by transaction", () => {
    const order = { market: "SEI/USDC", side: "buy", orderType: "limit", price: "0.4", quantity: "1" } as const;
    expect(() => exchange.place({ ...order, timeInForce: "gtc", clientOrderId: "x" })).toThrow("by a transaction");
    expect(() => exchange.cancelAll("SEI/USDC")).toThrow("by a transaction");
  });

  it("stops trading in a halted market, and the chain goes on", () => {
    const events: WireEvent[] = [];
    exchange.subscribe((event) => events.push(event));
    exchange.setMarketStatus("SEI/USDC", "halted");
    clock.advance(BLOCK_MS * 20);
    expect(events.filter(({ type }) => type === "Trade")).toEqual([]);
    expect(events.find(({ type }) => type === "MarketStatus")?.attributes["status"]).toBe("halted");
    expect(exchange.chain.height).toBe(1_021);
  });

  it("stands still while it is halted", () => {
    exchange.chain.halt(true);
    clock.advance(BLOCK_MS * 5);
    expect(exchange.chain.height).toBe(1_001);
    exchange.chain.halt(false);
    clock.advance(BLOCK_MS);
    expect(exchange.chain.height).toBe(1_002);
  });
});
