/**
 * A table in virtual time and tasks that keep minutes on it: a real engine that quotes a lively book, its recorder, and a process
 * whose clock and table can be disturbed.
 */
import type { FillMarkout } from "../../core/accounting/markout.ts";
import type { Engine } from "../../core/engine.ts";
import type { MarketEngine } from "../../core/market-engine.ts";
import { MinuteRecorder } from "../../fargate/minute-recorder.ts";
import { MinuteTable } from "../../fargate/minute-table.ts";
import { readMinutes } from "../../lambdas/engine-items.ts";
import { makeAwsAccess } from "../../sim/world/aws-access.ts";
import { startTableHost } from "../../sim/world/table-host.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { WorldProcess } from "../../sim/world/world-process.ts";
import { makeFill, orderSeen } from "../core/make-events.ts";
import { makeRecorder } from "./driven-world.ts";
import { bookAround, decideAndAnswer, MARKET_CONFIG, makeEngine, orderOf, readyToQuote } from "./make-engine.ts";

export const SYMBOL = MARKET_CONFIG.symbol;

/** A book and a decision so often, in milliseconds. */
const TICK_MS = 500;

export type MinuteTask = ReturnType<MinuteWorld["makeTask"]>;
export type MinuteWorld = Awaited<ReturnType<typeof startMinuteWorld>>;

/** The world's wall clock begins at 2026-01-02T00:00:00Z. */
export async function startMinuteWorld() {
  const time = new VirtualTime();
  const host = await startTableHost();
  const table = { client: host.client, tableName: host.tableName };
  return {
    time,
    /** Lets time pass up to a moment of the world. */
    at: (ms: number) => time.pass(ms - time.nowMs),
    /** All that stands in the table, by an eye without faults. */
    minutes: () => readMinutes(table, SYMBOL, { from: "2026-01-01T00:00", to: "2026-01-03T00:00" }),
    table,
    stop: () => host.stop(),
    makeTask: (epoch: number, options: { readonly takeMarkouts?: () => readonly FillMarkout[] } = {}) => {
      const process = new WorldProcess(`task-${epoch}`, time);
      const services = { table: host.backend, queue: host.backend, bus: host.backend };
      const aws = makeAwsAccess({ time, process, services, seed: epoch });
      const { engine, market, budget } = makeEngine({ epoch });
      const { clock } = process;
      for (const event of readyToQuote(5_000, clock.now().monotonicMs)) engine.apply(event);
      const recorder = makeRecorder();
      const minutes = new MinuteRecorder({
        ...recorder,
        takeMarkouts: options.takeMarkouts ?? (() => market.markouts.takeFinished()),
        meter: engine.minutes,
        markets: [SYMBOL],
        epoch,
        table: new MinuteTable({ ...table, client: aws.dynamodb, clock }),
        clock,
        rng: { next: () => 1 },
      });
      const quotes = drive(process, engine, () => {
        const commands = decideAndAnswer(engine, budget, clock.now());
        for (const { type, clientOrderId } of commands) {
          const order = market.orders.find(clientOrderId);
          if (type !== "cancel-order" || order?.orderId === undefined) continue;
          // The second word, with which an end is proven.
          const { monotonicMs } = clock.now();
          engine.apply(orderSeen({ ...order, orderId: order.orderId, status: "cancelled" }, monotonicMs));
        }
      });
      const countOf = (kind: string) => recorder.countOf(kind, "flashmm_minute_write_errors_total");
      const { lines } = recorder;
      return { process, engine, market, minutes, link: aws.links.table, lines, countOf, ...quotes };
    },
  };
}

/** Keeps a process' engine busy; what it hears and decides ends with `rest`. */
function drive(process: WorldProcess, engine: Engine, decide: () => unknown) {
  let stop: () => void = () => undefined;
  const turn = () => {
    const now = process.clock.now();
    engine.apply({ ...bookAround(5_000, now.monotonicMs), at: now });
    engine.apply({ type: "fills-read", market: SYMBOL, askedMs: now.monotonicMs, at: now });
    decide();
    stop = process.clock.after(TICK_MS, turn);
  };
  turn();
  return { rest: () => stop() };
}

let fills = 0;

/** The market's first bid is filled whole. */
export function fillBid(engine: Engine, market: MarketEngine, process: WorldProcess): void {
  const { orderId, clientOrderId, side, price, size } = orderOf(market, "buy");
  fills += 1;
  const fill = makeFill({ fillId: `F-${fills}`, orderId, clientOrderId, side, price, size });
  engine.apply({ type: "fill", fill, at: process.clock.now() });
}
