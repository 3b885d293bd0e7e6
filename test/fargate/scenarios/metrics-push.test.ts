/** Scenarios of the metrics' push: a shard's figures come from one task at a time, and the way out never waits for them. */
import { expect, it } from "vitest";
import type { Config } from "../../../fargate/config.ts";
import { Collector } from "../../../sim/otlp-collector/collector.ts";
import { type ScenarioWorld, SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { ACCOUNT, GIVEN, URL_OF_CARD } from "../otlp/push-world.ts";
import { endHalted, startQuoting, stopped, untilQuoting } from "./scenario.ts";

const PLACED = "flashmm_orders_placed_total";

function pushed(config: Config): Config {
  return { ...config, metricsPush: GIVEN };
}

/** The collector as a host of the world; who pushed, in order. */
function serveCollector({ network }: ScenarioWorld) {
  const collector = new Collector(ACCOUNT);
  const senders: string[] = [];
  network.serve(URL_OF_CARD, {
    callOf: () => "metrics",
    serve: async ({ method, path, headers, body }, { process }) => {
      senders.push(process);
      const answer = collector.answer({ method, path, headers, body: Buffer.from(body, "latin1") });
      return answer === undefined ? { type: "silence" } : { type: "answer", ...answer };
    },
    accept: (_path, _take, refuse) => refuse(),
  });
  const told = (name: string, labels: Readonly<Record<string, string>>) =>
    collector.taken.at(-1)?.series.find((each) => {
      return each.name === name && Object.entries(labels).every(([label, value]) => each.labels[label] === value);
    })?.value;
  return { collector, senders, told };
}

it("a task and the one that waits for its lease never push the same series, and the last push has the end's figures", async () => {
  await using world = await startScenarioWorld({ seed: 621, configured: pushed });
  const { collector, senders, told } = serveCollector(world);
  const first = await startQuoting(world);
  const second = world.makeTask();
  const starting = second.start();
  await world.time.pass(20_000);
  expect(new Set(senders)).toEqual(new Set([first.name]));
  expect(second.state().metricsPush).toMatchObject({ status: "waiting", detail: "the task has no lease yet" });
  expect(collector.refusals).toEqual([]);

  expect(await stopped(world, first)).toEqual([]);
  const placed = first.market(SYMBOL)?.ordersPlaced ?? 0;
  const cancelled = first.market(SYMBOL)?.ordersCancelled ?? 0;
  expect(cancelled).toBeGreaterThan(0);
  const bySide = (name: string) =>
    ["buy", "sell"].reduce((sum, side) => sum + (told(name, { market: SYMBOL, side }) ?? Number.NaN), 0);
  expect([bySide(PLACED), bySide("flashmm_orders_cancelled_total")]).toEqual([placed, cancelled]);

  expect(await world.time.settled(starting, "the second quotes", 60_000)).toBe(true);
  await untilQuoting(world, second);
  await world.time.pass(20_000);
  const change = senders.indexOf(second.name);
  expect(senders.slice(0, change)).not.toContain(second.name);
  expect(senders.slice(change)).not.toContain(first.name);
  await endHalted(world, second);
});

it("a collector that takes pushes and never answers holds up neither quoting nor the stop", async () => {
  await using world = await startScenarioWorld({ seed: 622, configured: pushed });
  const { collector, senders } = serveCollector(world);
  collector.fault = { type: "hang" };
  const task = await startQuoting(world);
  await world.time.pass(30_000);
  expect(task.state().metricsPush.status).toBe("failing");
  expect(task.state().errors["metrics push no-answer"]).toBe(task.state().metricsPush.failures);
  const before = senders.length;
  const askedMs = world.time.nowMs;
  expect(await stopped(world, task)).toEqual([]);
  expect(world.time.nowMs - askedMs).toBeLessThan(6_000);
  expect(senders.length).toBe(before + 1);
  expect(task.state().lease.status).toBe("released");
  await world.check();
});
