/**
 * What became of a transaction, as facts about its orders. Owns what each outcome proves: the events of an included one name the orders
 * it placed and cancelled; a refusal, a failure in its block and a proven absence mean that nothing of it was carried out.
 */
import type { EngineEvent } from "../../core/events.ts";
import { toLots } from "../../core/units.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../seams.ts";
import type { Metrics } from "../telemetry.ts";
import { valuesOf } from "./chain-events.ts";
import type { Fate, Flight } from "./flights.ts";
import type { CancelItem, Item, PlaceItem } from "./items.ts";
import type { KnownOrders } from "./known-orders.ts";
import { nestedOf, placeOrdersAnswerCodec, readFields, textOf } from "./messages.ts";
import type { IncludedTransaction } from "./rpc.ts";

export type OutcomesOptions = {
  readonly orders: KnownOrders;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onEvent: (event: EngineEvent) => void;
  /** A cancel that came to nothing goes once more. */
  readonly repeat: (item: CancelItem) => void;
  /** The chain took a cancel, and carried nothing out: the order itself must be looked at. */
  readonly lookAt: (item: CancelItem) => void;
};

/** A cancel may safely be sent twice: an order has one end. */
const CANCEL_FAILURES_MAX = 2;

/** Answers to messages: of SDK 0.45 (field 1: type and bytes), and of later ones (field 2: an Any). */
const ANSWERS_OLD = 1;
const ANSWERS_NEW = 2;
const ANSWER_TYPE = /MsgPlaceOrders/;

export class Outcomes {
  readonly #options: OutcomesOptions;

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  written({ command: { market, clientOrderId } }: PlaceItem): void {
    this.#options.onEvent({ type: "order-sent", market, clientOrderId, at: this.#options.clock.now() });
  }

  unsent({ command: { market, clientOrderId } }: PlaceItem, reason: string): void {
    this.#options.orders.ended(clientOrderId);
    this.#options.metrics.increment("flashmm_order_placement_errors_total", { market });
    this.#options.onEvent({ type: "order-unsent", market, clientOrderId, reason, at: this.#options.clock.now() });
  }

  unknown({ command: { market, clientOrderId } }: PlaceItem, reason: string): void {
    this.#options.metrics.increment("flashmm_order_placement_errors_total", { market });
    this.#options.onEvent({ type: "place-unknown", market, clientOrderId, reason, at: this.#options.clock.now() });
  }

  /** Proven not to have been carried out. */
  refused(item: Item, reason: string): void {
    const { market, clientOrderId } = item.command;
    if (item.kind === "cancel") {
      this.#options.metrics.increment("flashmm_order_cancellation_errors_total", { market });
      if (item.failures < CANCEL_FAILURES_MAX) this.#options.repeat({ ...item, failures: item.failures + 1 });
      else this.#options.lookAt(item);
      return;
    }
    this.#options.orders.ended(clientOrderId);
    this.#options.metrics.increment("flashmm_order_placement_errors_total", { market });
    this.#options.onEvent({ type: "order-rejected", market, clientOrderId, reason, at: this.#options.clock.now() });
  }

  settled(flight: Flight, fate: Fate): void {
    const items = [...flight.placings, ...flight.cancels];
    if (fate.type === "absent") {
      const reason = `no block up to ${flight.timeoutHeight} holds the transaction`;
      for (const item of items) this.refused(item, reason);
      return;
    }
    const { transaction } = fate;
    if (transaction.code !== 0) {
      const { code, codespace, log, height } = transaction;
      this.#options.log.warn("A transaction failed in its block", { hash: flight.hash, height, code, codespace, log });
      for (const item of items) this.refused(item, `${codespace} ${code}: ${log}`);
      return;
    }
    this.#placed(flight, transaction);
    const cancelled = new Set(valuesOf(transaction.events, "cancel_order", "cancellation_id"));
    for (const item of flight.cancels) this.#cancelled(item, cancelled);
  }

  /** The chain names the orders in the order of the message. */
  #placed(flight: Flight, transaction: IncludedTransaction): void {
    const { placings } = flight;
    const ids = orderIdsOf(transaction, placings.length);
    if (ids === undefined) {
      const { hash } = flight;
      this.#options.log.error("A transaction does not name its orders", { hash, orders: placings.length });
      for (const item of placings) this.unknown(item, "the chain does not say the number of the order");
      return;
    }
    const at = this.#options.clock.now();
    for (const [index, { command }] of placings.entries()) {
      const orderId = ids[index] ?? "";
      const { clientOrderId, market, side, price, size } = command;
      this.#options.orders.taken(clientOrderId, orderId, { height: transaction.height, ms: at.monotonicMs });
      const order = { orderId, clientOrderId, market, side, price, size, filled: toLots(0), status: "open" } as const;
      this.#options.onEvent({ type: "order-seen", order, at });
    }
  }

  #cancelled(item: CancelItem, accepted: ReadonlySet<string>): void {
    const { market, clientOrderId, orderId } = item.command;
    // What it had filled before is told by the blocks before this one; in its own block a cancel comes first.
    if (!accepted.has(orderId)) {
      this.#options.lookAt(item);
      return;
    }
    this.#options.orders.ended(clientOrderId);
    this.#options.onEvent({ type: "order-cancelled", market, clientOrderId, at: this.#options.clock.now() });
  }
}

/** From the events, or where they lack some, from the answer itself; undefined when neither tells of as many. */
function orderIdsOf({ events, data }: IncludedTransaction, count: number): readonly string[] | undefined {
  const ids = valuesOf(events, "place_order", "order_id");
  if (ids.length === count) return ids;
  const answered = answeredIds(data);
  return answered.length === count ? answered : undefined;
}

function answeredIds(data: Uint8Array): readonly string[] {
  try {
    const message = readFields(data, "TxMsgData");
    const old = nestedOf(message, ANSWERS_OLD);
    return (old.length > 0 ? old : nestedOf(message, ANSWERS_NEW)).flatMap((bytes) => {
      const answer = readFields(bytes, "answer");
      if (!ANSWER_TYPE.test(textOf(answer, 1))) return [];
      const [value = new Uint8Array()] = nestedOf(answer, 2);
      return placeOrdersAnswerCodec.decode(value).orderIds.map((id) => id.toString());
    });
  } catch {
    return [];
  }
}
