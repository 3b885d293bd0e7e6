import { expect, test } from "vitest";
import type { Config } from "../../../fargate/config.ts";
import { toMarketSettings } from "../../../fargate/market-settings.ts";
import { type JournalLine, toLineText } from "../../../fargate/recording/journal.ts";
import { Recorder } from "../../../fargate/recording/recorder.ts";
import { parseRecordedLine } from "../../../sim/replay/recorded-line.ts";
import { Repeater, type Repetition } from "../../../sim/replay/repeat.ts";
import { startTradedWorld } from "../../../sim/world/scenario-world.ts";
import { endWell, startQuoting } from "./scenario.ts";

const SOURCE = "https://prices.world";

/** A strategy that follows the source alone, after a second of it. */
function following(config: Config): Config {
  const reference = { weight: 1, ageMs: 2_000, premiumHalfLifeSeconds: 1, shiftBpsMax: 50 };
  return {
    ...config,
    markets: config.markets.map((market) => ({
      ...market,
      referencePrice: { url: `${SOURCE}/last`, pricePointer: "/data/0/last", pollMs: 500 },
      strategy: { ...market.strategy, fairValue: { source: "mid", levels: 1, reference } },
    })),
  };
}

function repeat(config: Config, lines: readonly JournalLine[]): Repetition {
  const markets = new Map(config.markets.map((each) => [each.symbol, toMarketSettings(each).market]));
  const repeater = new Repeater();
  for (const line of lines) repeater.take(parseRecordedLine(toLineText(line, markets), "line"));
  return repeater.outcome;
}

test("a price from outside moves the quotes while it is fresh, its loss stops nothing, and a recording keeps it", async () => {
  const lines: JournalLine[] = [];
  await using world = await startTradedWorld({ seed: 5 });
  const source = { price: 100 };
  world.network.serve(SOURCE, {
    callOf: () => "chain",
    serve: async () => {
      const body = JSON.stringify({ data: [{ last: String(source.price) }] });
      return { type: "answer", status: 200, headers: {}, body };
    },
    accept: (_path, _take, refuse) => refuse(),
  });
  const recorder = new Recorder({ write: (line) => lines.push(line) });
  let config: Config | undefined;
  const task = await startQuoting(world, {
    edges: { recorder },
    configured: (given) => {
      config = following(given);
      return config;
    },
  });
  const note = () => task.market()?.estimates.fairValueNote;
  const offBps = () => {
    const { fairValue, mid } = task.market() ?? {};
    return 1e4 * (Number(fairValue) / Number(mid) - 1);
  };
  await world.time.until(() => note() === null, "the reference is followed", 30_000);
  source.price = 100.2;
  await world.time.until(() => offBps() > 5, "a rise of the source lifts the fair value", 2_000);
  world.network.setReachability(SOURCE, "refused");
  await world.time.until(() => note() === "reference-old", "the source is left out", 4_000);
  expect(Math.abs(offBps())).toBeLessThan(0.5);
  world.network.setReachability(SOURCE, "up");
  await world.time.until(() => note() !== "reference-old", "the source is followed again", 20_000);
  await endWell(world, task);
  recorder.flush();
  if (config === undefined) throw new Error("the task must have been given its configuration");
  const outcome = repeat(config, lines);
  expect(outcome).toMatchObject({ different: 0, endedBy: undefined });
  expect(outcome.commands).toBeGreaterThan(10);
  const isPrice = (step: JournalLine["steps"][number]) => step.type === "fact" && step.event.type === "reference-price";
  const without = lines.map((line) => ({ ...line, steps: line.steps.filter((step) => !isPrice(step)) }));
  expect(repeat(config, without).different).toBeGreaterThan(0);
});
