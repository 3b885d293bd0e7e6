/** Orders of earlier tasks that the venue shows while a start is under way. */
import { expect, it } from "vitest";
import { startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { endWell, liveOrders, startQuoting } from "./scenario.ts";

it("an order that the venue did not show to a start is found and ended while that start waits for market data", async () => {
  await using world = await startScenarioWorld({ seed: 106 });
  const { time, node, api } = world;
  const first = await startQuoting(world);
  const [hidden] = liveOrders(world);
  if (hidden === undefined) throw new Error("an order of ours must be live");
  api.faults.orders.hide(hidden.clientOrderId);
  first.process.crash();
  for (const endpoint of node.endpoints) endpoint.silence(true);

  const second = world.makeTask();
  const starting = second.start();
  const waitsForData = () =>
    second.state().startup.some(({ step, state }) => step === "have fresh market data" && state === "running");
  await time.until(waitsForData, "the start waits for market data", 60_000);
  expect(liveOrders(world).map(({ clientOrderId }) => clientOrderId)).toEqual([hidden.clientOrderId]);

  api.faults.orders.show(hidden.clientOrderId);
  await time.until(() => liveOrders(world).length === 0, "it is found and ended", 10_000);
  expect(waitsForData()).toBe(true);
  for (const endpoint of node.endpoints) endpoint.silence(false);
  expect(await time.settled(starting, "the second's start", 60_000)).toBe(true);
  await endWell(world, second);
});
