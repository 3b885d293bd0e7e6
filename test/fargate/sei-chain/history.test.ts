/** The fill history from the chain's index: what counts as read to its end, what fills are called, and what one page costs. */
import { afterEach, describe, expect, it } from "vitest";
import { type ChainVenue, MARKET, makeChainVenue } from "./chain-venue.ts";

let open: ChainVenue | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** An order of 10 of ours rests, and 4 of it are filled. */
async function filled(...options: Parameters<typeof makeChainVenue>): Promise<ChainVenue> {
  open = await makeChainVenue(...options);
  await open.blocks(1);
  open.venue.execute(open.place("buy", 4_200, 10));
  await open.blocks(1);
  await open.trade("sell", "0", "4", 1);
  await open.blocks(1);
  return open;
}

const read = async ({ time }: ChainVenue, venue: ChainVenue["venue"], cursor?: string) =>
  (await time.settled(venue.fillsAfter(MARKET.symbol, cursor), "a page of the history", 120_000)).value;

describe("the history of a node", () => {
  it.each<[string, (world: ChainVenue) => void]>([
    ["that is blocks behind", ({ node }) => node.endpoints[0]?.fallBehind(10)],
    ["whose index is blocks behind", ({ node }) => node.endpoints[0]?.lag("index", 10)],
  ])("%s is not read to its end: the next node is asked, and without one there is no answer", async (_, lag) => {
    const world = await filled({ nodes: 2 });
    await world.blocks(2);
    lag(world);
    expect((await read(world, world.venue)).fills).toHaveLength(1);
    world.link(1).reachability = "refused";
    await expect(read(world, world.venue)).rejects.toThrow("found no answer");
    // A node that is behind has answered: none is silent.
    for (let round = 0; round < 6; round += 1) await read(world, world.venue).catch(() => undefined);
    expect(world.venue.state().circuit).toBe(0);
  });

  it("with an index that is behind does not tell a filled order as cancelled", async () => {
    const world = await filled();
    world.node.endpoints[0]?.silence(true);
    await world.trade("sell", "0", "6", 1);
    await world.blocks(1);
    await world.time.pass(2_500);
    world.node.endpoints[0]?.lag("index", 10);
    const told = world.events.length;
    world.venue.execute(world.query("fm-3-SEIUSDC-b0-1"));
    await world.time.pass(100);
    expect(world.told().slice(told)).toEqual([]);
    world.node.endpoints[0]?.lag("index", 0);
    world.venue.execute(world.query("fm-3-SEIUSDC-b0-1"));
    await world.time.pass(100);
    expect(world.told().slice(told)).toEqual(["1 seen filled #0"]);
  });
});

/** So many blocks in a row with a fill of ours of 1 each; answers their heights. */
async function filledInEach(world: ChainVenue, blocks: number): Promise<readonly number[]> {
  world.venue.execute(world.place("buy", 4_200, 100));
  await world.blocks(1);
  const heights: number[] = [];
  for (let block = 0; block < blocks; block += 1) {
    await world.trade("sell", "0", "1", 1);
    await world.blocks(1);
    heights.push(world.chain.height);
  }
  return heights;
}

describe("a history of which the node has pruned blocks", () => {
  it.each([
    ["some", 7, 3],
    ["the first page", 15, 11],
  ])("(%s) is no answer: no cursor passes a fill by, and the next node is asked", async (_, count, pruned) => {
    open = await makeChainVenue({ nodes: 2 });
    await open.blocks(1);
    const heights = await filledInEach(open, count);
    const [first] = open.node.endpoints;
    first?.prune(heights[pruned]!);
    expect((await read(open, open.venue)).nextCursor).toBe(`${heights[Math.min(count, 10) - 1]}`);
    open.link(1).reachability = "refused";
    await expect(read(open, open.venue)).rejects.toThrow(/pruned/);
    // Behind what is lost the node is as good as any.
    const { fills, nextCursor } = await read(open, open.venue, `${heights[pruned - 1]}`);
    expect(fills).toHaveLength(count - pruned);
    expect(nextCursor).toBe(`${heights.at(-1)}`);
  });

  it("is read where only blocks without a fill of ours are pruned", async () => {
    const world = await filled();
    const cursor = `${world.chain.height}`;
    await world.blocks(8);
    world.node.endpoints[0]?.prune(world.chain.height - 3);
    await expect(read(world, world.venue, cursor)).resolves.toMatchObject({ fills: [], more: false });
  });

  it("is no answer of a node that began behind the cursor, unless this process has read that far itself", async () => {
    open = await makeChainVenue({ nodes: 2 });
    await open.blocks(1);
    const [cursor, lost = 0] = await filledInEach(open, 3);
    await open.blocks(6);
    const later = await open.makeVenue();
    for (const endpoint of open.node.endpoints) endpoint.beginAt(lost + 3);
    await expect(read(open, later, `${cursor}`)).rejects.toThrow(`the node's index lacks block ${lost}`);
    for (const endpoint of open.node.endpoints) endpoint.beginAt(0);
    const { nextCursor } = await read(open, later, `${cursor}`);
    await read(open, later, nextCursor);
    await open.blocks(6);
    for (const endpoint of open.node.endpoints) endpoint.beginAt(lost + 3);
    await expect(read(open, later, nextCursor)).resolves.toMatchObject({ fills: [], more: false });
  });
});

describe("the name of a fill", () => {
  it("is never another one because the index did not have the order's transaction yet", async () => {
    let isBlind = true;
    const world = await filled({ isIndexBlind: () => isBlind });
    const later = await world.makeVenue();
    await expect(read(world, later)).rejects.toThrow("no transaction that placed order 0");
    isBlind = false;
    const page = await read(world, later);
    expect(page.fills.map(({ clientOrderId }) => clientOrderId)).toEqual(["fm-3-SEIUSDC-b0-1"]);
  });

  it("is asked for once an order, whatever the number of its fills and of pages", async () => {
    const calls: string[] = [];
    const world = await filled({
      editAnswer: (method, body) => {
        calls.push(method);
        return body;
      },
    });
    for (let block = 0; block < 12; block += 1) {
      for (let each = 0; each < 4; each += 1) await world.trade(block % 2 === 0 ? "sell" : "buy", "0.42", "1", 0);
      world.venue.execute(world.place("buy", 4_200, 4));
      await world.blocks(1);
    }
    const later = await world.makeVenue();
    calls.length = 0;
    const fills: string[] = [];
    let cursor: string | undefined;
    for (let more = true; more; ) {
      const page = await read(world, later, cursor);
      fills.push(...page.fills.map(({ clientOrderId }) => clientOrderId));
      ({ nextCursor: cursor, more } = page);
    }
    const orders = new Set(fills).size;
    expect(fills.length).toBeGreaterThan(2 * orders);
    expect(calls.filter((method) => method === "tx_search")).toHaveLength(orders);
  });
});

describe("a settlement that cannot be read", () => {
  it.each([
    ["for its liquidity", '"maker"', '"neither"'],
    ["for its order", '"order_id","value":"0"', '"order_id","value":"x"'],
  ])("%s refuses its page by name, and no node counts as silent for it", async (_, text, other) => {
    const world = await filled({
      nodes: 2,
      editAnswer: (method, body) => (method === "block_results" ? body.replace(text, other) : body),
    });
    for (let round = 0; round < 6; round += 1) {
      await expect(read(world, world.venue)).rejects.toMatchObject({ code: "unreadable-fill" });
    }
    expect(world.venue.state().circuit).toBe(0);
    const errors = [...world.counted].filter(([name]) => name.startsWith("flashmm_fill_processing_errors_total"));
    expect(errors.map(([, count]) => count)).toEqual([6]);
  });
});
