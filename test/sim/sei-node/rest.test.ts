import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressFault } from "../../../sim/sei-node/bech32.ts";
import type { Coin } from "../../../sim/sei-node/pagination.ts";
import { answerRest, type ChainOrder, type RestSources } from "../../../sim/sei-node/rest.ts";

const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
const BANK = `/cosmos/bank/v1beta1/balances/${ADDRESS}`;
const DEX = "/sei-protocol/seichain/dex";

const COINS: readonly Coin[] = [
  { denom: "uusdc", amount: "500000000000" },
  { denom: "usei", amount: "1000000000000" },
  { denom: "ibc/AB+CD", amount: "7" },
];
const ORDERS: readonly ChainOrder[] = [
  { id: "41", market: "SEI/USDC", side: "buy", price: "0.452", remaining: "1500" },
  { id: "42", market: "ETH/USDC", side: "sell", price: "2683.81", remaining: "0.0001", data: "fm-1-ETHUSDC-s0-9" },
];

function sourcesOf(input: { coins?: readonly Coin[]; contracts?: Readonly<Record<string, string>> } = {}): RestSources {
  return {
    account: {
      balances: (address) => (address === ADDRESS ? (input.coins ?? COINS) : []),
      openOrders: (address, market) =>
        address === ADDRESS ? ORDERS.filter((order) => market === undefined || order.market === market) : [],
    },
    contracts: input.contracts ?? {},
  };
}

const get = (target: string, sources = sourcesOf()) => answerRest("GET", target, sources);

describe("bank balances", () => {
  it("come by denom, with the total and no next key when they fit on a page", () => {
    expect(get(BANK)).toEqual({
      status: 200,
      body: {
        balances: [COINS[2], COINS[1], COINS[0]],
        pagination: { next_key: null, total: "3" },
      },
    });
  });

  it("of an address the chain does not know are empty", () => {
    const unknown = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
    expect(get(`/cosmos/bank/v1beta1/balances/${unknown}`).body).toEqual({
      balances: [],
      pagination: { next_key: null, total: "0" },
    });
  });

  it("of one denom answer zero when there are none", () => {
    expect(get(`${BANK}/by_denom?denom=usei`).body).toEqual({ balance: COINS[1] });
    expect(get(`${BANK}/by_denom?denom=uatom`).body).toEqual({ balance: { denom: "uatom", amount: "0" } });
  });

  it("read page by page are all there, each once and in order, whatever the limit and direction", () => {
    const denoms = fc.uniqueArray(fc.stringMatching(/^[a-z][a-zA-Z0-9/+]{2,12}$/), { maxLength: 12 });
    fc.assert(
      fc.property(
        denoms,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.boolean(),
        (names, limit, reverse, escaping) => {
          const coins = names.map((denom, index) => ({ denom, amount: `${index}` }));
          const read: Coin[] = [];
          let key: string | null = "";
          for (let pages = 0; key !== null && pages <= names.length; pages += 1) {
            const encoded: string = escaping ? encodeURIComponent(key) : key;
            const target = `${BANK}?pagination.limit=${limit}&pagination.reverse=${reverse}&pagination.key=${encoded}`;
            const body = JSON.parse(JSON.stringify(get(target, sourcesOf({ coins })).body));
            expect(body.balances.length).toBeLessThanOrEqual(limit);
            read.push(...body.balances);
            key = body.pagination.next_key;
          }
          const sorted = coins.toSorted((a, b) => Buffer.compare(Buffer.from(a.denom), Buffer.from(b.denom)));
          expect(read).toEqual(reverse ? sorted.toReversed() : sorted);
        },
      ),
    );
  });

  it("by offset count the total only when asked", () => {
    const page = (query: string) => JSON.parse(JSON.stringify(get(`${BANK}?${query}`).body)).pagination;
    expect(page("pagination.limit=1&pagination.offset=1")).toEqual({ next_key: btoa("uusdc"), total: "0" });
    expect(page("pagination.limit=1&pagination.offset=1&pagination.count_total=true").total).toBe("3");
    expect(page("pagination.offset=5")).toEqual({ next_key: null, total: "3" });
  });

  it("of 101 denoms come in a first page of 100", () => {
    const coins = Array.from({ length: 101 }, (_, index) => ({ denom: `u${1_000 + index}`, amount: "1" }));
    const body = JSON.parse(JSON.stringify(get(BANK, sourcesOf({ coins })).body));
    expect(body.balances).toHaveLength(100);
    expect(body.pagination).toEqual({ next_key: btoa("u1100"), total: "101" });
  });

  it.each([
    [
      `${BANK}?pagination.limit=x`,
      'type mismatch, parameter: pagination.limit, error: strconv.ParseUint: parsing "x": invalid syntax',
    ],
    [
      `${BANK}?pagination.limit=-1`,
      'type mismatch, parameter: pagination.limit, error: strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    [`${BANK}?pagination.key=%25`, "type mismatch, parameter: pagination.key, error: illegal base64 data"],
    [
      `${BANK}?pagination.reverse=yes`,
      'type mismatch, parameter: pagination.reverse, error: strconv.ParseBool: parsing "yes": invalid syntax',
    ],
    [
      `${BANK}?pagination.key=dXNlaQ==&pagination.offset=1`,
      "paginate: invalid request, either offset or key is expected, got both: invalid request",
    ],
    [`${BANK}/by_denom`, "invalid denom"],
    ["/cosmos/bank/v1beta1/balances/nope", "decoding bech32 failed: invalid bech32 string length 4: invalid request"],
    [
      "/cosmos/bank/v1beta1/balances/seiqqqqqqqq",
      "decoding bech32 failed: invalid separator index -1: invalid request",
    ],
    ["/cosmos/bank/v1beta1/balances/%zz", 'invalid URL escape in "%zz"'],
    [`${DEX}/get_orders_by_user?contractAddr=${CONTRACT}`, "empty address string is not allowed: invalid request"],
    [`${DEX}/get_orders/${CONTRACT}/${ADDRESS}x`, "decoding bech32 failed: invalid checksum: invalid request"],
  ])("and orders refuse %s with 400", (target, message) => {
    expect(get(target)).toEqual({ status: 400, body: { code: 3, message, details: [] } });
  });
});

describe("open orders", () => {
  const first = {
    id: "41",
    status: "PLACED",
    account: ADDRESS,
    contractAddr: CONTRACT,
    price: "0.452000000000000000",
    quantity: "1500.000000000000000000",
    priceDenom: "USDC",
    assetDenom: "SEI",
    orderType: "LIMIT",
    positionDirection: "LONG",
    data: "",
    statusDescription: "",
    nominal: "0.000000000000000000",
    triggerPrice: "0.000000000000000000",
    triggerStatus: false,
  };

  it("of one market are in the JSON of the dex module", () => {
    const target = `${DEX}/get_orders_by_user?contractAddr=${CONTRACT}&account=${ADDRESS}&marketId=SEI%2FUSDC`;
    expect(get(target)).toEqual({ status: 200, body: { orders: [first] } });
  });

  it("of every market come without a market, and by the real route, alike", () => {
    const byUser = get(`${DEX}/get_orders_by_user?contractAddr=${CONTRACT}&account=${ADDRESS}`);
    expect(get(`${DEX}/get_orders/${CONTRACT}/${ADDRESS}`)).toEqual(byUser);
    expect(byUser.body).toEqual({
      orders: [
        first,
        expect.objectContaining({
          id: "42",
          price: "2683.810000000000000000",
          quantity: "0.000100000000000000",
          priceDenom: "USDC",
          assetDenom: "ETH",
          positionDirection: "SHORT",
          data: "fm-1-ETHUSDC-s0-9",
        }),
      ],
    });
  });

  it("of an unknown market are none", () => {
    const target = `${DEX}/get_orders_by_user?contractAddr=${CONTRACT}&account=${ADDRESS}&marketId=BTC%2FUSDC`;
    expect(get(target)).toEqual({ status: 200, body: { orders: [] } });
  });

  it("are those of the contract asked for, where contracts are known", () => {
    const sources = sourcesOf({ contracts: { "SEI/USDC": CONTRACT, "ETH/USDC": "sei1other" } });
    expect(get(`${DEX}/get_orders/${CONTRACT}/${ADDRESS}`, sources).body).toEqual({ orders: [first] });
  });
});

it.each([
  ["GET", "/"],
  ["GET", "/cosmos/bank/v1beta1/supply"],
  ["GET", `${DEX}/get_orders/${CONTRACT}`],
  ["POST", BANK],
])("%s %s is not a route: 501", (method, target) => {
  expect(answerRest(method, target, sourcesOf())).toMatchObject({ status: 501, body: { code: 12, details: [] } });
});

describe("an address", () => {
  it.each([ADDRESS, CONTRACT, ADDRESS.toUpperCase()])("%s is one", (address) => {
    expect(addressFault(address)).toBeNull();
  });

  it.each([
    ["", "empty address string is not allowed"],
    [ADDRESS.replace("sei1", "Sei1"), "decoding bech32 failed: string not all lowercase or all uppercase"],
    [`${ADDRESS.slice(0, -1)}b`, "decoding bech32 failed: invalid character not part of charset: 98"],
    ["cosmos1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5lzv7xu", "invalid Bech32 prefix; expected sei, got cosmos"],
  ])("%s is none", (address, fault) => {
    expect(addressFault(address)).toBe(fault);
  });

  it("with any one character changed is none", () => {
    const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    fc.assert(
      fc.property(fc.integer({ min: 4, max: ADDRESS.length - 1 }), fc.constantFrom(...charset), (at, character) => {
        fc.pre(ADDRESS[at] !== character);
        expect(addressFault(ADDRESS.slice(0, at) + character + ADDRESS.slice(at + 1))).not.toBeNull();
      }),
    );
  });
});
