/** A node of another chain among ours: it knows nothing of what we did, and its blocks prove nothing. */
import { afterEach, describe, expect, it } from "vitest";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue } from "./chain-venue.ts";

let open: ChainVenue | undefined;

async function start(stranger: "first" | "last"): Promise<ChainVenue> {
  open = await makeChainVenue({ stranger });
  await open.blocks(2);
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const standing = ({ chain }: ChainVenue) => chain.contract.pairs[0]?.book.ordersOf(OURS).length ?? 0;

const listed = async ({ time, venue }: ChainVenue) =>
  (await time.settled(venue.openOrders(MARKET.symbol), "the open orders", 60_000)).value;

describe("a node of another chain that is asked in place of ours", () => {
  it("does not prove a transaction absent, and moves no height", async () => {
    const world = await start("last");
    world.link(0).lose("reply", "chain", 1);
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.time.pass(50);
    world.link(0).reachability = "refused";
    await world.blocks(12);
    expect(standing(world)).toBe(1);
    expect(world.told()).toEqual(["1 order-sent", "1 place-unknown"]);
    world.link(0).reachability = "up";
    await world.blocks(6);
    expect(world.told().at(-1)).toBe("1 seen open #0");
    expect(await listed(world)).toHaveLength(1);
  });

  it("does not end the history", async () => {
    const world = await start("last");
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    await world.trade("sell", "0", "4", 1);
    await world.blocks(1);
    const read = () => world.time.settled(world.venue.fillsAfter(MARKET.symbol, undefined), "a page", 60_000);
    world.link(0).reachability = "refused";
    await expect(read()).rejects.toThrow("another-chain-2");
    world.link(0).reachability = "up";
    expect((await read()).value.fills).toHaveLength(1);
  });

  it("does not show that an order is gone, nor what we hold", async () => {
    const world = await start("last");
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    await world.time.pass(2_500);
    world.node.endpoints[0]?.failRest(503);
    world.venue.execute(world.query("fm-3-SEIUSDC-b0-1"));
    await world.time.pass(100);
    expect(world.told()).toEqual(["1 order-sent", "1 seen open #0"]);
    await expect(listed(world)).rejects.toThrow("another-chain-2");
    await expect(world.time.settled(world.venue.balances(), "the balances")).rejects.toThrow("another-chain-2");
    world.node.endpoints[0]?.failRest(null);
    expect(await listed(world)).toHaveLength(1);
  });
});

it("a stream of another chain is left for the next node's, and none of its blocks counts", async () => {
  const world = await start("first");
  await world.time.pass(2_000);
  // The first one finds that its node is none of ours, and the next node takes over.
  for (const price of [4_100, 4_200]) {
    world.venue.execute(world.place("buy", price, 10));
    await world.blocks(2);
  }
  expect(world.told()).toEqual(["1 order-unsent", "2 order-sent", "2 seen open #0"]);
  expect(world.venue.state().streamConnected).toBe(true);
  expect(await listed(world)).toHaveLength(1);
});
