/** What the account holds, read while transactions of ours are carried out all the time: the fees that are counted on top are those of the very block that a node shows. */
import { afterEach, describe, expect, it } from "vitest";
import { PositionCheck } from "../../../core/execution/reconcile.ts";
import { GasPaid } from "../../../fargate/sei-chain/gas-paid.ts";
import { VirtualTime } from "../../../sim/world/virtual-time.ts";
import { type ChainVenue, makeChainVenue, OPENING } from "./chain-venue.ts";

let open: ChainVenue | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** Places an order at once and with each block from then on. */
async function quoting(...options: Parameters<typeof makeChainVenue>): Promise<ChainVenue> {
  open = await makeChainVenue(...options);
  const { chain, venue, place, time } = open;
  await open.blocks(1);
  let price = 4_000;
  const quote = () => {
    price += 1;
    venue.execute(place("buy", price, 1));
  };
  chain.afterBlock(() => time.after(20, quote));
  await open.blocks(3);
  return open;
}

const read = async ({ time, venue }: ChainVenue) =>
  (await time.settled(venue.balances(), "the balances", 60_000)).value.find(({ asset }) => asset === "SEI")!;

describe("the balance of the gas asset fits the books", () => {
  it.each([0, 1, 2, 5])("of a node whose lists are %i blocks behind", async (blocks) => {
    const world = await quoting();
    const check = new PositionCheck("SEI", OPENING);
    world.node.endpoints[0]?.lag("lists", blocks);
    const { clock } = world.process;
    for (let reading = 0; reading < 8; reading += 1) {
      // At another moment of the block each time.
      await world.time.pass(1_030);
      const askedMs = clock.now().monotonicMs;
      const { total, available, spent = 0n } = await read(world);
      check.venueRead({ total, explained: 0n, askedMs, nowMs: clock.now().monotonicMs, isSettled: false });
      expect(check.differences).toEqual([]);
      // What is burnt since that block pays for nothing either.
      expect(total - spent).toBeLessThanOrEqual(available);
    }
  });

  it.each(Array.from({ length: 10 }, (_, index) => index * 40))(
    "though the block that it is of is carried out before we are told of it (asked %i ms into a block)",
    async (offsetMs) => {
      const world = await quoting({ onFrame: (frame, take) => void open?.time.after(90, () => take(frame)) });
      await world.time.pass(offsetMs);
      expect((await read(world)).total).toBe(OPENING);
    },
  );

  it("while an answer is lost", async () => {
    const world = await quoting();
    for (let reading = 0; reading < 6; reading += 1) {
      world.chain.faults.next({ type: "lose-answer" });
      await world.time.pass(270);
      expect((await read(world)).total).toBe(OPENING);
    }
  });
});

it("a balance that may hold the fee of a transaction of unproven fate is no answer", async () => {
  const world = await quoting();
  const [endpoint] = world.node.endpoints;
  // Blocks and events come no more, and nobody answers what became of it.
  endpoint?.silence(true);
  endpoint?.failRpc(503);
  await world.blocks(2);
  await expect(read(world)).rejects.toThrow("are not known");
  endpoint?.silence(false);
  endpoint?.failRpc(null);
  await world.blocks(12);
  expect((await read(world)).total).toBe(OPENING);
});

it("of the fees long ago only the sum is kept: a balance of a block before them is none", async () => {
  const { clock } = new VirtualTime();
  const gas = new GasPaid({ flights: { all: [] }, clock });
  for (let height = 1; height <= 800; height += 1) gas.add(height, 2n);
  expect(gas.all).toBe(1_600n);
  await expect(gas.until(900)).resolves.toBe(1_600n);
  await expect(gas.until(50)).resolves.toBe(100n);
  await expect(gas.until(49)).rejects.toThrow("balances must be of block 50 or later, was 49");
});
