/** The end of our own orders on chain, as a stop does it: clean only where no order stands. */
import { afterEach, describe, expect, it } from "vitest";
import { cancelAllOwnOrders } from "../../../fargate/own-orders.ts";
import type { TxFault } from "../../../sim/sei-chain/faults.ts";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue } from "./chain-venue.ts";

const ID = "fm-3-SEIUSDC-b0-1";

let open: ChainVenue | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const booked = ({ chain }: ChainVenue) => chain.contract.pairs[0]?.book.ordersOf(OURS).map(({ id }) => id) ?? [];

/** One order of ours, seen in its block, and the engine's cancel of it on its way. The lists of the node are two blocks behind. */
async function cancelling(before: (world: ChainVenue) => void): Promise<ChainVenue> {
  const world = await makeChainVenue({ settings: { timeoutBlocks: 3 } });
  open = world;
  await world.blocks(1);
  world.node.endpoints[0]?.lag("lists", 2);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(world.told()).toEqual(["1 order-sent", "1 seen open #0"]);
  before(world);
  world.venue.execute(world.cancel(ID, "0"));
  await world.time.pass(20);
  return world;
}

/** As a stop does it. */
function endOrders({ venue, budget, time, process: { clock } }: ChainVenue): Promise<ReadonlyMap<string, number>> {
  const options = { venue, budget, clock, epoch: 3, placed: () => [] };
  const ending = cancelAllOwnOrders(options, [MARKET.symbol], clock.now().monotonicMs + 10_000);
  return time.settled(ending, "the end of the orders", 12_000);
}

describe("on lists that are two blocks behind, orders are ended before it is said that they are,", () => {
  it.each<{ readonly where: string; readonly fault: TxFault }>([
    { where: "the cancel takes a block longer", fault: { type: "delay", blocks: 1 } },
    { where: "the cancel is lost", fault: { type: "drop" } },
    { where: "the cancel matches nothing", fault: { type: "ignore-cancels" } },
  ])("where $where", async ({ fault }) => {
    const world = await cancelling(({ chain }) => chain.faults.next(fault));
    await endOrders(world);
    expect(booked(world)).toEqual([]);
  });

  it("and where the chain stands still it is not said", async () => {
    const world = await cancelling(({ chain }) => chain.halt(true));
    await expect(endOrders(world)).rejects.toThrow("must be ended");
    expect(booked(world)).toEqual([0]);
  });
});
