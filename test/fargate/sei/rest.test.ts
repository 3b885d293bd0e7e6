import { describe, expect, test } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import type { Fetch, HttpRequest } from "../../../fargate/seams.ts";
import { makeSeiRest, SeiRestError } from "../../../fargate/sei/rest.ts";
import { answerRest, type ChainAccount } from "../../../sim/sei-node/rest.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";

const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
const MARKET = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

/** Denoms enough for three pages, and an order in each of two markets. */
const ACCOUNT: ChainAccount = {
  balances: () =>
    Array.from({ length: 250 }, (_, i) => ({ denom: `factory/${i}`, amount: `${i + 1}000000000000000000` })),
  openOrders: () => [
    { id: "41", market: "SEI/USDC", side: "buy", price: "0.452", remaining: "1500" },
    { id: "42", market: "SEI/USDC", side: "sell", price: "0.453", remaining: "7" },
    { id: "43", market: "ETH/USDC", side: "sell", price: "2000", remaining: "1" },
  ],
};

type Answer = { readonly status: number; readonly body: string } | Error | "silence";

/** Answers by address; one that is not listed answers as the simulated node does. */
function makeRest(answers: Readonly<Record<string, Answer>> = {}, baseUrls = ["http://a", "http://b/"]) {
  const clock = makeDrivenClock();
  const asked: HttpRequest[] = [];
  const fetch: Fetch = (request) => {
    asked.push(request);
    const { host, pathname, search } = new URL(request.url);
    const answer = answers[host];
    if (answer instanceof Error) return Promise.reject(answer);
    if (answer === "silence") {
      return new Promise((_, reject) => {
        request.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    }
    if (answer !== undefined) return Promise.resolve({ headers: {}, ...answer });
    const { status, body } = answerRest("GET", `${pathname}${search}`, { account: ACCOUNT, contracts: {} });
    return Promise.resolve({ status, headers: {}, body: JSON.stringify(body) });
  };
  return { rest: makeSeiRest({ baseUrls, fetch, clock }), clock, asked };
}

describe("balances", () => {
  test("are read to the last page, as whole micro-amounts", async () => {
    const { rest, asked } = makeRest();
    const balances = await rest.balances(ADDRESS);
    expect(balances).toHaveLength(250);
    expect(balances).toContainEqual({ denom: "factory/249", amount: 250_000_000_000_000_000_000n });
    expect(asked).toHaveLength(3);
    expect(asked.every(({ url }) => url.startsWith("http://a/cosmos/bank/v1beta1/balances/"))).toBe(true);
  });

  test("without end are refused rather than cut", async () => {
    let page = 0;
    const fetch: Fetch = () => {
      page += 1;
      const body = { balances: [{ denom: `d${page}`, amount: "1" }], pagination: { next_key: "bW9yZQ==" } };
      return Promise.resolve({ status: 200, headers: {}, body: JSON.stringify(body) });
    };
    const rest = makeSeiRest({ baseUrls: ["http://a"], fetch, clock: makeDrivenClock() });
    await expect(rest.balances(ADDRESS)).rejects.toThrow("balances must be at most 100 pages");
    expect(page).toBe(100);
  });

  test("of one denom twice are refused", async () => {
    const coin = { denom: "usei", amount: "1" };
    const body = JSON.stringify({ balances: [coin, coin], pagination: null });
    const { rest } = makeRest({ a: { status: 200, body } }, ["http://a"]);
    await expect(rest.balances(ADDRESS)).rejects.toThrow("balances must be of each denom one");
  });

  test.each<[string, Answer]>([
    ["a reset", new Error("ECONNRESET")],
    ["a 503", { status: 503, body: '{"code":14,"message":"unavailable","details":[]}' }],
    ["prose", { status: 200, body: "<html>" }],
    ["another form", { status: 200, body: '{"balances":{}}' }],
    ["an amount that is no integer", { status: 200, body: '{"balances":[{"denom":"usei","amount":"1.5"}]}' }],
    ["an amount as a number", { status: 200, body: '{"balances":[{"denom":"usei","amount":1}]}' }],
  ])("come from the next address after %s", async (_fault, answer) => {
    const { rest, asked } = makeRest({ a: answer });
    await expect(rest.balances(ADDRESS)).resolves.toHaveLength(250);
    expect(asked.map(({ url }) => new URL(url).host)).toEqual(["a", "b", "b", "b"]);
  });

  test("come from the next address when the first is silent for 5 s", async () => {
    const { rest, clock } = makeRest({ a: "silence" });
    const balances = rest.balances(ADDRESS);
    clock.advance(5_000);
    await expect(balances).resolves.toHaveLength(250);
  });

  test("that no address gives are an error that says what each did", async () => {
    const { rest } = makeRest({ a: new Error("ECONNRESET"), b: { status: 500, body: "boom" } });
    const error: unknown = await rest.balances(ADDRESS).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SeiRestError);
    expect(error instanceof SeiRestError && error.attempts).toEqual([
      "http://a: ECONNRESET",
      "http://b: status 500: boom",
    ]);
  });
});

describe("where a chain is given", () => {
  const latest = (header: object) => ({ status: 200, body: JSON.stringify({ block: { header } }) });

  test.each<[string, { readonly status: number; readonly body: string }, string]>([
    ["names that chain", latest({ chain_id: "sei-1", height: "7" }), "a"],
    ["names another", latest({ chain_id: "sei-2", height: "7" }), "b"],
    ["names none", latest({ height: "7" }), "a"],
    ["has no such route, as contract 2 does not ask for it", { status: 501, body: "{}" }, "a"],
    ["cannot say for now", { status: 503, body: "{}" }, "b"],
  ])("an address that %s is believed or not", async (_, answer, from) => {
    const balances = (denom: string) => JSON.stringify({ balances: [{ denom, amount: "1" }], pagination: null });
    const fetch: Fetch = ({ url }) => {
      const { host, pathname } = new URL(url);
      const isLatest = pathname.endsWith("/blocks/latest");
      const ours = latest({ chain_id: "sei-1", height: "7" });
      const told = host === "a" ? answer : ours;
      return Promise.resolve({ headers: {}, ...(isLatest ? told : { status: 200, body: balances(host) }) });
    };
    const rest = makeSeiRest({ chainId: "sei-1", baseUrls: ["http://a", "http://b"], fetch, clock: makeDrivenClock() });
    expect(await rest.balances(ADDRESS)).toEqual([{ denom: from, amount: 1n }]);
  });
});

describe("open orders", () => {
  test("are those of the market, in ticks and lots", async () => {
    const { rest, asked } = makeRest();
    const orders = await rest.openOrders({ contractAddress: CONTRACT, account: ADDRESS, market: MARKET });
    expect(orders).toEqual([
      { orderId: "41", market: "SEI/USDC", side: "buy", price: 4520, size: 1500 },
      { orderId: "42", market: "SEI/USDC", side: "sell", price: 4530, size: 7 },
    ]);
    const { searchParams } = new URL(asked[0]?.url ?? "");
    expect(Object.fromEntries(searchParams)).toEqual({
      contractAddr: CONTRACT,
      account: ADDRESS,
      marketId: "SEI/USDC",
    });
  });

  test("of a node that knows no market filter are filtered here", async () => {
    const order = {
      id: "1",
      status: "PLACED",
      price: "0.452000000000000000",
      quantity: "15.000000000000000000",
      priceDenom: "USDC",
      assetDenom: "SEI",
      positionDirection: "SHORT",
    };
    const orders = [order, { ...order, id: "2", assetDenom: "ETH" }, { ...order, id: "3", status: "CANCELLED" }];
    const { rest } = makeRest({ a: { status: 200, body: JSON.stringify({ orders }) } });
    await expect(rest.openOrders({ contractAddress: CONTRACT, account: ADDRESS, market: MARKET })).resolves.toEqual([
      { orderId: "1", market: "SEI/USDC", side: "sell", price: 4520, size: 15 },
    ]);
  });

  const OWN = { id: "1", status: "PLACED", price: "0.452", quantity: "15", positionDirection: "LONG" };

  test.each([404, 501])("are asked for by the chain's own route where a node answers %i to ours", async (status) => {
    const asked: string[] = [];
    const body = JSON.stringify({ orders: [{ ...OWN, priceDenom: "uusdc", assetDenom: "usei" }] });
    const rest = makeSeiRest({
      baseUrls: ["http://a"],
      clock: makeDrivenClock(),
      fetch: async ({ url }) => {
        asked.push(new URL(url).pathname);
        const isOurs = url.includes("get_orders_by_user");
        return isOurs ? { status, headers: {}, body: '{"code":12}' } : { status: 200, headers: {}, body };
      },
    });
    const pair = { assetDenom: "usei", priceDenom: "uusdc" };
    const query = { contractAddress: CONTRACT, account: ADDRESS, market: MARKET, pair };
    await expect(rest.openOrders(query)).resolves.toEqual([
      { orderId: "1", market: "SEI/USDC", side: "buy", price: 4520, size: 15 },
    ]);
    expect(asked[1]).toBe(`/sei-protocol/seichain/dex/get_orders/${CONTRACT}/${ADDRESS}`);
  });

  test.each([400, 500, 503])(
    "of a node that answers %i are asked for at the next, not by another route",
    async (status) => {
      const { rest, asked } = makeRest({ a: { status, body: '{"code":3,"message":"decoding bech32 failed"}' } });
      await expect(
        rest.openOrders({ contractAddress: CONTRACT, account: ADDRESS, market: MARKET }),
      ).resolves.toHaveLength(2);
      expect(asked.map(({ url }) => new URL(url).host)).toEqual(["a", "b"]);
    },
  );
});
