import { coins, type EncodeObject } from "@cosmjs/proto-signing";
import { beforeEach, describe, expect, it } from "vitest";
import { toLots, toTicks } from "../../../core/units.ts";
import type { IncludedTx } from "../../../sim/sei-chain/block-store.ts";
import type { BlockOutcome, SeiChain } from "../../../sim/sei-chain/chain.ts";
import { CONTRACT, cancelOrders, makeChain, makeWallets, OURS, placeOrders, sign, type Wallet } from "./chain-world.ts";

let chain: SeiChain;
let ours: Wallet;
let other: Wallet;
let otherAddress: string;
const sequences = { ours: 0, other: 0 };

beforeEach(async () => {
  chain = await makeChain();
  ({ ours, other, otherAddress } = await makeWallets());
  sequences.ours = 0;
  sequences.other = 0;
});

async function send(messages: readonly EncodeObject[], by: "ours" | "other" = "ours"): Promise<string> {
  const sequence = sequences[by];
  sequences[by] += 1;
  const bytes = await sign(by === "ours" ? ours : other, messages, {
    sequence,
    accountNumber: by === "ours" ? 0n : 1n,
  });
  const checked = chain.broadcast(bytes);
  expect(checked).toMatchObject({ code: 0 });
  return checked?.hash ?? "";
}

const found = (hash: string): IncludedTx => {
  const tx = chain.blocks.transaction(hash);
  if (tx === undefined) throw new Error(`${hash} is in no block`);
  return tx;
};
const placed = (hash: string) => found(hash).tags["place_order.order_id"];
const settlements = ({ block }: BlockOutcome) =>
  block.endEvents.map(({ attributes }) => Object.fromEntries(attributes));
const bid = (price: string, quantity = "500") => ({ side: "buy", price, quantity }) as const;
const ask = (price: string, quantity = "500") => ({ side: "sell", price, quantity }) as const;

describe("orders", () => {
  it("are numbered from 0 in the order of their messages, in events and in the answer", async () => {
    const first = await send([placeOrders(OURS, [bid("0.42"), ask("0.43")]), placeOrders(OURS, [bid("0.41")])]);
    const second = await send([placeOrders(OURS, [ask("0.44")])]);
    chain.makeBlock();
    expect(placed(first)).toEqual(["0", "1", "2"]);
    expect(placed(second)).toEqual(["3"]);
    expect(found(first).tags["message.action"]).toEqual([
      "/seiprotocol.seichain.dex.MsgPlaceOrders",
      "/seiprotocol.seichain.dex.MsgPlaceOrders",
    ]);
    // MsgPlaceOrdersResponse{orderIds:[3]} within TxMsgData.data of SDK 0.45.
    expect(Buffer.from(found(second).result.data, "base64").toString("hex")).toMatch(/12030a0103$/);
  });

  it("of a transaction that fails are none, and use no number; its sequence and fee are gone all the same", async () => {
    const before = chain.bank.units(OURS, "usei");
    const hash = await send([
      placeOrders(OURS, [bid("0.42")]),
      placeOrders(OURS, [bid("0.42")], CONTRACT, coins("2000000000000", "usei")),
    ]);
    const good = await send([placeOrders(OURS, [bid("0.41")])]);
    chain.makeBlock();
    expect(found(hash).result).toMatchObject({
      code: 5,
      log: expect.stringMatching(/^failed to execute message; message index: 1: .*insufficient funds$/),
    });
    expect(placed(hash)).toBeUndefined();
    expect(placed(good)).toEqual(["0"]);
    expect(chain.accounts.find(OURS)?.sequence).toBe(2);
    expect(before - chain.bank.units(OURS, "usei")).toBe(2n * 50_000n * 10n ** 12n);
  });

  it("that their owner could not pay are taken by the transaction and refused by the contract", async () => {
    const hash = await send([placeOrders(OURS, [bid("0.5", "1900000"), bid("0.5", "150000"), bid("0.5", "50000")])]);
    const { pairs } = chain.makeBlock();
    expect(found(hash).result.code).toBe(0);
    expect(pairs[0]?.failed.map(({ order }) => order.id)).toEqual([1]);
    expect(chain.contract.pairs[0]?.book.ordersOf(OURS).map(({ id }) => id)).toEqual([0, 2]);
  });

  it("of a signer who cannot pay the fee fail in their block, and the sequence stays", async () => {
    chain.bank.move(OURS, CONTRACT, "usei", chain.bank.units(OURS, "usei"));
    const hash = await send([placeOrders(OURS, [bid("0.42")])]);
    chain.makeBlock();
    expect(found(hash).result).toMatchObject({
      code: 5,
      log: "0usei is smaller than 50000usei: insufficient funds",
      events: [],
    });
    expect(chain.accounts.find(OURS)?.sequence).toBe(0);
  });

  it("are refused at a price that ten thousand stand at", async () => {
    const [pair] = chain.contract.pairs;
    const [price, size] = [toTicks(4_200), toLots(1)];
    for (let id = 0; id < 10_000; id += 1) {
      const order = { id: 1_000_000 + id, owner: "outside:x", side: "buy", price, size, placedAt: 0 } as const;
      pair?.book.add({ ...order, remaining: size });
    }
    const full = await send([placeOrders(OURS, [bid("0.42")])]);
    const free = await send([placeOrders(OURS, [bid("0.4201")])]);
    chain.makeBlock();
    expect(found(full).result).toMatchObject({ code: 18, codespace: "sdk" });
    expect(found(free).result).toMatchObject({ code: 0 });
  });

  it("are refused while the market is halted", async () => {
    const [pair] = chain.contract.pairs;
    if (pair !== undefined) pair.isOpen = false;
    const hash = await send([placeOrders(OURS, [bid("0.42")])]);
    chain.makeBlock();
    expect(found(hash).result).toMatchObject({ codespace: "dex", code: 1104 });
  });

  it("come with funds that go through the contract and are their sender's again", async () => {
    const hash = await send([placeOrders(OURS, [bid("0.42")], CONTRACT, coins(10, "uusdc"))]);
    chain.makeBlock();
    expect(found(hash).tags["transfer.recipient"]).toContain(CONTRACT);
    expect(chain.bank.units(OURS, "uusdc")).toBe(10n ** 24n);
  });
});

describe("a cancel", () => {
  beforeEach(async () => {
    await send([placeOrders(OURS, [bid("0.42"), ask("0.43")])]);
    chain.makeBlock();
  });
  const standing = () => chain.contract.pairs[0]?.book.ordersOf(OURS).map(({ id }) => id);

  it("takes its order away and says so, and a second one in the same block changes nothing", async () => {
    const cancel = cancelOrders(OURS, [{ id: 0, side: "buy", price: "0.42" }]);
    const [first, second] = [await send([cancel]), await send([cancel])];
    chain.makeBlock();
    expect(found(first).tags["cancel_order.cancellation_id"]).toEqual(["0"]);
    expect(found(second).result.code).toBe(0);
    expect(standing()).toEqual([1]);
  });

  it.each([
    { what: "another price", cancel: { id: 0, side: "buy", price: "0.4201" } },
    { what: "the other side", cancel: { id: 0, side: "sell", price: "0.42" } },
    { what: "an order that is not there", cancel: { id: 9, side: "buy", price: "0.42" } },
  ] as const)("of $what is passed by in silence", async ({ cancel }) => {
    const hash = await send([cancelOrders(OURS, [cancel])]);
    chain.makeBlock();
    expect(found(hash).result).toMatchObject({ code: 0 });
    expect(found(hash).tags["cancel_order.cancellation_id"]).toBeUndefined();
    expect(standing()).toEqual([0, 1]);
  });

  it("of an order placed in the same block is passed by in silence", async () => {
    await send([placeOrders(OURS, [bid("0.41")])]);
    const hash = await send([cancelOrders(OURS, [{ id: 2, side: "buy", price: "0.41" }])]);
    chain.makeBlock();
    expect(found(hash).result.code).toBe(0);
    expect(standing()).toEqual([0, 1, 2]);
  });

  it("of another's order fails", async () => {
    const hash = await send([cancelOrders(otherAddress, [{ id: 0, side: "buy", price: "0.42" }])], "other");
    chain.makeBlock();
    expect(found(hash).result).toMatchObject({
      code: 1,
      log: "failed to execute message; message index: 0: cannot cancel orders created by others",
    });
    expect(standing()).toEqual([0, 1]);
  });
});

describe("a settlement", () => {
  it("is told for each side, with the exact price, who was there before, and the fee; the money is moved", async () => {
    await send([placeOrders(OURS, [bid("0.4203", "300")])]);
    chain.makeBlock();
    await send([placeOrders(otherAddress, [ask("0.42", "500")])], "other");
    const outcome = chain.makeBlock();
    const common = { _contract_address: CONTRACT, action: "settlement", price_denom: "USDC", asset_denom: "SEI" };
    const order = { order_type: "Limit", quantity: "300", execution_cost_or_proceed: "0.42015", fee_denom: "USDC" };
    expect(settlements(outcome)).toEqual([
      {
        ...common,
        ...order,
        account: OURS,
        position_direction: "Long",
        order_id: "0",
        expected_cost_or_proceed: "0.4203",
        settlement_id: "0",
        liquidity: "maker",
        fee: "0.012605",
      },
      {
        ...common,
        ...order,
        account: otherAddress,
        position_direction: "Short",
        order_id: "1",
        expected_cost_or_proceed: "0.42",
        settlement_id: "1",
        liquidity: "taker",
        fee: "0.063023",
      },
    ]);
    expect(chain.bank.units(OURS, "uusdc")).toBe(10n ** 24n - 126_045_000n * 10n ** 12n - 12_605n * 10n ** 12n);
    expect(chain.bank.units(otherAddress, "uusdc")).toBe(10n ** 24n + 126_045_000n * 10n ** 12n - 63_023n * 10n ** 12n);
    expect(chain.bank.units(CONTRACT, "uusdc")).toBe((12_605n + 63_023n) * 10n ** 12n);
  });

  it("of market orders that get more than one price leaves nothing behind but the contract's rounding", async () => {
    await send([placeOrders(OURS, [ask("0.42", "1"), ask("0.43", "2")])]);
    chain.makeBlock();
    await send([placeOrders(otherAddress, [{ side: "buy", price: "0", quantity: "3", type: 1 }])], "other");
    const outcome = chain.makeBlock();
    const taker = settlements(outcome).filter(({ account }) => account === otherAddress);
    expect(taker.map(({ execution_cost_or_proceed: price }) => price)).toEqual([
      "0.426666666666666667",
      "0.426666666666666667",
    ]);
    expect(taker.map(({ order_type: type, expected_cost_or_proceed: own }) => [type, own])).toEqual([
      ["Market", "0"],
      ["Market", "0"],
    ]);
    for (const denom of ["usei", "uusdc"]) expect(chain.bank.supply(denom)).toBe(2n * 10n ** 24n);
  });

  it("of an order with itself is made as of any two: the chain prevents none", async () => {
    await send([placeOrders(OURS, [bid("0.42", "10"), ask("0.42", "10")])]);
    const outcome = chain.makeBlock();
    expect(settlements(outcome).map(({ account }) => account)).toEqual([OURS, OURS]);
    expect(chain.bank.supply("uusdc")).toBe(2n * 10n ** 24n);
  });
});
