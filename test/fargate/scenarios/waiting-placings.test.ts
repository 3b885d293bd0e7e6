/** Scenarios of placings that were decided and wait for a connection: what has happened meanwhile counts when they are written. */
import { expect, it } from "vitest";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import type { HandMadeWorld } from "./moving-market.ts";
import { endWell, liveOrders, startQuoting } from "./scenario.ts";

const WAIT_MS = 1_500;
const BOOK_MS = 450;
/** `limits.placeBookAgeMs` of the world's configuration. */
const PLACE_BOOK_AGE_MS = 1_200;

type Trouble = { readonly begin: (world: HandMadeWorld) => void; readonly end: (world: HandMadeWorld) => void };

const SILENCE: Trouble = {
  begin: ({ node }) => {
    for (const endpoint of node.endpoints) endpoint.silence(true);
  },
  end: ({ node }) => {
    for (const endpoint of node.endpoints) endpoint.silence(false);
  },
};
const CROSSED: Trouble = {
  begin: ({ node }) => {
    for (const endpoint of node.endpoints)
      for (let book = 0; book < 8; book += 1) endpoint.disturbNextBook(SYMBOL, { type: "crossed" });
  },
  end: () => undefined,
};

it.each([
  ["their book is old by then", SILENCE, PLACE_BOOK_AGE_MS],
  ["a crossed book has come since", CROSSED, BOOK_MS],
] as const)("placings that have waited are not written when %s", async (_what, { begin, end }, afterMs) => {
  await using world = await startScenarioWorld({ seed: 5 });
  const task = await startQuoting(world);
  const { time, exchange, record } = world;
  exchange.hand(SYMBOL).empty("both");
  await time.until(() => liveOrders(world).length === 0, "the quotes are pulled", 10_000);
  await time.pass(2_000);
  const connected = world.network.weather(world.venueUrl).impair({ connecting: { low: WAIT_MS, high: WAIT_MS } });
  const beforeMs = time.nowMs;
  exchange.hand(SYMBOL).refill();
  const decided = () => task.requests.filter(({ method, atMs }) => method === "POST" && atMs > beforeMs).length;
  await time.until(() => decided() > 0, "placings are decided", 5_000);
  begin(world);
  const fromMs = time.nowMs + afterMs;
  await time.pass(3_000);
  expect(record.arrivals("place").filter(({ sentMs }) => sentMs > fromMs)).toEqual([]);
  end(world);
  connected();
  await endWell(world, task);
});
