import { coins } from "@cosmjs/proto-signing";
import { beforeEach, describe, expect, it } from "vitest";
import type { SeiChain } from "../../../sim/sei-chain/chain.ts";
import { cancelOrders, DEX_FEE, makeChain, makeWallets, OURS, placeOrders, sign, type Wallet } from "./chain-world.ts";

let chain: SeiChain;
let ours: Wallet;
let other: Wallet;
let otherAddress: string;

beforeEach(async () => {
  chain = await makeChain();
  ({ ours, other, otherAddress } = await makeWallets());
});

const ORDER = { side: "buy", price: "0.4213", quantity: "500" } as const;
const place = (order: Partial<Parameters<typeof placeOrders>[1][number]> = {}) => [
  placeOrders(OURS, [{ ...ORDER, ...order }]),
];
const feeOf = (usei: number) => ({ amount: coins(usei, "usei"), gas: "400000" });

async function check(messages = place(), by: Parameters<typeof sign>[2] = {}) {
  return chain.broadcast(await sign(ours, messages, by));
}

describe("CheckTx", () => {
  it("takes a transaction that is as it should be", async () => {
    expect(await check()).toMatchObject({ code: 0, codespace: "", log: "[]" });
  });

  const NO_ADDRESS = "sei1notanaddress";
  it.each<{ what: string; code: number; codespace: string; log: RegExp; send: () => Promise<unknown> }>([
    {
      what: "bytes that are no transaction",
      code: 2,
      codespace: "sdk",
      log: /tx parse error/,
      send: async () => chain.broadcast(Buffer.from("nonsense")),
    },
    {
      what: "an unknown message",
      code: 2,
      codespace: "sdk",
      log: /unable to resolve type URL \/cosmos\.gov/,
      send: () =>
        check([{ typeUrl: "/cosmos.gov.v1beta1.MsgVote", value: { proposalId: 1n, voter: OURS, option: 1 } }]),
    },
    { what: "no message", code: 18, codespace: "sdk", log: /must contain at least one message/, send: () => check([]) },
    {
      what: "no orders",
      code: 18,
      codespace: "sdk",
      log: /at least one order/,
      send: () => check([placeOrders(OURS, [])]),
    },
    {
      what: "no cancels",
      code: 18,
      codespace: "sdk",
      log: /at least one cancellation/,
      send: () => check([cancelOrders(OURS, [])]),
    },
    {
      what: "a contract that is no address",
      code: 7,
      codespace: "sdk",
      log: /invalid contract address/,
      send: () => check([placeOrders(OURS, [ORDER], NO_ADDRESS)]),
    },
    {
      what: "a size of nothing",
      code: 18,
      codespace: "sdk",
      log: /invalid order quantity/,
      send: () => check(place({ quantity: "0" })),
    },
    {
      what: "a fill-or-kill order",
      code: 1,
      codespace: "undefined",
      log: /FOK orders are temporarily disabled/,
      send: () => check(place({ type: 3 })),
    },
    {
      what: "a stop order",
      code: 1,
      codespace: "undefined",
      log: /not supported yet/,
      send: () => check(place({ type: 5 })),
    },
    {
      what: "a memo too long",
      code: 12,
      codespace: "sdk",
      log: /memo too large/,
      send: () => check(place(), { memo: "x".repeat(257) }),
    },
    {
      what: "a time-out height that is past",
      code: 30,
      codespace: "sdk",
      log: /block height: 1000, timeout height: 999: tx timeout height/,
      send: () => check(place(), { timeoutHeight: 999 }),
    },
    {
      what: "a sequence ahead",
      code: 32,
      codespace: "sdk",
      log: /^account sequence mismatch, expected 0, got 1: incorrect account sequence$/,
      send: () => check(place(), { sequence: 1 }),
    },
    {
      what: "a signature for another chain",
      code: 4,
      codespace: "sdk",
      log: /signature verification failed.*unauthorized$/,
      send: () => check(place(), { chainId: "sei-sim-2" }),
    },
    {
      what: "a signature for another account number",
      code: 4,
      codespace: "sdk",
      log: /account number \(0\)/,
      send: () => check(place(), { accountNumber: 7n }),
    },
    {
      what: "a pair that nobody registered",
      code: 22,
      codespace: "sdk",
      log: /the pair {price:USDC,asset:DOGE} has no price ticksize configured: key not found/,
      send: () => check(place({ assetDenom: "DOGE" })),
    },
    {
      what: "a price between two ticks",
      code: 1,
      codespace: "undefined",
      log: /ErrPriceNotMultipleOfTickSize$/,
      send: () => check(place({ price: "0.42135" })),
    },
    {
      what: "a limit order without a price",
      code: 1,
      codespace: "undefined",
      log: /ErrPriceNotMultipleOfTickSize$/,
      send: () => check(place({ price: "0" })),
    },
    {
      what: "a size between two lots",
      code: 1,
      codespace: "undefined",
      log: /ErrQuantityNotMultipleOfTickSize$/,
      send: () => check(place({ quantity: "1.5" })),
    },
    {
      what: "too small a fee",
      code: 13,
      codespace: "sdk",
      log: /got: 5499usei required: 5500usei: insufficient fee$/,
      send: () => check(place(), { fee: feeOf(5_499) }),
    },
  ])("refuses $what", async ({ code, codespace, log, send }) => {
    expect(await send()).toMatchObject({ code, codespace, log: expect.stringMatching(log) });
    expect(chain.mempool.size).toBe(0);
    // Nothing was kept: the right one is taken.
    expect(await check()).toMatchObject({ code: 0 });
  });

  it("refuses what another's key has signed", async () => {
    const bytes = await sign(other, [placeOrders(otherAddress, [ORDER])], { accountNumber: 1n });
    const forged = Buffer.from(bytes);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    expect(chain.broadcast(forged)).toMatchObject({ code: 4 });
    expect(chain.broadcast(bytes)).toMatchObject({ code: 0 });
  });

  it("asks 5500 usei an order, 5300 a cancel and 3 a byte of data, and the gas price of a send", async () => {
    const both = [cancelOrders(OURS, [{ id: 1, side: "buy", price: "0.4213" }]), ...place({ data: "0123456789" })];
    expect(await check(both, { fee: feeOf(10_829) })).toMatchObject({ code: 13 });
    expect(await check(both, { fee: feeOf(10_830) })).toMatchObject({ code: 0 });
    const send = [
      {
        typeUrl: "/cosmos.bank.v1beta1.MsgSend",
        value: { fromAddress: OURS, toAddress: otherAddress, amount: coins(1, "usei") },
      },
    ];
    const small = { amount: coins(1_999, "usei"), gas: "100000" };
    expect(await check(send, { sequence: 1, fee: small })).toMatchObject({ code: 13 });
    expect(await check(send, { sequence: 1, fee: { ...small, amount: coins(2_000, "usei") } })).toMatchObject({
      code: 0,
    });
  });

  it("counts sequences on from what waits, and begins anew where a block left them", async () => {
    for (const sequence of [0, 1, 2]) expect(await check(place(), { sequence })).toMatchObject({ code: 0 });
    expect(await check(place(), { sequence: 5 })).toMatchObject({
      code: 32,
      log: "account sequence mismatch, expected 3, got 5: incorrect account sequence",
    });
    chain.makeBlock();
    expect(chain.accounts.find(OURS)?.sequence).toBe(3);
    expect(await check(place(), { sequence: 3 })).toMatchObject({ code: 0 });
  });

  it("knows a transaction again, also once it is in a block, and takes one again that was refused", async () => {
    const bytes = await sign(ours, place());
    const ahead = await sign(ours, place(), { sequence: 1 });
    expect(chain.broadcast(ahead)).toMatchObject({ code: 32 });
    expect(chain.broadcast(bytes)).toMatchObject({ code: 0 });
    expect(chain.broadcast(bytes)).toBeUndefined();
    expect(chain.broadcast(ahead)).toMatchObject({ code: 0 });
    chain.makeBlock();
    expect(chain.broadcast(bytes)).toBeUndefined();
  });

  it("names a transaction by the SHA-256 of its bytes", async () => {
    const { createHash } = await import("node:crypto");
    const bytes = await sign(ours, place(), { fee: DEX_FEE });
    const hash = createHash("sha256").update(bytes).digest("hex").toUpperCase();
    expect(chain.broadcast(bytes)).toMatchObject({ hash });
  });
});
