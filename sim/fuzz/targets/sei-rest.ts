/** Sei's REST answers: balances over pages, open orders of a market; through the client, as the task reads them. */
import type { Fetch } from "../../../fargate/seams.ts";
import { makeSeiRest, SeiRestError } from "../../../fargate/sei/rest.ts";
import { answerRest, type ChainAccount } from "../../sei-node/rest.ts";
import { requireCount, requirePlain, requireWord } from "../laws.ts";
import { MARKETS, STILL_CLOCK } from "../recordings.ts";
import { judgeLater, requireLaw, type Target } from "../target.ts";

const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";

const ACCOUNT: ChainAccount = {
  balances: () => [
    { denom: "usei", amount: "1000000" },
    { denom: "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2", amount: "250000000000000000000" },
  ],
  openOrders: () => [
    { id: "41", market: "SEI/USDC", side: "buy", price: "0.452", remaining: "1500" },
    { id: "42", market: "SEI/USDC", side: "sell", price: "0.453", remaining: "7" },
    { id: "43", market: "ETH/USDC", side: "sell", price: "2000", remaining: "1" },
  ],
};

/** The page after the one that is fuzzed: the judgement is on one answer. */
const LAST_PAGE = '{"balances":[{"denom":"ulast","amount":"1"}],"pagination":null}';

const isRefusal = (error: unknown) => error instanceof SeiRestError;

export function makeSeiRestTargets(): readonly Target[] {
  const market = [...MARKETS.values()][0];
  if (market === undefined) throw new RangeError("there is no market");
  return [
    {
      name: "sei-balances",
      share: 3,
      recordings: [recorded(`/cosmos/bank/v1beta1/balances/${ADDRESS}`), LAST_PAGE],
      run: (input) =>
        judgeLater(() => restOf(input).balances(ADDRESS), {
          isRefusal,
          laws: (balances) => {
            const denoms = new Set(balances.map(({ denom }) => denom));
            requireLaw(denoms.size === balances.length, "of each denom there is one", () => `${balances.length}`);
            for (const { amount } of balances) requireLaw(amount >= 0n, "an amount is not negative", () => `${amount}`);
            requirePlain(balances);
          },
        }),
    },
    {
      name: "sei-orders",
      share: 3,
      recordings: [
        recorded(`/sei-protocol/seichain/dex/get_orders_by_user?contractAddr=${CONTRACT}&account=${ADDRESS}`),
      ],
      run: (input) =>
        judgeLater(() => restOf(input).openOrders({ contractAddress: CONTRACT, account: ADDRESS, market }), {
          isRefusal,
          laws: (orders) => {
            for (const { orderId, price, size, side } of orders) {
              requireLaw(/^\d{1,20}$/.test(orderId), "an id is a whole number", () => orderId);
              requireCount(price, 1, "a price is positive ticks");
              requireCount(size, 1, "a size is positive lots");
              requireWord(side, ["buy", "sell"]);
            }
          },
        }),
    },
  ];
}

function restOf(input: Buffer) {
  let asked = 0;
  const fetch: Fetch = () => {
    asked += 1;
    const body = asked === 1 ? input.toString("utf8") : LAST_PAGE;
    return Promise.resolve({ status: 200, headers: {}, body });
  };
  return makeSeiRest({ baseUrls: ["https://rest.invalid"], fetch, clock: STILL_CLOCK });
}

function recorded(target: string): string {
  const { status, body } = answerRest("GET", target, { account: ACCOUNT, contracts: {} });
  if (status !== 200) throw new RangeError(`the simulated node answered ${status} to ${target}`);
  return JSON.stringify(body);
}
