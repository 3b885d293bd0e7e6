/**
 * `npm run bench:decision [-- --json]`: how long the engine takes to decide with 5 levels a side, in simulated markets as `npm run compare` has
 * them, the last of which moves its mid by several ticks with each book. Owns the clock around the decision and what is said of it.
 *
 * Two figures, of two things. `p50` is one decision by the wall as it comes, in between the simulator's own work and whatever else the
 * machine does: its code and data are out of the nearest caches, as in production. `hot` is what the code itself takes, by the
 * processor's time of many decisions in a row (`hot-decision.ts`): the least noisy of them, and the one that the goal is of.
 */
import type { Command } from "../../core/commands.ts";
import type { Engine } from "../../core/engine.ts";
import { InputError } from "../../core/errors.ts";
import type { BookUpdate } from "../../core/events.ts";
import { priceToNumber, sizeToNumber } from "../../core/market.ts";
import type { Instant } from "../../core/units.ts";
import { readSettings } from "../compare/job.ts";
import { makeOurs, type OursSettings } from "../compare/ours.ts";
import { type Regime, regimeOf } from "../compare/regimes.ts";
import { runCompetitor } from "../compare/run-competitor.ts";
import { SimulatedStage, START_PRICE } from "../compare/simulated-stage.ts";
import { HotDecision, type HotMicros } from "./hot-decision.ts";
import { quantile } from "./statistics.ts";

const EXIT_SLOW = 2;
const EXIT_USAGE = 64;

const GOAL_MICROS = 20;
const LEVELS = 5;
const CONFIG = "config/local.json";
const SEED = 1;
const DURATION_MS = 600_000;
/** What the first quotes and the start period take is no usual decision. */
const WARM_MS = 60_000;

/** In basis points per square root of a second: by four ticks of 2.4 bps from one book to the next, as it comes out. */
const RESTLESS_BPS = 30;

/** With `--json`: microseconds of the decisions that had a new book, case by case, and of reading a book as JSON. */
export type DecisionReport = {
  readonly baseline: number;
  readonly cases: readonly {
    readonly name: string;
    readonly p50: number;
    readonly p99: number;
    /** At each of a few moments of the market, in their order. */
    readonly hot: readonly HotMicros[];
  }[];
};

type Case = { readonly name: string; readonly regime: Regime };

/** Micros of each decision, apart by whether it had a new book, and how far the mid moved from one book to the next, in ticks. */
class Timer {
  readonly withBook: number[] = [];
  readonly idle: number[] = [];
  readonly moves: number[] = [];
  commands = 0;
  #book: BookUpdate | undefined;
  #mid: number | undefined;

  decide(engine: Engine, now: Instant): readonly Command[] {
    const startMs = performance.now();
    const commands = engine.decide(now);
    const micros = (performance.now() - startMs) * 1_000;
    const watch = engine.markets[0]?.watch;
    if (now.monotonicMs < WARM_MS || watch === undefined) return commands;
    this.commands += commands.length;
    if (watch.book === this.#book) {
      this.idle.push(micros);
      return commands;
    }
    this.withBook.push(micros);
    if (this.#mid !== undefined) this.moves.push(Math.abs((watch.lastMidTicks ?? this.#mid) - this.#mid));
    this.#book = watch.book;
    this.#mid = watch.lastMidTicks;
    return commands;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const isJson = args.length === 1 && args[0] === "--json";
  if (args.length > 0 && !isJson) {
    const { message } = new InputError({ what: "the command line", expected: "--json or nothing", was: args });
    process.stderr.write(`${message}\n`);
    return EXIT_USAGE;
  }
  const settings = await benchSettings();
  const baseline = baselineMicros();
  const cases: readonly Case[] = [
    { name: "calm", regime: regimeOf("calm") },
    { name: "volatile", regime: regimeOf("volatile") },
    { name: "restless", regime: restless() },
  ];
  // Before some ten thousand decisions the program is not compiled: a first round of all cases is not counted.
  for (const each of cases) measure(each, settings);
  if (isJson) {
    const report: DecisionReport = {
      baseline,
      cases: cases.map((each) => toReport(each.name, measure(each, settings), measureHot(each, settings))),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    return 0;
  }
  process.stdout.write(
    `${LEVELS} levels a side, ${DURATION_MS / 1_000} s of market each, a baseline of ${baseline.toFixed(1)} µs (reading a book of 20 levels as JSON)\n`,
  );
  const slowest = Math.max(
    ...cases.map((each) => {
      const micros = tell(each.name, measure(each, settings), baseline);
      tellHot(measureHot(each, settings));
      return micros;
    }),
  );
  const isFast = slowest <= GOAL_MICROS;
  process.stdout.write(`${isFast ? "met" : "missed"}: at most ${GOAL_MICROS} µs at p50\n`);
  return isFast ? 0 : EXIT_SLOW;
}

type Measured = { readonly timer: Timer; readonly notes: readonly string[] };

function measure(each: Case, settings: OursSettings): Measured {
  const timer = new Timer();
  return { timer, notes: run(each, settings, (engine, now) => timer.decide(engine, now)) };
}

/** A run of its own: what is decided in between leaves the market as it is, but not the caches and the compiled code. */
function measureHot(each: Case, settings: OursSettings): readonly HotMicros[] {
  const hot = new HotDecision();
  run(each, settings, (engine, now) => hot.decide(engine, now));
  return hot.moments;
}

/** Answers what there is to say of the run. */
function run(
  { regime }: Case,
  settings: OursSettings,
  decide: (engine: Engine, now: Instant) => readonly Command[],
): readonly string[] {
  const stage = new SimulatedStage({ seed: SEED, regime });
  const { strategy, limits } = settings.market;
  const { notes } = runCompetitor(makeOurs(settings, decide), {
    stage,
    epochMs: 0,
    durationMs: DURATION_MS,
    latency: { feedMs: 2.5, outMs: 2.5, backMs: 2.5 },
    capital: 2 * sizeToNumber(stage.market, limits.position) * priceToNumber(stage.market, START_PRICE),
    terms: {
      orderSize: strategy.orderSize,
      positionMax: limits.position,
      levels: LEVELS,
      levelSpacingBps: strategy.levelSpacingBps,
      halfSpreadBps: 0,
      requests: { perSecond: settings.requestsPerSecond, placementsInFlight: settings.placementsInFlight },
    },
  });
  return notes;
}

function toReport(name: string, { timer }: Measured, hot: readonly HotMicros[]): DecisionReport["cases"][number] {
  return { name, p50: quantile(timer.withBook, 0.5), p99: quantile(timer.withBook, 0.99), hot };
}

function tellHot(moments: readonly HotMicros[]): void {
  const list = (figures: readonly number[]) => figures.map((micros) => micros.toFixed(2)).join(", ");
  process.stdout.write(
    `          hot, by processor time: ${list(moments.map(({ decision }) => decision))} µs a decision, ` +
      `${list(moments.map(({ book }) => book))} µs to apply its book; ` +
      `${moments.map(({ changes }) => changes).join(", ")} changes wait\n`,
  );
}

/** Answers the p50 of the decisions that had a new book. */
function tell(name: string, { timer, notes }: Measured, baseline: number): number {
  const [middle, tail] = [quantile(timer.withBook, 0.5), quantile(timer.withBook, 0.99)];
  const move = timer.moves.reduce((sum, ticks) => sum + ticks, 0) / timer.moves.length;
  process.stdout.write(
    `${name.padEnd(10)}mid moves ${move.toFixed(1)} ticks a book, ${timer.commands} commands; ` +
      `new book p50 ${middle.toFixed(1)} µs (${(middle / baseline).toFixed(2)} of the baseline), p99 ${tail.toFixed(1)} µs; ` +
      `without p50 ${quantile(timer.idle, 0.5).toFixed(1)} µs, p99 ${quantile(timer.idle, 0.99).toFixed(1)} µs\n` +
      notes.map((note) => `          ${note}\n`).join(""),
  );
  return middle;
}

/** Those of the configuration, with as many levels, and limits of loss and executions that the market does not reach. */
async function benchSettings(): Promise<OursSettings> {
  const settings = await readSettings(CONFIG, { type: "simulated", regime: "calm", seed: SEED });
  const { market, limits } = settings;
  const never = Number.MAX_SAFE_INTEGER;
  return {
    ...settings,
    limits: { ...limits, drawdownReducePercent: never, drawdownHaltPercent: never, dailyLossPercent: never },
    market: {
      ...market,
      strategy: { ...market.strategy, levels: LEVELS },
      limits: { ...market.limits, executionsPerMinute: never, executionsInARow: never },
    },
  };
}

function restless(): Regime {
  const regime = regimeOf("volatile");
  const spell = { volatilityBps: RESTLESS_BPS, meanMs: 20_000 };
  return { ...regime, path: { ...regime.path, spells: { calm: spell, busy: spell } } };
}

/** What the task does before each decision anyway, on the same machine at the same moment: the p50 of reading a book's text. */
function baselineMicros(): number {
  const side = Array.from({ length: 20 }, (_, level) => [`0.${4_215 - level}`, `${1_000 + level}`]);
  const text = JSON.stringify({ bids: JSON.stringify(side), asks: JSON.stringify(side) });
  const micros: number[] = [];
  for (let i = 0; i < 20_000; i += 1) {
    const startMs = performance.now();
    const book: { readonly bids: string; readonly asks: string } = JSON.parse(text);
    JSON.parse(book.bids);
    JSON.parse(book.asks);
    micros.push((performance.now() - startMs) * 1_000);
  }
  return quantile(micros.slice(10_000), 0.5);
}

process.exitCode = await main(process.argv.slice(2));
