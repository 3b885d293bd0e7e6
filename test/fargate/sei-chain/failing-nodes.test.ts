/** The venue on a node that does not pass its transactions on, beside one that does: quotes must be pulled all the same. */
import { afterEach, describe, expect, it } from "vitest";
import type { Fetch, HttpRequest, HttpResponse } from "../../../fargate/seams.ts";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, makeChainVenue, methodOf } from "./chain-venue.ts";

const ID = "fm-3-SEIUSDC-b0-1";
/** The configuration's default. */
const settings = { timeoutBlocks: 3 };

let open: ChainVenue | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const booked = ({ chain }: ChainVenue) => chain.contract.pairs[0]?.book.ordersOf(OURS).map(({ id }) => id) ?? [];

/** What becomes of a transaction that is handed to the first node. */
type Handing = (request: HttpRequest, pass: Fetch) => Promise<HttpResponse>;

/** Two nodes and one order of ours in the book, number 0; `sentTo` are the nodes that transactions were handed to since. */
async function resting() {
  const sentTo: string[] = [];
  const first: { hand: Handing } = { hand: (request, pass) => pass(request) };
  const world = await makeChainVenue({
    nodes: 2,
    settings,
    onRequest: async (request, pass) => {
      if (methodOf(request) !== "broadcast_tx_sync") return await pass(request);
      const node = /node-\d/.exec(request.url)?.[0] ?? "";
      sentTo.push(node);
      return node === "node-0" ? await first.hand(request, pass) : await pass(request);
    },
  });
  open = world;
  await world.blocks(1);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(booked(world)).toEqual([0]);
  sentTo.length = 0;
  return { world, first, sentTo };
}

const pause = (ms: number) => new Promise<void>((resolve) => open?.process.clock.after(ms, resolve));

const swallow: Handing = () => {
  const body = '{"jsonrpc":"2.0","id":1,"result":{"code":0,"data":"","log":"[]","codespace":"","hash":""}}';
  return Promise.resolve({ status: 200, headers: {}, body });
};

describe("a node that does not pass transactions on is left for the next", () => {
  it.each<{ readonly what: string; readonly hand: Handing; readonly withinMs: number }>([
    { what: "does not answer", hand: () => new Promise(() => undefined), withinMs: 2_000 },
    {
      what: "takes 1.5 s",
      hand: async (request, pass) => {
        await pause(1_500);
        return await pass(request);
      },
      withinMs: 2_000,
    },
    { what: "takes the bytes and swallows them", hand: swallow, withinMs: 3_200 },
  ])("that $what: a cancel is carried out within $withinMs ms", async ({ hand, withinMs }) => {
    const { world, first, sentTo } = await resting();
    first.hand = hand;
    world.venue.execute(world.cancel(ID, "0"));
    await world.time.pass(withinMs);
    expect(booked(world)).toEqual([]);
    expect(sentTo.at(-1)).toBe("node-1");
    await world.time.pass(1_000);
    expect(world.told().at(-1)).toBe("1 order-cancelled");
  });

  it("but not for what it lost at one time, as one does that starts anew", async () => {
    const { world, sentTo } = await resting();
    world.chain.faults.next({ type: "evict" }, { type: "evict" }, { type: "evict" });
    for (const price of [4_201, 4_202, 4_203]) {
      world.venue.execute(world.place("buy", price, 10));
      await world.time.pass(60);
    }
    expect(sentTo).toHaveLength(3);
    await world.blocks(4);
    expect(world.told().filter((word) => word.includes("rejected"))).toHaveLength(3);
    world.venue.execute(world.cancel(ID, "0"));
    await world.blocks(3);
    expect(world.told()).toContain("1 order-cancelled");
    expect(sentTo.length).toBeGreaterThanOrEqual(4);
    expect(new Set(sentTo)).toEqual(new Set(["node-0"]));
  });

  it("but not for a transaction lost now and then", async () => {
    const { world, sentTo } = await resting();
    for (let round = 0; round < 3; round += 1) {
      world.chain.faults.next({ type: "drop" });
      world.venue.execute(world.place("buy", 4_201 + round, 10));
      await world.blocks(5);
      world.venue.execute(world.place("sell", 4_301 + round, 10));
      await world.blocks(3);
    }
    expect(world.told().filter((word) => word.includes("rejected"))).toHaveLength(3);
    expect(world.told().filter((word) => word.includes("open"))).toHaveLength(4);
    expect(new Set(sentTo)).toEqual(new Set(["node-0"]));
  });
});
