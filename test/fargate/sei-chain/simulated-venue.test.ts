/** The venue against the simulated chain: what it sends, and what it says of what became of it. */
import { afterEach, describe, expect, it } from "vitest";
import type { TxFault } from "../../../sim/sei-chain/faults.ts";
import { makeWallets, OURS, placeOrders, sign } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, MARKET, makeChainVenue, OPENING } from "./chain-venue.ts";

let open: ChainVenue | undefined;

async function start(...options: Parameters<typeof makeChainVenue>): Promise<ChainVenue> {
  open = await makeChainVenue(...options);
  await open.blocks(1);
  return open;
}

afterEach(async () => {
  expect(`${open?.logLines.join()}`).not.toContain("abandon");
  await open?.close();
  open = undefined;
});

const ID = "fm-3-SEIUSDC-b0-1";

describe("orders on chain", () => {
  it.each([false, true])("of one turn go in one transaction and are named in order (base64: %s)", async (base64) => {
    const world = await start({ base64 });
    world.venue.execute(world.place("buy", 4_200, 10));
    world.venue.execute(world.place("sell", 4_300, 20));
    await world.blocks(1);
    expect(world.told()).toEqual(["1 order-sent", "2 order-sent", "1 seen open #0", "2 seen open #1"]);
    expect(world.chain.blocks.last.transactions).toHaveLength(1);
    expect(world.budget.placementsInFlight).toBe(0);
  });

  it("are cancelled and placed anew in one transaction, the cancels first", async () => {
    const world = await start();
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    world.venue.execute(world.place("buy", 4_201, 10));
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(1);
    expect(world.told().slice(2)).toEqual(["2 order-sent", "2 seen open #1", "1 order-cancelled"]);
    const [transaction] = world.chain.blocks.last.transactions;
    expect(transaction?.tags["message.action"]).toEqual([
      "/seiprotocol.seichain.dex.MsgCancelOrders",
      "/seiprotocol.seichain.dex.MsgPlaceOrders",
    ]);
  });

  it("of several turns within a block are all taken, each turn after the one before was checked", async () => {
    const world = await start();
    for (let turn = 0; turn < 4; turn += 1) {
      world.venue.execute(world.place("buy", 4_200 + turn, 10));
      await world.time.pass(20);
    }
    await world.blocks(1);
    expect(world.told().filter((word) => word.includes("seen open"))).toHaveLength(4);
    expect(world.chain.blocks.last.transactions).toHaveLength(4);
  });

  it.each<[string, TxFault, readonly string[]]>([
    ["refused for its fee", { type: "refuse", code: 13 }, ["1 order-sent", "1 order-rejected"]],
    ["refused by a full mempool", { type: "refuse", code: 20 }, ["1 order-sent", "1 order-rejected"]],
    ["refused for its sequence", { type: "refuse", code: 32 }, ["1 order-sent", "1 seen open #0"]],
    ["dropped", { type: "drop" }, ["1 order-sent", "1 order-rejected"]],
    ["thrown out of the mempool", { type: "evict" }, ["1 order-sent", "1 order-rejected"]],
    ["late, but in time", { type: "delay", blocks: 1 }, ["1 order-sent", "1 seen open #0"]],
    ["later than it may be", { type: "delay", blocks: 5 }, ["1 order-sent", "1 order-rejected"]],
    ["taken, and its answer lost", { type: "lose-answer" }, ["1 order-sent", "1 place-unknown", "1 seen open #0"]],
  ])("whose transaction is %s end as it is proven", async (_, fault, words) => {
    const world = await start();
    world.chain.faults.next(fault);
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(5);
    expect(world.told()).toEqual(words);
    // Whatever became of it, the next one is taken.
    world.venue.execute(world.place("sell", 4_300, 10));
    await world.blocks(1);
    expect(world.told().at(-1)).toMatch(/^2 seen open/);
    expect(world.chain.contract.pairs[0]?.book.ordersOf("sei19rl4cm2hmr8afy4kldpxz3fka4jguq0a3vute5")).toHaveLength(
      words.at(-1) === "1 seen open #0" ? 2 : 1,
    );
  });

  it("whose request is lost on the way are proven absent once their time is over, and nothing is sent before", async () => {
    const world = await start();
    world.link(0).lose("request", "chain");
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.time.pass(20);
    world.venue.execute(world.place("buy", 4_201, 10));
    await world.time.pass(20);
    expect(world.told()).toEqual(["1 order-sent"]);
    await world.blocks(3);
    expect(world.told()).toEqual(["1 order-sent", "1 order-rejected", "2 order-unsent"]);
  });

  it("that fail in their block are proven not to be taken", async () => {
    const world = await start();
    world.chain.contract.pairs[0]!.isOpen = false;
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    expect(world.told()).toEqual(["1 order-sent", "1 order-rejected"]);
    world.chain.contract.pairs[0]!.isOpen = true;
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    expect(world.told().at(-1)).toBe("2 seen open #0");
    expect(world.logLines.join()).not.toContain("expects another sequence");
  });

  it("that the contract refuses behind an answer of success are found missing, and ended", async () => {
    const world = await start();
    world.chain.faults.next({ type: "fail-to-place" });
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    world.venue.execute(world.query(ID));
    await world.time.pass(50);
    expect(world.told()).toEqual(["1 order-sent", "1 seen open #0"]);
    await world.time.pass(2_000);
    world.venue.execute(world.query(ID));
    await world.time.pass(50);
    expect(world.told().at(-1)).toBe("1 order-cancelled");
  });

  it("held back by the fence never leave, and cancels go all the same", async () => {
    const world = await start({ fence: () => (world.told().length > 1 ? "halted" : undefined) });
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    world.venue.execute(world.place("buy", 4_201, 10));
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(1);
    expect(world.told().slice(2)).toEqual(["2 order-unsent", "1 order-cancelled"]);
  });
});

describe("a cancel on chain", () => {
  async function resting(): Promise<ChainVenue> {
    const world = await start();
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    world.events.length = 0;
    return world;
  }

  it.each<[string, TxFault]>([
    ["refused", { type: "refuse", code: 20 }],
    ["dropped", { type: "drop" }],
    ["later than it may be", { type: "delay", blocks: 5 }],
    ["unanswered", { type: "lose-answer" }],
  ])("that is %s goes again by itself", async (_, fault) => {
    const world = await resting();
    world.chain.faults.next(fault);
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(6);
    expect(world.told()).toEqual(["1 order-cancelled"]);
  });

  it("that the chain passes by in silence is told as unknown, with the order as it stands", async () => {
    const world = await resting();
    world.chain.faults.next({ type: "ignore-cancels" });
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(2);
    expect(world.told()).toEqual(["1 cancel-unknown", "1 seen open #0"]);
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(1);
    expect(world.told().at(-1)).toBe("1 order-cancelled");
  });

  it("of an order that was filled meanwhile shows that it was", async () => {
    const world = await resting();
    await world.trade("sell", "0.42", "10", 1);
    await world.blocks(1);
    await world.time.pass(2_000);
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(2);
    expect(world.told()).toEqual(["1 fill 10@4200", "1 cancel-unknown", "1 seen filled #0"]);
  });

  it("of an order that nobody knows is never sent", async () => {
    const world = await start();
    world.venue.execute(world.cancel("fm-3-SEIUSDC-b0-9", "77"));
    await world.blocks(1);
    expect(world.told()).toEqual(["9 cancel-unknown"]);
    expect(world.chain.blocks.last.transactions).toHaveLength(0);
  });
});

describe("fills on chain", () => {
  it("are told live with the name of their order, also those of the block that took it, and the history says the same", async () => {
    const world = await start({ base64: true });
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    await world.trade("sell", "0", "4", 1);
    await world.blocks(1);
    await world.trade("sell", "0.43", "50");
    await world.blocks(1);
    // The auction meets crossed limits in the middle.
    world.venue.execute(world.place("buy", 4_310, 3));
    await world.blocks(1);
    const live = world.fills();
    expect(
      live.map(({ clientOrderId, size, price, liquidity }) => [clientOrderId.at(-1), size, price, liquidity]),
    ).toEqual([
      ["1", 4, 4_200, "maker"],
      ["2", 3, 4_305, "taker"],
    ]);
    expect(live[0]?.fillId).toBe("sei-sim-1-1003-rsuhdhwg-0-0");
    const { value: page } = await world.time.settled(world.venue.fillsAfter(MARKET.symbol, undefined), "the history");
    expect(page.fills).toEqual(live);
    expect(page.nextCursor).toBe("1005");
    const rest = await world.time.settled(world.venue.fillsAfter(MARKET.symbol, page.nextCursor), "the rest");
    expect(rest.value).toEqual({ fills: [], nextCursor: "1005", more: false });
    // A later process has seen none of it, and reads the names from the transactions.
    const later = await world.makeVenue();
    const again = await world.time.settled(later.fillsAfter(MARKET.symbol, undefined), "the history");
    expect(again.value.fills).toEqual(live);
  });
});

describe("the account on chain", () => {
  it("is held to its trades: what gas takes from it counts as still there", async () => {
    const world = await start();
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.blocks(1);
    const { value: balances } = await world.time.settled(world.venue.balances(), "the balances");
    const [sei, usdc] = balances;
    expect(sei).toMatchObject({ asset: "SEI", total: OPENING });
    expect(sei!.available).toBeLessThan(OPENING);
    expect(sei!.spent).toBe(OPENING - sei!.available);
    expect(usdc).toEqual({ asset: "USDC", total: OPENING, available: OPENING });
  });

  it("shows orders of an earlier process under a name of their own, to be ended by whoever starts", async () => {
    const world = await start();
    world.venue.execute(world.place("buy", 4_200, 10));
    world.venue.execute(world.place("sell", 4_300, 20));
    await world.blocks(1);
    const later = await world.makeVenue();
    later.start();
    await world.blocks(1);
    const { value: orders } = await world.time.settled(later.openOrders(MARKET.symbol), "the open orders");
    expect(orders.map(({ clientOrderId, status, size }) => [clientOrderId, status, size])).toEqual([
      ["fm-0-chain-0", "open", 10],
      ["fm-0-chain-1", "open", 20],
    ]);
    for (const { clientOrderId, orderId } of orders) later.execute(world.cancel(clientOrderId, orderId));
    await world.blocks(1);
    expect((await world.time.settled(later.openOrders(MARKET.symbol), "the open orders")).value).toEqual([]);
    await world.time.settled(later.stop(), "the later one stops");
  });

  it("shows no stranger where an order of ours has just come to rest", async () => {
    const world = await start();
    world.link(0).lose("reply", "chain", 1);
    world.venue.execute(world.place("buy", 4_200, 10));
    await world.time.until(() => world.chain.height >= 1_002, "the block");
    const asked = world.venue.openOrders(MARKET.symbol);
    const { value: orders } = await world.time.settled(asked, "the open orders");
    expect(orders.filter(({ clientOrderId }) => clientOrderId !== ID)).toEqual([]);
  });
});

it("where a node fails the next one takes over once nothing is under way", async () => {
  const world = await start({ nodes: 2 });
  world.link(0).reachability = "refused";
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(6);
  expect(world.told()).toEqual(["1 order-sent", "1 place-unknown", "1 order-rejected"]);
  world.venue.execute(world.place("buy", 4_201, 10));
  await world.blocks(1);
  expect(world.told().at(-1)).toBe("2 seen open #0");
  expect(world.venue.state()).toMatchObject({ circuit: 0 });
});

it("where no node answers the circuit opens, and closes with the first answer", async () => {
  const world = await start();
  world.link(0).reachability = "refused";
  for (let round = 0; round < 6; round += 1) {
    await world.time.settled(
      world.venue.fillsAfter(MARKET.symbol, undefined).catch(() => undefined),
      "a question",
    );
  }
  expect(world.venue.state()).toMatchObject({ circuit: 2, streamConnected: false });
  world.link(0).reachability = "up";
  await world.time.settled(world.venue.fillsAfter(MARKET.symbol, undefined), "a question");
  await world.blocks(15);
  expect(world.venue.state()).toMatchObject({ circuit: 0, streamConnected: true });
});

it("a node of another chain is sent nothing", async () => {
  const world = await start({ settings: { chainId: "pacific-1" } });
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(world.told()).toEqual(["1 order-unsent"]);
  expect(world.logLines.join()).toContain("the node is of sei-sim-1, not of pacific-1");
});

it("where somebody else uses the wallet the blocks tell that our transaction is not among them", async () => {
  const world = await start();
  world.chain.faults.next({ type: "drop" });
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  const { ours } = await makeWallets();
  const foreign = [placeOrders(OURS, [{ side: "sell", price: "0.44", quantity: "1" }])];
  expect(world.chain.broadcast(await sign(ours, foreign, { sequence: 0 }))?.code).toBe(0);
  await world.blocks(3);
  expect(world.told()).toEqual(["1 order-sent", "1 order-rejected"]);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(world.told().at(-1)).toBe("2 seen open #1");
  expect(world.logLines.join()).toContain("The chain expects another sequence");
});

it("a stopped venue sends nothing more", async () => {
  const world = await start();
  await world.time.settled(world.venue.stop(), "the stop");
  world.venue.execute(world.place("buy", 4_200, 10));
  expect(world.told()).toEqual(["1 order-unsent"]);
});
