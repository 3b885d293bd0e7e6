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
  const late = { streamMs: 0, statusMs: 0 };
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
      if (methodOf(request) === "status" && late.statusMs > 0) await pause(late.statusMs);
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
