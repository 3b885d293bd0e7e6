import { beforeEach, describe, expect, it } from "vitest";
import type { SeiChain } from "../../../sim/sei-chain/chain.ts";
import { makeChainAccount, makeDexRoutes } from "../../../sim/sei-chain/dex-rest.ts";
import { answerRest } from "../../../sim/sei-node/rest.ts";
import { CONTRACT, makeChain, makeWallets, OURS, placeOrders, sign } from "./chain-world.ts";

const DEX = "/sei-protocol/seichain/dex";
let chain: SeiChain;

beforeEach(async () => {
  chain = await makeChain();
  const { ours, other, otherAddress } = await makeWallets();
  const bids = ["0.42", "0.41", "0.4"].map((price) => ({ side: "buy", price, quantity: "500" }) as const);
  chain.broadcast(await sign(ours, [placeOrders(OURS, [...bids, { side: "sell", price: "0.43", quantity: "9" }])]));
  chain.makeBlock();
  const hit = [placeOrders(otherAddress, [{ side: "sell", price: "0", quantity: "120", type: 1 }])];
  chain.broadcast(await sign(other, hit, { accountNumber: 1n }));
  chain.makeBlock();
});

function get(target: string) {
  const contracts = { "SEI/USDC": CONTRACT };
  return answerRest("GET", target, { account: makeChainAccount(chain), contracts, routes: makeDexRoutes(chain) });
}

const body = (target: string) => JSON.parse(JSON.stringify(get(target).body));

describe("the chain by REST", () => {
  it("lists an account's open orders with what is left of them, by the design's route and by the real one", () => {
    const byReal = body(`${DEX}/get_orders/${CONTRACT}/${OURS}`).orders;
    expect(byReal).toHaveLength(4);
    expect(byReal[0]).toMatchObject({
      id: "0",
      status: "PLACED",
      account: OURS,
      contractAddr: CONTRACT,
      price: "0.420000000000000000",
      quantity: "380.000000000000000000",
      priceDenom: "USDC",
      assetDenom: "SEI",
      orderType: "LIMIT",
      positionDirection: "LONG",
      data: "",
    });
    const byDesign = `${DEX}/get_orders_by_user?contractAddr=${CONTRACT}&account=${OURS}&marketId=SEI%2FUSDC`;
    expect(body(byDesign).orders).toEqual(byReal);
  });

  it("pages a side of the book, the lowest price first, or the highest", () => {
    const path = `${DEX}/long_book/${CONTRACT}/USDC/SEI`;
    const prices = (page: { LongBook: { price: string }[] }) => page.LongBook.map(({ price }) => price.slice(0, 4));
    expect(prices(body(path))).toEqual(["0.40", "0.41", "0.42"]);
    const first = body(`${path}?pagination.reverse=true&pagination.limit=2`);
    expect(prices(first)).toEqual(["0.42", "0.41"]);
    const key = encodeURIComponent(first.pagination.next_key);
    const second = body(`${path}?pagination.reverse=true&pagination.limit=2&pagination.key=${key}`);
    expect(prices(second)).toEqual(["0.40"]);
    expect(second.pagination.next_key).toBeNull();
    expect(first.LongBook[0].entry).toEqual({
      price: "0.420000000000000000",
      quantity: "380.000000000000000000",
      allocations: [{ orderId: "0", quantity: "380.000000000000000000", account: OURS }],
      priceDenom: "USDC",
      assetDenom: "SEI",
    });
    expect(body(`${DEX}/short_book/${CONTRACT}/USDC/SEI/0.43`).ShortBook.entry.quantity).toBe("9.000000000000000000");
  });

  it("tells of pairs, of one order, of accounts", () => {
    expect(body(`${DEX}/registered_pairs?contractAddr=${CONTRACT}`)).toEqual({
      pairs: [
        {
          priceDenom: "USDC",
          assetDenom: "SEI",
          priceTicksize: "0.000100000000000000",
          quantityTicksize: "1.000000000000000000",
        },
      ],
    });
    expect(body(`${DEX}/get_order_by_id/${CONTRACT}/USDC/SEI/1`).order).toMatchObject({ id: "1", account: OURS });
    expect(body(`/cosmos/auth/v1beta1/accounts/${OURS}`).account).toMatchObject({
      "@type": "/cosmos.auth.v1beta1.BaseAccount",
      account_number: "0",
      sequence: "1",
      pub_key: { "@type": "/cosmos.crypto.secp256k1.PubKey" },
    });
    // 50,000 usei of gas, and 120 SEI bought at 0.42 less a basis point, rounded up.
    expect(body(`/cosmos/bank/v1beta1/balances/${OURS}`).balances).toEqual([
      { denom: "usei", amount: `${1_000_000_000_000 - 50_000 + 120_000_000}` },
      { denom: "uusdc", amount: `${1_000_000_000_000 - 50_400_000 - 5_040}` },
    ]);
  });

  it.each([
    [`${DEX}/long_book/${CONTRACT}/USDC/SEI/0.99`, 404, 5, "not found"],
    [`${DEX}/get_order_by_id/${CONTRACT}/USDC/SEI/99`, 500, 2, "Error order id not found"],
    ["/cosmos/auth/v1beta1/accounts/sei1qy352euf40x77qfrg4ncn27dauqjx3t83egwm0", 400, 3, "decoding bech32 failed"],
    [`/cosmos/auth/v1beta1/accounts/${CONTRACT}`, 404, 5, "not found: key not found"],
    [`${DEX}/get_match_result/${CONTRACT}`, 501, 12, "Not Implemented"],
  ])("answers %s with %i", (target, status, code, message) => {
    expect(get(target)).toEqual({
      status,
      body: { code, message: expect.stringContaining(message), details: [] },
    });
  });

  it("has an empty book and no orders at a contract that it does not know", () => {
    expect(body(`${DEX}/long_book/${OURS}/USDC/SEI`)).toEqual({
      LongBook: [],
      pagination: { next_key: null, total: "0" },
    });
    expect(body(`${DEX}/get_orders/${OURS}/${OURS}`)).toEqual({ orders: [] });
  });
});
