/** The venue on nodes whose parts are behind one another: what they do not know yet is no proof that it is not so. */
import { afterEach, describe, expect, it } from "vitest";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue } from "./chain-venue.ts";

let open: ChainVenue | undefined;

async function start(...options: Parameters<typeof makeChainVenue>): Promise<ChainVenue> {
  open = await makeChainVenue(...options);
  await open.blocks(1);
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const standing = ({ chain }: ChainVenue) => chain.contract.pairs[0]?.book.ordersOf(OURS).length ?? 0;

describe("a transaction whose answer was lost", () => {
  const EXECUTION_MS = 150;

  it.each(Array.from({ length: 8 }, (_, index) => index * 50))(
    "and that stands in its last block is not called absent while that is carried out (sent %i ms into a block)",
    async (offsetMs) => {
      const world = await start({ settings: { requestTimeoutMs: 60 } });
      world.node.endpoints[0]?.executeFor(EXECUTION_MS);
      await world.time.pass(offsetMs);
      world.chain.faults.next({ type: "delay", blocks: 2 });
      world.link(0).lose("reply", "chain", 1);
      world.venue.execute(world.place("buy", 4_200, 10));
      await world.blocks(7);
      const isTaken = standing(world) === 1;
      expect(world.told().at(-1)).toBe(isTaken ? "1 seen open #0" : "1 order-rejected");
    },
  );

  it("is not called absent by a node whose state and index are another's, further behind", async () => {
    const world = await start();
    world.node.endpoints[0]?.lag("state", 4);
    world.node.endpoints[0]?.lag("index", 4);
    world.node.endpoints[0]?.silence(true);
    world.link(0).lose("reply", "chain", 1);
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(4);
    expect(world.told()).toEqual(["1 order-sent"]);
    await world.blocks(6);
    expect(standing(world)).toBe(1);
    expect(world.told().at(-1)).toBe("1 seen open #0");
  });
});

describe("open orders on a node whose lists are behind", () => {
  it.each([false, true])("end no order that rests (the height stands in no header: %s)", async (isHidden) => {
    const world = await start();
    const [endpoint] = world.node.endpoints;
    endpoint?.hideHeights(isHidden);
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    await world.time.pass(2_500);
    // Its newest block is all that a node without the header says of its lists.
    if (isHidden) endpoint?.fallBehind(20);
    else endpoint?.lag("lists", 20);
    world.venue.execute(world.query("fm-3-SEIUSDC-b0-1"));
    await world.time.pass(100);
    expect(world.told()).toEqual(["1 order-sent", "1 seen open #0"]);
    endpoint?.fallBehind(0);
    endpoint?.lag("lists", 0);
    world.venue.execute(world.query("fm-3-SEIUSDC-b0-1"));
    await world.time.pass(100);
    expect(world.told()).toEqual(["1 order-sent", "1 seen open #0", "1 seen open #0"]);
  });

  it("do not show a start that none are open: the next node is asked, and without one there is no answer", async () => {
    const world = await start({ nodes: 2 });
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    const later = await world.makeVenue();
    const ask = async () => (await world.time.settled(later.openOrders(MARKET.symbol), "the open orders")).value;
    for (const endpoint of world.node.endpoints) endpoint.lag("lists", 20);
    await expect(ask()).rejects.toThrow("or later");
    world.node.endpoints[1]?.lag("lists", 0);
    expect(await ask()).toHaveLength(1);
  });

  it("are of when they were first asked for: the node that answers in the end may show no later block", async () => {
    const world = await start({ nodes: 2 });
    const { clock } = world.process;
    world.link(0).reachability = "silent";
    const firstMs = clock.now().monotonicMs;
    const { askedMs } = await world.time.settled(world.venue.openOrders(MARKET.symbol), "the open orders");
    expect(clock.now().monotonicMs - firstMs).toBeGreaterThan(1_000);
    expect(askedMs).toBe(firstMs);
  });
});
