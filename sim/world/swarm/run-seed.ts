/**
 * One seed from beginning to end: warm up, faults, healing, liveness, again and again, then the end. Owns this order and what is answered
 * of it. The programmatic entry for whoever wants to try a change: `runSeed`.
 */
import { createHash } from "node:crypto";
import { makeSeededRng } from "../../exchange/seeded-rng.ts";
import { FAULT_KINDS } from "../faults/every-kind.ts";
import type { FaultyWorld } from "../faults/kind.ts";
import { InvariantError, type Rule } from "../invariants.ts";
import { startScenarioWorld } from "../scenario-world.ts";
import { AuditChecks } from "./audit-checks.ts";
import { ChargeChecks } from "./charge-checks.ts";
import { Checks } from "./checks.ts";
import { ControlChecks } from "./control-checks.ts";
import { Counter, type Coverage, countPairs } from "./coverage.ts";
import { type Deployment, writtenDeployment } from "./deployment.ts";
import { EcsService } from "./ecs-service.ts";
import { ForeignHand } from "./foreign-hand.ts";
import { FrameBooks } from "./frame-books.ts";
import type { FunctionCloud } from "./function-host.ts";
import { Functions } from "./functions.ts";
import { comesBack, type Healing, settles } from "./liveness.ts";
import { MarketMover } from "./market-mover.ts";
import { OperatorRoom } from "./operator-room.ts";
import { OrderChecks } from "./order-checks.ts";
import { drawPlan, type Episode, type Plan, type PlanWishes } from "./plan.ts";
import { Provisioning } from "./provisioning.ts";
import { quiesces } from "./quiesce.ts";
import { ReportChecks } from "./report-checks.ts";
import { type ReportWatch, reportComes } from "./report-liveness.ts";
import { Reports } from "./reports.ts";
import { shaped } from "./shape.ts";
import { systemState } from "./system-state.ts";

export type SeedOptions = PlanWishes & {
  readonly seed: number;
  /** In place of the drawn plan: one with episodes left out. */
  readonly plan?: Plan | undefined;
  readonly deployment?: Deployment | undefined;
  /** Ends the run there, well (world time): what comes later is of no interest. */
  readonly untilMs?: number | undefined;
  /** Told a line each time something begins or ends. */
  readonly onLine?: ((line: string) => void) | undefined;
};

type SeedViolation = { readonly rule: Rule | "unhandled"; readonly atMs: number; readonly what: string };

export type SeedResult = {
  readonly seed: number;
  readonly plan: Plan;
  readonly violation: SeedViolation | undefined;
  /** What the venue saw last, for a violation. */
  readonly tail: string;
  /** When the faults of each round that was come to began (world time). */
  readonly beganMs: readonly number[];
  readonly simulatedMs: number;
  readonly cpuMs: number;
  readonly fills: number;
  readonly placings: number;
  readonly tasks: number;
  /** From healing to two-sided quotes, the longest. */
  readonly slowestHealMs: number;
  /** Share of the seconds in which both sides of a market stood, from the first launch on. */
  readonly twoSidedShare: number;
  readonly coverage: Coverage;
  /** SHA-256 over everything that the venue and the bus saw, and what the ledger says. */
  readonly hash: string;
};

type Reported = ReportWatch & { readonly reports: Reports };

/** After these the audit may say that fills differ. */
const MAKES_DIFFERENCES: readonly string[] = ["venue/fills-contradicted", "aws/item-altered"];

/** Lines of the trace. */
const HASHED_AT_ONCE = 1_000;

/** Never rejects: whatever goes wrong is the result's `violation`. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const plan = options.plan ?? drawPlan(options.seed, options);
  const began = process.cpuUsage();
  const run = await SeedRun.start(plan, options);
  const uncaught = (error: unknown) => run.uncaught(error);
  process.on("unhandledRejection", uncaught);
  try {
    const violation = await run.toEnd();
    const { user, system } = process.cpuUsage(began);
    return run.result(violation, (user + system) / 1_000);
  } finally {
    await run.close();
    process.off("unhandledRejection", uncaught);
  }
}

/** The run has gone as far as somebody wanted to see. */
class Enough extends Error {}

class SeedRun {
  readonly #plan: Plan;
  readonly #healing: Healing;
  readonly #faulty: FaultyWorld;
  readonly #functions: Functions;
  /** Undefined in a seed without the hourly report. */
  readonly #reported: Reported | undefined;
  /** Undefined in a seed without Grafana. */
  readonly #provisioning: Provisioning | undefined;
  readonly #counters = { pairs: new Counter(), cells: new Counter(), marks: new Counter(), episodes: new Counter() };
  readonly #ends: (() => void)[] = [];
  readonly #onLine: (line: string) => void;
  #uncaught: unknown;
  #slowestHealMs = 0;
  readonly #beganMs: number[] = [];

  static async start(plan: Plan, options: SeedOptions): Promise<SeedRun> {
    const { seed, shape } = plan;
    const { blockMs, spreadBps, depth, markets } = shape;
    const deployment = options.deployment ?? writtenDeployment();
    const world = await startScenarioWorld({
      seed,
      markets,
      configured: shaped(shape),
      shape: { spreadBps },
      rhythm: { stepMs: blockMs, heartbeatMs: blockMs },
      queue: deployment.fills,
      depth,
      keepsTalk: false,
      startMinute: shape.reportsFromMinute,
    });
    world.accountant.stop();
    return new SeedRun(plan, { ...options, deployment }, world);
  }

  private constructor(
    plan: Plan,
    options: SeedOptions & { readonly deployment: Deployment },
    world: Awaited<ReturnType<typeof startScenarioWorld>>,
  ) {
    this.#plan = plan;
    this.#onLine = options.onLine ?? (() => undefined);
    const { seed, shape } = plan;
    const { time, exchange } = world;
    this.#ends.push(time.takeOverTimeouts(), countPairs(this.#counters.pairs));
    const mark = (name: string) => this.#counters.marks.add(name);
    const operator = new OperatorRoom({
      functions: () => this.#functions,
      table: world.table,
      api: world.api,
      time,
      credentials: { apiKey: "the-key", secretKey: "the-secret" },
    });
    const service: EcsService = new EcsService({
      time,
      rng: makeSeededRng(seed, "service"),
      stopTimeoutMs: options.deployment.stopTimeoutMs,
      makeTask: ({ edges = {}, ...settings }) =>
        control.follow(
          world.makeTask({
            ...settings,
            configured: operator.keyed(),
            edges: { ...edges, idleDecisionMs: shape.idleDecisionMs },
          }),
        ),
      onStop: ({ name }) => world.invariants.placementsForbiddenFrom(time.nowMs, "it was told to stop", name),
      onBug: (task, error) => checks.note("bug", `${task.name}: ${textOf(error)}`),
    });
    const books = new FrameBooks(world.network, shape.markets);
    const checks = new Checks({ world, service, shape, books, mark });
    const control = new ControlChecks({ world, checks });
    const mover = new MarketMover({ time, exchange, shape, seed });
    const markets = shape.markets.map(({ symbol }) => symbol);
    this.#functions = new Functions({
      cloud: cloudOf(world, plan),
      rng: makeSeededRng(seed, "functions"),
      deployment: options.deployment,
      queue: world.queue,
      tableName: world.table.tableName,
      markets,
      shard: "main",
      venueUrl: world.venueUrl,
      credentials: () => operator.credentials,
    });
    this.#healing = { world, service, operator, mover, checks, shape, mark };
    const hand = new ForeignHand(world.table, time);
    const mayDiffer = plan.episodes.some(({ kind }) => MAKES_DIFFERENCES.includes(kind));
    this.#reported = this.#watchReports(options.deployment, mayDiffer);
    this.#provisioning = this.#watchGrafana(options.deployment);
    const beside = { reports: this.#reported?.reports, provisioning: this.#provisioning };
    this.#faulty = { world, service, functions: this.#functions, operator, hand, ...beside, mark };
    const charge = new ChargeChecks({ world, service, functions: this.#functions, checks });
    const orders = new OrderChecks({ world, checks, shape, books });
    const audit = new AuditChecks({
      ...this.#faulty,
      checks,
      deployment: options.deployment,
      markets,
      mayDiffer,
    });
    this.#ends.push(
      time.onEvent(() => {
        checks.throwNoted();
        if (time.nowMs > (options.untilMs ?? Number.POSITIVE_INFINITY)) throw new Enough();
        if (this.#uncaught !== undefined) throw this.#uncaught;
        checks.look();
        charge.look();
        orders.look();
        control.look();
        audit.look();
      }),
    );
  }

  #watchReports(deployment: Deployment, mayDiffer: boolean): Reported | undefined {
    const { world, checks, shape, mark } = this.#healing;
    if (shape.reportsFromMinute === undefined) return undefined;
    const markets = shape.markets.map(({ symbol }) => symbol);
    const reports = new Reports({
      cloud: cloudOf(world, this.#plan),
      network: world.network,
      rng: makeSeededRng(this.#plan.seed, "reported"),
      deployment,
      tableName: world.table.tableName,
      markets,
      isThrottled: () => this.#functions.isThrottled,
      mark,
    });
    const reportChecks = new ReportChecks({ world, reports, checks, markets });
    return { reports, reportChecks, deployment, markets, mayDiffer };
  }

  #watchGrafana(deployment: Deployment): Provisioning | undefined {
    const { world, checks, shape, mark } = this.#healing;
    if (shape.hasGrafana !== true) return undefined;
    const markets = shape.markets.map(({ symbol }) => symbol);
    const isThrottled = () => this.#functions.isThrottled;
    return new Provisioning({ cloud: cloudOf(world, this.#plan), deployment, markets, checks, isThrottled, mark });
  }

  uncaught(error: unknown): void {
    this.#uncaught ??= error;
  }

  /** Answers what was broken, if anything was. */
  async toEnd(): Promise<SeedViolation | undefined> {
    const { time } = this.#healing.world;
    try {
      await this.#rounds();
      return undefined;
    } catch (error) {
      if (error instanceof Enough) return undefined;
      if (error instanceof InvariantError) {
        const what = error.message.split("\n", 1)[0] ?? "";
        return { rule: error.rule, atMs: error.atMs, what: what.slice(what.indexOf(": ") + 2) };
      }
      return { rule: "unhandled", atMs: time.nowMs, what: textOf(error) };
    }
  }

  result(violation: SeedViolation | undefined, cpuMs: number): SeedResult {
    const { world, service, checks } = this.#healing;
    const { pairs, cells, marks, episodes } = this.#counters;
    const beside = [this.#reported?.reports.host, this.#provisioning?.host].filter((host) => host !== undefined);
    for (const { name, invocations, failures, kills } of [...Object.values(this.#functions.hosts), ...beside]) {
      marks.add(`${name} invoked`, invocations);
      marks.add(`${name} failed`, failures);
      marks.add(`${name} killed`, kills);
    }
    return {
      seed: this.#plan.seed,
      plan: this.#plan,
      violation,
      tail: violation === undefined ? "" : world.record.tail(),
      beganMs: this.#beganMs,
      simulatedMs: world.time.nowMs,
      cpuMs,
      fills: this.#plan.shape.markets.reduce((sum, { symbol }) => sum + world.exchange.standing(symbol).fillCount, 0),
      placings: world.record.arrivals("place").length,
      tasks: service.launched,
      slowestHealMs: this.#slowestHealMs,
      twoSidedShare: checks.twoSidedShare,
      coverage: { pairs: pairs.read(), cells: cells.read(), marks: marks.read(), episodes: episodes.read() },
      hash: this.#hash(),
    };
  }

  async close(): Promise<void> {
    this.#functions.stop();
    this.#reported?.reports.stop();
    this.#healing.mover.stop();
    for (const end of this.#ends.reverse()) end();
    await this.#healing.world[Symbol.asyncDispose]();
  }

  async #rounds(): Promise<void> {
    const { world, service, mover, operator } = this.#healing;
    this.#functions.start();
    this.#reported?.reports.start();
    this.#provisioning?.request();
    mover.start();
    service.launch();
    this.#line("the task is launched");
    await this.#comesBack();
    for (const [index, round] of this.#plan.rounds.entries()) {
      await world.time.pass(round.calmMs);
      this.#beganMs.push(world.time.nowMs);
      const undos = this.#schedule(this.#plan.episodes.filter((episode) => episode.round === index));
      this.#line(`round ${index + 1}: ${round.faultsMs} ms of faults`);
      await world.time.pass(round.faultsMs);
      for (const undo of undos) undo();
      world.api.faults.clear();
      this.#line("healed");
      await this.#comesBack();
      await settles(this.#healing);
      this.#line("settled");
    }
    await this.#provisioning?.holds();
    if (this.#reported !== undefined) {
      await reportComes(this.#healing, this.#reported);
      this.#line("the report came");
    }
    operator.resumeAll(this.#plan.shape.markets.map(({ symbol }) => symbol));
    await quiesces(this.#healing);
    if (this.#plan.episodes.length === 0) this.#checkQuiet();
  }

  /** Where nothing was wrong, nothing may have been said to be. */
  #checkQuiet(): void {
    const { world, checks } = this.#healing;
    const alarms = world.bus.events.filter(({ detailType }) => /Breached|Failed Over/.test(detailType));
    if (alarms.length > 0) checks.fail("alarm", JSON.stringify(alarms[0]));
  }

  async #comesBack(): Promise<void> {
    const tookMs = await comesBack(this.#healing);
    this.#slowestHealMs = Math.max(this.#slowestHealMs, tookMs);
    this.#line(`two-sided after ${tookMs} ms`);
  }

  /** Lets each begin and end at its time; answers what ends those that have begun and not ended. */
  #schedule(episodes: readonly Episode[]): readonly (() => void)[] {
    const { time } = this.#healing.world;
    return episodes.map((episode) => {
      let end: (() => void) | undefined;
      let isOver = false;
      const finish = () => {
        if (isOver) return;
        isOver = true;
        if (end === undefined) return;
        this.#line(`ends ${episode.kind}`);
        end();
      };
      time.after(episode.atMs, () => {
        if (isOver) return;
        const kind = FAULT_KINDS.find(({ name }) => name === episode.kind);
        if (kind === undefined) throw new RangeError(`a fault must be of a known kind, was ${episode.kind}`);
        this.#counters.episodes.add(kind.name);
        this.#counters.cells.add(`${kind.name} × ${systemState(this.#healing)}`);
        this.#line(`begins ${kind.name} for ${episode.lastsMs} ms ${JSON.stringify(episode.parameters)}`);
        end = kind.start(this.#faulty, episode.parameters);
        time.after(episode.lastsMs, finish);
      });
      return finish;
    });
  }

  #line(text: string): void {
    this.#onLine(`${this.#healing.world.time.nowMs.toFixed(3)} ms ${text}`);
  }

  #hash(): string {
    const { world } = this.#healing;
    const hash = createHash("sha256");
    const events = world.bus.events.map((event) => JSON.stringify(event));
    const posts = this.#reported?.reports.x.posts.map(({ text, atMs }) => `${atMs} ${text}`) ?? [];
    for (const lines of [world.record.lines(), events, world.queue.sent, posts])
      for (let from = 0; from < lines.length; from += HASHED_AT_ONCE)
        hash.update(`${lines.slice(from, from + HASHED_AT_ONCE).join("\n")}\n`);
    return hash.digest("hex");
  }
}

function cloudOf(world: Healing["world"], { seed, shape }: Plan): FunctionCloud {
  const { time, network, table, queue, bus, awsWeather } = world;
  const services = { table: table.backend, queue: queue.backend, bus: bus.backend };
  return { time, network, services, weather: awsWeather, depth: shape.depth, seed };
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message}\n${error.stack ?? ""}`;
}
