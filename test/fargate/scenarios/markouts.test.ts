/** A task in its world: what its page says of a fill is what the market did after it. */
import { expect, it } from "vitest";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { endWell, JITTER, startQuoting } from "./scenario.ts";

it("a fill is marked at the mids that the market had 1, 5 and 60 s after the task learnt of it", async () => {
  await using world = await startScenarioWorld({ seed: 801 });
  const { time, exchange } = world;
  const hand = exchange.hand(SYMBOL);
  /** The others stand fifteen ticks to each side of it. */
  const moveTo = (ticks: number) => {
    const quote = (price: number) => [[(price / 10_000).toFixed(4), "4000"]] as const;
    hand.setBook({ bids: quote(ticks - 15), asks: quote(ticks + 15) });
  };
  const task = await startQuoting(world);
  task.links.venue.latency = JITTER;
  moveTo(4_215);
  await time.pass(2_000);
  expect(hand.hit("sell", "100")).toBe("100");
  await time.until(() => task.market()?.fillCount === 1, "the fill is told", 5_000);
  await time.pass(500);
  moveTo(4_218);
  await time.pass(2_000);
  moveTo(4_211);
  await time.pass(30_000);
  moveTo(4_209);
  await time.pass(35_000);
  const price = 10_000 * Number(world.fills()[0]?.price);
  const inBps = (ticks: number) => expect.closeTo((10_000 * ticks) / 4_215, 9);
  const mean = (ticks: number) => ({ count: 1, bps: inBps(ticks), plusMinusBps: null });
  const buys = task.market()?.markouts.rolling.filter(({ side }) => side === "buy");
  const row = {
    capture: mean(4_215 - price),
    markout: { "1s": mean(4_218 - price), "5s": mean(4_211 - price), "60s": mean(4_209 - price) },
    adverseSelection: { "1s": mean(-3), "5s": mean(4), "60s": mean(6) },
  };
  expect(buys?.slice(0, 2)).toEqual([
    { side: "buy", level: "all", ...row },
    { side: "buy", level: 0, ...row },
  ]);
  expect(task.market()?.markouts.unmarked).toBe(0);
  await endWell(world, task);
});
