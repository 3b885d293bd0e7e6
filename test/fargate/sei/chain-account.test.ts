import { expect, test, vi } from "vitest";
import { makeMarket } from "../../../core/market.ts";
import type { Fetch } from "../../../fargate/seams.ts";
import { ChainAccount } from "../../../fargate/sei/chain-account.ts";
import { makeSeiRest } from "../../../fargate/sei/rest.ts";
import { answerRest } from "../../../sim/sei-node/rest.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";

const ADDRESS = "sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5";
const CONTRACT = "sei1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursuhdhwg";
const MARKET = makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });

/** An account read over the simulated node's own answers, which can be made to fail. */
function watch() {
  const clock = makeDrivenClock();
  const world = { isDown: false, refused: 0 };
  const account = {
    balances: () => [{ denom: "usei", amount: "1500000" }],
    openOrders: () => [{ id: "41", market: "SEI/USDC", side: "buy", price: "0.452", remaining: "1500" } as const],
  };
  const fetch: Fetch = async (request) => {
    if (world.isDown) {
      world.refused += 1;
      throw new Error("refused");
    }
    const { pathname, search } = new URL(request.url);
    const { status, body } = answerRest("GET", `${pathname}${search}`, { account, contracts: {} });
    return { status, headers: {}, body: JSON.stringify(body) };
  };
  const warnings: string[] = [];
  const none = (): void => undefined;
  const log = { debug: none, info: none, warn: (message: string) => warnings.push(message), error: none };
  const chain = new ChainAccount({
    rest: makeSeiRest({ baseUrls: ["http://a"], fetch, clock }),
    address: ADDRESS,
    contracts: [{ market: MARKET, contractAddress: CONTRACT }],
    clock,
    log,
  });
  return { chain, clock, world, warnings };
}

test("shows balances and open orders of our address at once", async () => {
  const { chain, clock } = watch();
  chain.start();
  await vi.waitFor(() => expect(chain.state().readAtMs).not.toBeNull());
  expect(chain.state()).toEqual({
    address: ADDRESS,
    balances: [{ denom: "usei", amount: "1500000" }],
    openOrders: 1,
    readAtMs: clock.now().epochMs,
    fault: null,
  });
  chain.stop();
});

test("a failed reading says why, is logged once and leaves the last good one", async () => {
  const { chain, clock, world, warnings } = watch();
  chain.start();
  await vi.waitFor(() => expect(chain.state().readAtMs).not.toBeNull());
  world.isDown = true;
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(world.refused).toBeGreaterThan(2);
  });
  expect(chain.state().fault).toContain("refused");
  expect(chain.state().balances).toHaveLength(1);
  expect(warnings).toHaveLength(1);
  world.isDown = false;
  await vi.waitFor(() => {
    clock.advance(60_000);
    expect(chain.state().fault).toBeNull();
  });
  chain.stop();
});
