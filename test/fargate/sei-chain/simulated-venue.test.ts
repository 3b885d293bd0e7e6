/** The venue against the simulated chain: what it sends, and what it says of what became of it. */
import { afterEach, describe, expect, it } from "vitest";
import { type ChainVenue, makeChainVenue } from "./chain-venue.ts";

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

describe("orders on chain", () => {
  it.each([false, true])(
    "what one turn decides is one transaction, and its orders are named in order (base64 %s)",
    async (base64) => {
      const world = await start({ base64 });
      world.venue.execute(world.place("buy", 4_200, 10));
      world.venue.execute(world.place("sell", 4_300, 20));
      await world.blocks(1);
      expect(world.told()).toEqual(["1 order-sent", "2 order-sent", "1 seen open #0", "2 seen open #1"]);
      expect(world.chain.blocks.last.transactions).toHaveLength(1);
      expect(world.budget.placementsInFlight).toBe(0);
    },
  );
});
