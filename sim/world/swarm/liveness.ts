/**
 * What must come back once everything is healed: both sides of every market, every fill booked, nothing unknown, the same figures at the
 * venue, in the task and in the ledger. Owns these conditions and how long each may take.
 */
import { parseScaled } from "../../../core/decimal.ts";
import { isUnknown } from "../../../core/order.ts";
import { readBooks } from "../../../lambdas/ledger-table.ts";
import type { MarketSetting } from "../../exchange/exchange.ts";
import type { HandMadeExchange } from "../../exchange/hand-made-exchange.ts";
import type { ScenarioWorld } from "../scenario-world.ts";
import type { WorldTask } from "../world-task.ts";
import type { Checks } from "./checks.ts";
import type { EcsService } from "./ecs-service.ts";
import type { MarketMover } from "./market-mover.ts";
import type { OperatorRoom } from "./operator-room.ts";
import { positionOrdersOf, type Shape, sizeOf } from "./shape.ts";

/** For a task that was well when everything was healed. */
const QUOTES_AGAIN_MS = 60_000;
/** The venue's circuit stays open for a minute once it has opened. */
const CIRCUIT_MS = 65_000;
/** What was on its way at the healing fails within its time-out (2 s), and may be the fifth in a row that opens the circuit. */
const IN_FLIGHT_MS = 3_000;
/** A market whose ledger is behind waits for it: a message comes back after 60 s, is booked, and the ledger is read each 10 s then. */
const BOOKED_MS = 75_000;
/** A placing of unknown fate counts as exposure until it is proven never to have come: a minute, and the questions after it. */
const UNKNOWN_MS = 65_000;
/** A launch, the lease of the one before, the quiet wait, and a start whose steps had been failing. */
const START_MS = 120_000;
/** A fill that was told nowhere is found in the history within 5 s; a message that was taken comes back a minute later. */
const SETTLED_MS = 240_000;
const LOOK_MS = 1_000;
const DECIMALS = 18;

export type Healing = {
  readonly world: ScenarioWorld<HandMadeExchange>;
  readonly service: EcsService;
  readonly operator: OperatorRoom;
  readonly mover: MarketMover;
  readonly checks: Checks;
  readonly shape: Shape;
  readonly mark: (name: string) => void;
};

/** How long it took until both sides of every market stood (virtual milliseconds). Rejects with `InvariantError`. */
export async function comesBack(healing: Healing): Promise<number> {
  const { world, service, operator, shape } = healing;
  const { time } = world;
  const healedMs = time.nowMs;
  const [task] = service.tasks;
  const wasWell = task !== undefined && isWell(task);
  const wasBehind = await isLedgerBehind(healing);
  let wasCircuitOpen = !wasWell;
  let wasUnknown = false;
  service.settle();
  operator.resumeAll(shape.markets.map(({ symbol }) => symbol));
  while (!isQuoting(healing)) {
    if (time.nowMs - healedMs <= IN_FLIGHT_MS) {
      wasCircuitOpen ||= task?.state().venue.circuit !== 0;
      wasUnknown ||= task !== undefined && hasUnknown(task);
    }
    redriveAside(healing);
    const restMs = (wasWell ? 0 : START_MS) + (wasCircuitOpen ? CIRCUIT_MS : 0) + (wasBehind ? BOOKED_MS : 0);
    const withinMs = QUOTES_AGAIN_MS + restMs + (wasUnknown ? UNKNOWN_MS : 0);
    if (time.nowMs - healedMs > withinMs) healing.checks.fail("liveness", whyNot(healing, withinMs));
    await time.pass(LOOK_MS);
  }
  return time.nowMs - healedMs;
}

/** It is in charge and stays so: one that ends, or has seen that another has the lease, makes room for a start. */
function isWell({ task, process, state }: WorldTask): boolean {
  const { engine, phase } = task.charge;
  if (engine === undefined || phase === "stopping" || process.state !== "running" || !process.canSign) return false;
  return state().lease.status !== "lost";
}

function hasUnknown({ task }: WorldTask): boolean {
  return task.charge.engine?.markets.some(({ orders }) => orders.open().some(isUnknown)) === true;
}

/** Nobody takes until every fill is booked everywhere. Rejects with `InvariantError`. */
export async function settles(healing: Healing): Promise<number> {
  const { world, mover, checks } = healing;
  const { time } = world;
  mover.isQuiet = true;
  const fromMs = time.nowMs;
  for (;;) {
    const faults = await differences(healing);
    if (faults.length === 0) break;
    if (time.nowMs - fromMs > SETTLED_MS) checks.fail("liveness", `after ${SETTLED_MS} ms: ${faults.join("; ")}`);
    redriveAside(healing);
    await time.pass(LOOK_MS);
  }
  mover.isQuiet = false;
  return time.nowMs - fromMs;
}

/** Fills of the venue's are not in the ledger yet. */
async function isLedgerBehind({ world: { exchange, table }, shape }: Healing): Promise<boolean> {
  for (const { symbol } of shape.markets) {
    const { fillCount } = await readBooks({ client: table.client, tableName: table.tableName }, symbol);
    if (fillCount < exchange.standing(symbol).fillCount) return true;
  }
  return false;
}

/** Operators do so once what set them aside is over (`docs/runbook.md`). */
function redriveAside({ world: { queue }, mark }: Healing): void {
  if (queue.deadLetters === 0) return;
  mark("fills set aside");
  queue.redrive();
}

function isQuoting({ world, service, shape }: Healing): boolean {
  // What a task left standing that can move it no more is no quote.
  const charges = service.tasks.filter(isWell).map(({ task }) => task.charge.epoch);
  return shape.markets.every((market) => {
    const open = world.exchange.openOrders(market.symbol);
    const sidesOf = (epoch: number | null) =>
      new Set(open.filter(({ clientOrderId }) => clientOrderId.startsWith(`fm-${epoch}-`)).map(({ side }) => side));
    const wanted = sidesWithin(market, world.exchange.standing(market.symbol).position, shape);
    return charges.some((epoch) => epoch !== null && wanted.every((side) => sidesOf(epoch).has(side)));
  });
}

/** The sides on which one more order is within the position limit: the other one must not be quoted. */
export function sidesWithin(
  market: MarketSetting,
  position: string,
  shape: Pick<Shape, "positionOrders">,
): readonly ("buy" | "sell")[] {
  const room = Number(sizeOf(market, positionOrdersOf(shape))) - Number(sizeOf(market, 1));
  return (["buy", "sell"] as const).filter((side) => (side === "buy" ? 1 : -1) * Number(position) <= room);
}

function whyNot({ world, service, shape }: Healing, withinMs: number): string {
  const said = service.tasks.map((task) => {
    const state = task.state();
    const steps = state.startup.filter((step) => step.state !== "done").map(({ step, detail }) => `${step}: ${detail}`);
    const reasons = state.markets.flatMap(({ market, reasons: why }) => why.map((each) => `${market}: ${each}`));
    return `${task.name} ${task.process.state} ${state.phase} ${[...steps.slice(0, 1), ...reasons].join(", ")}`;
  });
  const standing = shape.markets.map(({ symbol }) => {
    const sides = world.exchange.openOrders(symbol).map(({ side, clientOrderId }) => `${side} ${clientOrderId}`);
    return `${symbol} ${sides.join(", ") || "nothing"}`;
  });
  const waiting = `${world.queue.size} messages wait, ${world.queue.deadLetters} are aside`;
  return `not two-sided within ${withinMs} ms of healing: ${said.join(" | ") || "no task"}; standing: ${standing.join(" | ")}; ${waiting}`;
}

async function differences({ world, service, shape }: Healing): Promise<readonly string[]> {
  const { exchange, table, queue } = world;
  const faults: string[] = [];
  if (queue.size + queue.deadLetters > 0) faults.push(`${queue.size} messages wait, ${queue.deadLetters} are aside`);
  for (const { symbol } of shape.markets) {
    const { position, fillCount } = exchange.standing(symbol);
    const venue = parseScaled(position, DECIMALS, "position");
    const books = await readBooks({ client: table.client, tableName: table.tableName }, symbol);
    if (books.fillCount !== fillCount || books.position !== venue)
      faults.push(`the ledger has ${books.fillCount} fills of ${symbol}, the venue ${fillCount}`);
    for (const task of service.tasks) faults.push(...differencesOf(task, symbol, { fillCount, venue }));
  }
  return faults;
}

function differencesOf(
  task: WorldTask,
  symbol: string,
  { fillCount, venue }: { readonly fillCount: number; readonly venue: bigint },
): readonly string[] {
  const market = task.task.charge.engine?.market(symbol);
  if (market === undefined || task.task.charge.epoch === null) return [];
  const { books, orders } = market;
  const unknown = orders.open().filter(isUnknown).length;
  const faults = unknown > 0 ? [`${unknown} orders of ${symbol} are unknown to ${task.name}`] : [];
  if (books.fillCount === fillCount && books.position === venue) return faults;
  return [...faults, `${task.name} has ${books.fillCount} fills of ${symbol}, the venue ${fillCount}`];
}
