/**
 * The steps of the one way in, in order. Owns what each of them waits for and says; that they are tried again and shown is
 * `startup.ts`'s. A stop ends every wait.
 */
import { createHash } from "node:crypto";
import { HISTORY_LAG_MS, PLACING_LIFETIME_MS } from "../core/orders.ts";
import type { Assembly } from "./assembly.ts";
import type { Config } from "./config.ts";
import type { Control } from "./control.ts";
import type { Lease } from "./lease.ts";
import type { Clock } from "./seams.ts";
import type { StartupStep, StepWait } from "./startup.ts";
import type { Venue } from "./venue.ts";
import { endOwnOrders, START_ORDERS_WITHIN_MS, type WindDownOptions } from "./wind-down.ts";

/** How often the markets' data is looked at while it must stay fresh, and how long a try of that step lasts: so long all are waited for. */
const FRESH_LOOK_MS = 100;
const FRESH_TRY_MS = 10_000;

/** How often a venue is asked that does not go by time. */
const QUIET_LOOK_MS = 400;

export type StartParts = {
  readonly config: Config;
  readonly control: Control;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly budget: WindDownOptions["budget"];
  /** The highest epoch that the table knows of beside the lease. */
  readonly epochMin: () => Promise<number>;
  readonly assemble: (epoch: number) => Promise<Assembly>;
};

export function startSteps(parts: StartParts): readonly StartupStep[] {
  const { config, control, lease, clock, budget } = parts;
  const state: { epoch: number; takenFromMs: number | null; assembly: Assembly | undefined } = {
    epoch: 0,
    takenFromMs: null,
    assembly: undefined,
  };
  const assembly = () => {
    if (state.assembly === undefined) throw new Error("the task must be assembled before this step");
    return state.assembly;
  };
  return [
    { step: "check configuration, limits and secrets", run: async () => describeConfig(config) },
    { step: "read the control items", run: () => readControl(control) },
    {
      step: "win the lease",
      run: async () => {
        const won = await lease.acquire(await parts.epochMin());
        if (won.type === "stopped") return "stopped";
        state.epoch = won.epoch;
        state.takenFromMs = won.takenFromMs;
        return `epoch ${won.epoch}${won.takenFromMs === null ? "" : ", taken over from a task that had not released it"}`;
      },
    },
    {
      step: "load the books and the risk",
      run: async () => {
        state.assembly ??= await parts.assemble(state.epoch);
        return assembly()
          .engine.markets.map(({ settings, books }) => `${settings.market.symbol} ${books.fillCount} fills`)
          .join(", ");
      },
    },
    { step: "keep quiet", run: (wait) => keepQuiet(wait, state.takenFromMs, assembly().venue) },
    {
      step: "end our open orders",
      run: ({ show, isStopped: isGivenUp }) => {
        show("asking the venue for open orders of ours, cancelling them, and asking until it shows none twice");
        return endOwnOrders({ ...assembly(), epoch: state.epoch, budget, clock, isGivenUp }, START_ORDERS_WITHIN_MS);
      },
    },
    {
      step: "catch up with the venue's fills",
      run: ({ show }) => {
        assembly().watchOrders();
        return catchUp(assembly(), show);
      },
    },
    { step: "agree on balances and positions", run: (wait) => agree(assembly(), wait) },
    { step: "have fresh market data", run: (wait) => awaitFreshData(assembly(), config.sei.freshDataMs, clock, wait) },
    {
      step: "quote",
      run: async () => {
        await assembly().keeper.save();
        assembly().quote();
        return assembly()
          .engine.markets.map(({ settings }) => settings.market.symbol)
          .join(", ");
      },
    },
  ];
}

/** The limits' fingerprint tells two starts with other limits apart in the log. */
function describeConfig({ stage, shard, markets, shardLimits }: Config): string {
  const limits = JSON.stringify({ shardLimits, markets: markets.map(({ symbol, limits: own }) => ({ symbol, own })) });
  const fingerprint = createHash("sha256").update(limits).digest("hex").slice(0, 12);
  return `stage ${stage}, shard ${shard}, ${markets.length} market${markets.length === 1 ? "" : "s"}, limits ${fingerprint}, every secret present`;
}

async function readControl(control: Control): Promise<string> {
  const words = await control.readOnce();
  return [...words]
    .map(([market, word]) => `${market} ${word.state}${word.state === "running" ? "" : ` (${word.reason})`}`)
    .join(", ");
}

/**
 * What the task before us sent last may still arrive: it stopped placing at two thirds of its term, and we took over after all
 * of it, so that much of a placing's lifetime has passed already.
 */
async function keepQuiet({ show, pause }: StepWait, takenFromMs: number | null, venue: Venue): Promise<string> {
  if (takenFromMs === null) return "not needed: nobody placed orders, or all were proven ended";
  const quietMs = Math.max(0, PLACING_LIFETIME_MS - takenFromMs / 3);
  show(`for ${(quietMs / 1_000).toFixed(1)} s, until nothing that the earlier task sent can arrive any more`);
  let mayArrive = (await venue.mayEarlierArrive?.()) ?? false;
  await pause(quietMs);
  while (mayArrive) {
    mayArrive = (await venue.mayEarlierArrive?.()) ?? false;
    if (!mayArrive) break;
    show("by the time nothing of the earlier task's can arrive any more, by the venue it can");
    if (!(await pause(QUIET_LOOK_MS))) return "stopped";
  }
  return `${(quietMs / 1_000).toFixed(1)} s`;
}

async function catchUp({ trackers, engine }: Assembly, show: StepWait["show"]): Promise<string> {
  show("reading the venue's fill history to its end");
  await Promise.all([...trackers.values()].map((tracker) => tracker.catchUp()));
  const counts = engine.markets.map(({ settings, books }) => `${settings.market.symbol} ${books.fillCount}`);
  return `fills known: ${counts.join(", ")}`;
}

/** A fill may show in the balance before it does in the history: what differs is looked at again before it counts. */
async function agree(assembly: Assembly, { show, pause }: StepWait): Promise<string> {
  const first = await assembly.reconciler.compare(false);
  if (assembly.engine.markets.every(({ check }) => check.differences.length === 0)) return first;
  show(`${first}; looked at again in ${HISTORY_LAG_MS / 1_000} s`);
  if (!(await pause(HISTORY_LAG_MS))) return "stopped";
  await catchUp(assembly, show);
  return await assembly.reconciler.compare(true);
}

/**
 * Every market's data must have been good without a break for `freshMs`. One that has none holds the others up for one try alone: it is
 * quoted when its data comes, as it would be after any loss of it.
 */
async function awaitFreshData(
  { engine, feed }: Assembly,
  freshMs: number,
  clock: Clock,
  { show, pause }: StepWait,
): Promise<string> {
  const beganMs = clock.now().monotonicMs;
  /** Since when each market's data has been good, by its symbol. */
  const since = new Map<string, number>();
  let reason = "";
  do {
    const now = clock.now();
    const faults: string[] = [];
    for (const { settings, watch } of engine.markets) {
      const { symbol } = settings.market;
      const reasons = watch.reasonsNotToQuote(now);
      if (reasons.length > 0) since.delete(symbol);
      else if (!since.has(symbol)) since.set(symbol, now.monotonicMs);
      faults.push(...reasons.map((each) => `${symbol}: ${each}`));
    }
    const fresh = [...since.values()].filter((sinceMs) => now.monotonicMs - sinceMs >= freshMs).length;
    if (fresh === engine.markets.length) return `from ${feed.state().endpoint}`;
    if (faults.length > 0) reason = faults.join("; ");
    show(reason === "" ? `good so far, for ${freshMs / 1_000} s` : reason);
    if (now.monotonicMs - beganMs > Math.max(FRESH_TRY_MS, 2 * freshMs)) {
      if (fresh === 0) throw new Error(reason);
      return `from ${feed.state().endpoint}; not waited for any longer: ${reason}`;
    }
  } while (await pause(FRESH_LOOK_MS));
  return "stopped";
}
