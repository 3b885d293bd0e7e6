/** What the sender asks nodes for before it sends, where they take their time: a cancel goes soon, and no price goes that is old. */
import { afterEach, describe, expect, it } from "vitest";
import { OURS } from "../../sim/sei-chain/chain-world.ts";
import { type ChainVenue, makeChainVenue, methodOf } from "./chain-venue.ts";

const ID = "fm-3-SEIUSDC-b0-1";

let open: ChainVenue | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const booked = ({ chain }: ChainVenue) => chain.contract.pairs[0]?.book.ordersOf(OURS).map(({ id }) => id) ?? [];

/** Two nodes at the default time-out in blocks, and one order of ours in the book, number 0. */
async function resting() {
  const late = { streamMs: 0, statusMs: 0, broadcastMs: 0 };
  const hung = new Set<string>();
  const pause = (ms: number) => new Promise<void>((resolve) => open?.process.clock.after(ms, resolve));
  const world = await makeChainVenue({
    nodes: 2,
    settings: { timeoutBlocks: 3 },
    onFrame: (frame, take) => {
      if (late.streamMs === 0) take(frame);
      else open?.process.clock.after(late.streamMs, () => take(frame));
    },
    onRequest: async (request, pass) => {
      if ([...hung].some((node) => request.url.includes(node))) return await new Promise(() => undefined);
      const delayMs = { status: late.statusMs, broadcast_tx_sync: late.broadcastMs }[methodOf(request)] ?? 0;
      if (delayMs > 0) await pause(delayMs);
      return await pass(request);
    },
  });
  open = world;
  await world.blocks(1);
  world.venue.execute(world.place("buy", 4_200, 10));
  await world.blocks(1);
  expect(booked(world)).toEqual([0]);
  world.events.length = 0;
  return { world, late, hung };
}

describe("behind a stream that is 2 s late a cancel stands in one of the next two blocks", () => {
  it.each([
    { where: "the other node answers", node: "none" },
    { where: "the other node does not answer", node: "node-1" },
  ])("where $where", async ({ node }) => {
    const { world, late, hung } = await resting();
    late.streamMs = 2_000;
    await world.time.pass(6_000);
    hung.add(node);
    world.venue.execute(world.cancel(ID, "0"));
    await world.time.pass(800);
    expect(world.logLines.join()).toContain("The chain is further than its stream told");
    expect(booked(world)).toEqual([]);
  });
});

type Resting = Awaited<ReturnType<typeof resting>>;

describe("a placing is not written more than 0.4 s after its decision, and the cancel beside it goes all the same", () => {
  it.each<{ readonly where: string; readonly delay: (of: Resting) => Promise<void>; readonly told: readonly string[] }>(
    [
      {
        where: "the node is slow to say where the chain stands",
        delay: async ({ world, late }) => {
          // No block comes by the stream, so that the node is asked.
          late.streamMs = 60_000;
          await world.time.pass(1_600);
          late.statusMs = 600;
        },
        told: ["1 order-cancelled", "2 order-unsent"],
      },
      {
        where: "its first transaction is refused",
        delay: async ({ world, late }) => {
          late.streamMs = 2_000;
          await world.time.pass(6_000);
          late.statusMs = 600;
        },
        told: ["1 order-cancelled", "2 order-rejected", "2 order-sent"],
      },
      {
        where: "the way to the node is slow",
        delay: ({ late }) => {
          late.broadcastMs = 600;
          return Promise.resolve();
        },
        told: ["1 order-cancelled", "2 order-unsent"],
      },
    ],
  )("where $where", async ({ delay, told }) => {
    const at = await resting();
    const { world } = at;
    await delay(at);
    world.venue.execute(world.cancel(ID, "0"));
    world.venue.execute(world.place("buy", 4_201, 10));
    await world.time.pass(1_600);
    expect(booked(world)).toEqual([]);
    await world.time.pass(6_000);
    expect(world.told().toSorted()).toEqual(told);
    expect(booked(world)).toEqual([]);
  });
});
