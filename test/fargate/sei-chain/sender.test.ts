/** What the sender does when a node, the stream or the signature lets it down: nothing is lost without a word, and cancels go. */
import { afterEach, describe, expect, it } from "vitest";
import { makeWallets, OURS, placeOrders, sign } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue, methodOf } from "./chain-venue.ts";

const ID = "fm-3-SEIUSDC-b0-1";

let open: ChainVenue | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function start(...options: Parameters<typeof makeChainVenue>): Promise<ChainVenue> {
  open = await makeChainVenue(...options);
  await open.blocks(1);
  return open;
}

/** With one order of ours in the book, number 0. */
async function resting(...options: Parameters<typeof makeChainVenue>): Promise<ChainVenue> {
  const world = await start(...options);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(world.told()).toEqual(["1 order-sent", "1 seen open #0"]);
  world.events.length = 0;
  return world;
}

const booked = ({ chain }: ChainVenue) => chain.contract.pairs[0]?.book.ordersOf(OURS).map(({ id }) => id) ?? [];

describe("a stream that is behind", () => {
  it("by some blocks keeps no cancel from going: the nodes are asked where the chain stands", async () => {
    let lagMs = 0;
    const world = await resting({
      onFrame: (frame, take) => {
        if (lagMs === 0) take(frame);
        else open?.process.clock.after(lagMs, () => take(frame));
      },
    });
    lagMs = 4 * 400;
    await world.blocks(10);
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(1);
    expect(booked(world)).toEqual([]);
    world.venue.execute(world.place("buy", 4_201, 10));
    await world.blocks(5);
    expect(world.told().toSorted()).toEqual(["1 order-cancelled", "2 order-sent", "2 seen open #1"]);
    // The second one asked before it was sent.
    const late = world.logLines.filter((line) => line.includes("The chain is further than its stream told"));
    expect(late).toHaveLength(1);
  });

  /** A node whose blocks come long after their time. */
  const isOldFrom = (node: string) => (frame: Buffer, take: (frame: Buffer) => void, url: string) => {
    if (!url.includes(node)) return take(frame);
    take(Buffer.from(frame.toString().replace(/"time":"\d{4}/, '"time":"2019')));
  };

  it("by many seconds is left for the next node's, and until then the node is asked before anything is sent", async () => {
    let asked = 0;
    const world = await start({
      nodes: 2,
      onFrame: isOldFrom("node-0"),
      onRequest: async (request, pass) => {
        if (methodOf(request) === "status") asked += 1;
        return await pass(request);
      },
    });
    await world.blocks(3);
    asked = 0;
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.time.pass(50);
    expect(asked).toBe(1);
    await world.blocks(8);
    expect(world.logLines.filter((line) => line.includes("the next node is listened to"))).toHaveLength(1);
    asked = 0;
    world.venue.execute(world.place("buy", 4_201, 10));
    await world.blocks(1);
    expect(asked).toBe(0);
    expect(booked(world)).toEqual([0, 1]);
  });

  it("is not left where every node's is: then it is our clock", async () => {
    const world = await start({ nodes: 2, onFrame: isOldFrom("node-") });
    await world.blocks(60);
    expect(world.logLines.filter((line) => line.includes("the next node is listened to"))).toHaveLength(1);
    expect(world.venue.state().streamConnected).toBe(true);
  });
});

it("a cancel that waits for the next block goes with it, also where the stream is away", async () => {
  let isAway = false;
  const world = await resting({
    onFrame: (frame, take) => {
      if (!isAway) take(frame);
    },
  });
  isAway = true;
  // Dead at its time-out, and held by the node for one block more.
  world.chain.faults.next({ type: "delay", blocks: 8 });
  world.venue.execute(world.place("buy", 4_201, 10));
  await world.time.until(() => world.told().includes("2 order-rejected"), "the proof", 30_000);
  world.venue.execute(world.cancel(ID, "0"));
  await world.time.pass(4_000);
  expect(world.told().at(-1)).toBe("1 order-cancelled");
  expect(booked(world)).toEqual([]);
});

it("while the index is late with a transaction that stands in a block, cancels go", async () => {
  let isBlind = false;
  const world = await resting({
    isIndexBlind: () => isBlind,
    onFrame: (frame, take) => {
      if (!isBlind || !frame.includes("tendermint/event/Tx")) take(frame);
    },
  });
  isBlind = true;
  world.chain.faults.next({ type: "lose-answer" });
  world.venue.execute(world.place("buy", 4_201, 10));
  await world.blocks(2);
  world.venue.execute(world.cancel(ID, "0"));
  await world.blocks(2);
  expect(booked(world)).toEqual([1]);
  expect(world.told()).toEqual(["2 order-sent", "2 place-unknown"]);
  isBlind = false;
  await world.blocks(3);
  expect(world.told().slice(2).toSorted()).toEqual(["1 order-cancelled", "2 seen open #1"]);
});

it("while an answer is lost nothing is sent, cancels neither, and the node is not changed", async () => {
  const sentTo: string[] = [];
  const world = await resting({
    nodes: 2,
    onRequest: async (request, pass) => {
      if (methodOf(request) === "broadcast_tx_sync") sentTo.push(request.url);
      return await pass(request);
    },
  });
  sentTo.length = 0;
  world.chain.faults.next({ type: "lose-answer" });
  world.venue.execute(world.place("buy", 4_201, 10));
  await world.time.pass(60);
  expect(world.told()).toEqual(["2 order-sent", "2 place-unknown"]);
  world.venue.execute(world.cancel(ID, "0"));
  await world.time.pass(60);
  expect(sentTo).toHaveLength(1);
  await world.blocks(2);
  expect(world.told().toSorted()).toEqual(["1 order-cancelled", "2 order-sent", "2 place-unknown", "2 seen open #1"]);
  expect(sentTo).toHaveLength(2);
  expect(sentTo[1]).not.toBe(sentTo[0]);
});

it("with a transaction under way the node is not changed, though it does not answer", async () => {
  const sentTo: string[] = [];
  let isSilent = false;
  const world = await resting({
    nodes: 2,
    onFrame: (frame, take) => {
      if (!isSilent) take(frame);
    },
    onRequest: async (request, pass) => {
      if (isSilent && request.url.includes("node-0")) throw new Error("refused");
      if (methodOf(request) === "broadcast_tx_sync") sentTo.push(request.url);
      return await pass(request);
    },
  });
  world.chain.halt(true);
  world.venue.execute(world.place("buy", 4_201, 10));
  await world.time.pass(50);
  isSilent = true;
  await world.time.pass(1_600);
  world.venue.execute(world.cancel(ID, "0"));
  await world.time.pass(3_000);
  expect(sentTo.every((url) => url.includes("node-0"))).toBe(true);
  world.chain.halt(false);
  await world.blocks(4);
  expect(sentTo.at(-1)).toContain("node-1");
  expect(booked(world)).toEqual([1]);
});

it("the fence is asked once more at the write itself", async () => {
  let asked = 0;
  const world = await start({
    fence: () => {
      asked += 1;
      return asked > 1 ? "halted" : undefined;
    },
  });
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(2);
  expect(asked).toBe(2);
  expect(world.told()).toEqual(["1 order-unsent"]);
  expect(booked(world)).toEqual([]);
});

it("what is proven never to have come is not written afterwards: a refused placing stays refused", async () => {
  const world = await start({
    settings: { timeoutBlocks: 1 },
    onRequest: async (request, pass) => {
      // The way to the node is not open yet.
      const isBroadcast = methodOf(request) === "broadcast_tx_sync";
      if (isBroadcast) await new Promise<void>((resolve) => open?.process.clock.after(390, resolve));
      return await pass(request);
    },
  });
  await world.time.pass(250);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(5);
  expect(world.told()).toEqual(["1 order-rejected"]);
  expect(booked(world)).toEqual([]);
});

it("a node that is catching up is sent nothing", async () => {
  const world = await start({
    onRequest: async (request, pass) => {
      const answer = await pass(request);
      return { ...answer, body: answer.body.replace('"catching_up":false', '"catching_up":true') };
    },
  });
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(world.told()).toEqual(["1 order-unsent"]);
  expect(world.logLines.join()).toContain("the node is not up to date");
});

it("what cannot be signed is told: a placing never left, and a cancel is tried again with the next blocks", async () => {
  const world = await start({ settings: { timeoutBlocks: 0.5 } });
  const { ours } = await makeWallets();
  const earlier = [placeOrders(OURS, [{ side: "buy", price: "0.42", quantity: "1" }])];
  world.chain.broadcast(await sign(ours, earlier, { sequence: 0 }));
  await world.blocks(1);
  await world.time.settled(world.venue.openOrders(MARKET.symbol), "the open orders");
  world.venue.execute(world.place("buy", 4_201, 10));
  world.venue.execute(world.cancel("fm-0-chain-0", "0"));
  await world.time.pass(50);
  expect(world.told()).toEqual(["1 order-unsent"]);
  await world.blocks(4);
  expect(world.told().slice(1)).toEqual(["0 cancel-unknown", "0 seen open #0"]);
});

describe("a cancel", () => {
  it("that every node refuses is tried once a block, three times, and the order is looked at", async () => {
    let sent = 0;
    const world = await resting({
      onRequest: async (request, pass) => {
        if (methodOf(request) === "broadcast_tx_sync") sent += 1;
        return await pass(request);
      },
    });
    world.chain.faults.byChance([{ fault: { type: "refuse", code: 20 }, share: 1 }]);
    sent = 0;
    world.venue.execute(world.cancel(ID, "0"));
    await world.time.pass(50);
    expect(sent).toBe(1);
    await world.blocks(1);
    expect(sent).toBe(2);
    await world.blocks(4);
    expect(sent).toBe(3);
    expect(world.told()).toEqual(["1 cancel-unknown", "1 seen open #0"]);
  });

  it("is sent once, however often it is asked for while the chain stands still", async () => {
    const world = await resting();
    world.chain.halt(true);
    for (let round = 0; round < 100; round += 1) {
      world.venue.execute(world.cancel(ID, "0"));
      await world.time.pass(400);
    }
    expect(world.chain.mempool.size).toBe(1);
    expect(world.budget.placementsInFlight).toBe(0);
    world.chain.halt(false);
    await world.blocks(2);
    expect(world.told()).toEqual(["1 order-cancelled"]);
  });
});

it("a fee that could not be taken counts neither as paid nor as a sequence used", async () => {
  const usei = 10n ** 15n;
  const world = await start({ usei });
  for (let round = 0; round < 3; round += 1) {
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(2);
  }
  expect(world.told().filter((word) => word.includes("rejected"))).toHaveLength(3);
  const [sei] = (await world.time.settled(world.venue.balances(), "the balances")).value;
  expect(sei).toMatchObject({ asset: "SEI", total: usei, available: usei });
  expect(world.logLines.join()).not.toContain("another sequence");
});
