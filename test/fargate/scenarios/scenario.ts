/**
 * What scenarios share: a task that quotes, both sides standing, and the end that each scenario has. Owns no fault; each scenario
 * makes its own, heals it and asserts what came of it.
 */
import { expect } from "vitest";
import type { Config, MarketConfig } from "../../../fargate/config.ts";
import type { Exchange } from "../../../sim/exchange/exchange.ts";
import {
  type ScenarioOptions,
  type ScenarioWorld,
  SYMBOL,
  type TaskSettings,
} from "../../../sim/world/scenario-world.ts";
import type { LogRecord, WorldTask } from "../../../sim/world/world-task.ts";

/** Once what went wrong is over, both sides must stand again within this (virtual milliseconds). */
const QUOTING_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;

/** Up to 200 ms each way: what the law of the request budget is stated for. */
export const JITTER = { low: 5, high: 200 } as const;

/** Changes the limits and the strategy of every market. */
export function withMarket(change: {
  readonly limits?: Partial<MarketConfig["limits"]>;
  readonly strategy?: Partial<Pick<MarketConfig["strategy"], "levels" | "orderSize">>;
}): (config: Config) => Config {
  return (config) => ({
    ...config,
    markets: config.markets.map((market) => ({
      ...market,
      limits: { ...market.limits, ...change.limits },
      strategy: { ...market.strategy, ...change.strategy },
    })),
  });
}

/** A second market beside the first. */
export const OTHER = "ATOM/USDC";

/** What makes a world of two markets alike, one level each. */
export function twoMarkets(configured: (config: Config) => Config): Pick<ScenarioOptions, "markets" | "configured"> {
  const markets = [SYMBOL, OTHER];
  return {
    markets: markets.map((symbol) => ({ symbol, tickSize: "0.0001", lotSize: "1", startPrice: "0.4215" })),
    configured: (config) => ({
      ...configured(config),
      markets: markets.flatMap((symbol) =>
        configured(config).markets.map((market) => ({
          ...market,
          symbol,
          strategy: { ...market.strategy, levels: 1 },
        })),
      ),
    }),
  };
}

/** Our orders that the venue shows live in a market. */
export function liveOrders({ exchange }: ScenarioWorld<Exchange>, symbol = SYMBOL) {
  return exchange.openOrders(symbol).filter(({ clientOrderId }) => clientOrderId.startsWith("fm-"));
}

/** Both sides of ours stand at the venue. */
export function isTwoSided(world: ScenarioWorld<Exchange>, symbol = SYMBOL): boolean {
  return new Set(liveOrders(world, symbol).map(({ side }) => side)).size === 2;
}

/** The task says that it quotes, and both sides of ours stand at the venue. */
export async function untilQuoting(world: ScenarioWorld<Exchange>, task: WorldTask, symbol = SYMBOL): Promise<void> {
  const isQuoting = () => isTwoSided(world, symbol) && task.market(symbol)?.quoting === true;
  await world.time.until(isQuoting, `${task.name} quotes both sides of ${symbol}`, QUOTING_WITHIN_MS);
}

/** Makes a task, starts it, and waits until it quotes. */
export async function startQuoting(world: ScenarioWorld<Exchange>, settings?: TaskSettings): Promise<WorldTask> {
  const task = world.makeTask(settings);
  expect(await world.time.settled(task.start(), `the start of ${task.name}`, QUOTING_WITHIN_MS)).toBe(true);
  await untilQuoting(world, task);
  return task;
}

/** Stops a task and answers what it reports. */
export async function stopped({ time }: ScenarioWorld<Exchange>, task: WorldTask): Promise<readonly string[]> {
  const { faults } = await time.settled(task.stop(), `the stop of ${task.name}`, STOP_WITHIN_MS);
  return faults;
}

/** The end of a scenario that was healed: it quotes again, stops in order, and venue, queue, ledger and engine agree. */
export async function endWell(world: ScenarioWorld<Exchange>, task: WorldTask): Promise<void> {
  await untilQuoting(world, task);
  await endHalted(world, task);
}

/** The same end where quoting is not allowed at the end. */
export async function endHalted(world: ScenarioWorld<Exchange>, task: WorldTask): Promise<void> {
  expect(await stopped(world, task)).toEqual([]);
  expect(task.faults).toEqual([]);
  await world.check();
}

/** What the task logged with that message. */
export function logged({ records }: WorldTask, message: string): readonly LogRecord[] {
  return records.filter((record) => record.message === message);
}

/** Why a market is not quoted, as people see it. */
export function reasonsOf(task: WorldTask, symbol = SYMBOL): string {
  return task.market(symbol)?.reasons.join("; ") ?? "";
}

/** Details of what the engine announced under a name, in order. */
export function announced(
  { bus }: ScenarioWorld<Exchange>,
  detailType: string,
): readonly Readonly<Record<string, unknown>>[] {
  return bus.events
    .filter((event) => event.source === "flashmm.engine" && event.detailType === detailType)
    .map(({ detail }) => Object.fromEntries(Object.entries(Object(detail))));
}
