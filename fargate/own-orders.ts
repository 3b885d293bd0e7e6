/**
 * Ends every order of ours that the venue shows, of this start or any earlier one, and proves it: strangers' orders on the
 * same account, and those of a later start, are left alone. Used at the start and at the stop; while quoting, the engine decides.
 */
import type { VenueOrder } from "../core/events.ts";
import type { RequestBudget } from "../core/execution/request-budget.ts";
import { epochOf, type Order, OWN_PREFIX } from "../core/order.ts";
import { PLACING_LIFETIME_MS } from "../core/orders.ts";
import { withDeadline } from "./deadline.ts";
import type { Clock } from "./seams.ts";
import type { Venue } from "./venue.ts";

/** An open-orders answer may be a moment old: only two in a row that show nothing are proof. */
const EMPTY_ANSWERS_NEEDED = 2;
/** More than a stop or a start-up step has time for. */
const ROUNDS_MAX = 200;
/** At least a block of Sei (0.4 s) between two answers, so that the second is not the first one again. */
const ROUND_PAUSE_MS = 400;
/** A list that takes longer is asked for again. */
const LIST_WITHIN_MS = 5_000;

/** A slot may come free sooner than it was foreseen. */
const SLOT_LOOK_MS = 50;

class OrdersLeftOpenError extends Error {
  readonly code = "ORDERS_LEFT_OPEN";

  /** `shown`: open by the venue's last answer; `placed`: sent by us and not proven ended, which is all there is without one. */
  constructor(market: string, shown: readonly VenueOrder[], placed: readonly Order[], cause: unknown) {
    const shownIds = shown.map((order) => order.clientOrderId);
    const unproven = placed.map((order) => order.clientOrderId).filter((id) => !shownIds.includes(id));
    const open = shownIds.join(", ") || "none shown, but that is not proven";
    const rest = unproven.length === 0 ? "" : `; not proven ended: ${unproven.join(", ")}`;
    super(`orders of ${market} must be ended, still open: ${open}${rest}`, { cause });
    this.name = "OrdersLeftOpenError";
  }
}

export type OwnOrdersOptions = {
  readonly venue: Pick<Venue, "execute" | "openOrders" | "mayArrive">;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  /** Of this start: orders of a later one are its own to end. */
  readonly epoch: number;
  /** The market's orders that this start placed and that are not proven ended. */
  readonly placed: (market: string) => readonly Order[];
  /** A start that was told to stop: the stop ends the orders itself, and needs the time. */
  readonly isGivenUp?: () => boolean;
};

/**
 * Ends the orders of several markets at once, each apart from the others. Resolves with how many were found open, by market.
 * Rejects when any market's could not be ended by `endMs` (monotonic); the others' have been all the same.
 */
export async function cancelAllOwnOrders(
  options: OwnOrdersOptions,
  markets: readonly string[],
  endMs: number,
): Promise<ReadonlyMap<string, number>> {
  // What we know of goes first: the venue's own list may take a while, or not be readable at all.
  for (const market of markets) {
    for (const order of options.placed(market)) {
      if (order.orderId !== undefined) await cancelOne(options, { ...order, orderId: order.orderId }, endMs);
    }
  }
  const outcomes = await Promise.allSettled(markets.map((market) => proveNoneOpen(options, market, endMs)));
  const faults = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (faults.length > 0) throw new AggregateError(faults, faults.map(messageOf).join("; "));
  return new Map(outcomes.map((outcome, i) => [markets[i] ?? "", outcome.status === "fulfilled" ? outcome.value : 0]));
}

/**
 * Cancels until the venue shows none of ours twice in a row, asked when nothing of ours could still arrive there. A question
 * without an answer is asked again until `endMs`.
 */
async function proveNoneOpen(options: OwnOrdersOptions, market: string, endMs: number): Promise<number> {
  const { venue, clock } = options;
  const found = new Set<string>();
  let emptyAnswers = 0;
  let mayArrive = false;
  let open: readonly VenueOrder[] = [];
  let fault: unknown;
  for (let round = 0; round < ROUNDS_MAX && (round === 0 || !isOver(options, endMs)); round += 1) {
    if (round > 0) await pause(clock, ROUND_PAUSE_MS);
    mayArrive =
      venue.mayArrive?.() === true ||
      options.placed(market).some((order) => isOnItsWay(order, clock.now().monotonicMs));
    try {
      const leftMs = Math.min(LIST_WITHIN_MS, Math.max(1, endMs - clock.now().monotonicMs));
      const listed = await withDeadline(clock, leftMs, "listing the open orders", () => venue.openOrders(market));
      open = listed.value.filter(({ clientOrderId: id }) => id.startsWith(OWN_PREFIX) && epochOf(id) <= options.epoch);
    } catch (error) {
      // The first says why; the last may only be that the time was up.
      fault ??= error;
      emptyAnswers = 0;
      continue;
    }
    emptyAnswers = open.length === 0 && !mayArrive ? emptyAnswers + 1 : 0;
    if (emptyAnswers >= EMPTY_ANSWERS_NEEDED) return found.size;
    for (const order of open) {
      found.add(order.orderId);
      await cancelOne(options, order, endMs);
    }
  }
  if (mayArrive) fault ??= new Error("something that was sent may still arrive at the venue");
  throw new OrdersLeftOpenError(market, open, options.placed(market), fault);
}

/** A placing without an answer may come to rest at the venue after an answer that shows no order, until it is too old to. */
function isOnItsWay(order: Order, nowMs: number): boolean {
  const isUnanswered = order.state === "intent" || order.state === "sent" || order.state === "place-unknown";
  return isUnanswered && nowMs - order.sentMs < PLACING_LIFETIME_MS;
}

/** Sends one cancel once the budget allows it; what came of it shows in the next open-orders answer. */
async function cancelOne(
  options: OwnOrdersOptions,
  order: Pick<VenueOrder, "market" | "clientOrderId" | "orderId">,
  endMs: number,
): Promise<void> {
  const { venue, budget, clock } = options;
  const { market, clientOrderId, orderId } = order;
  while (!isOver(options, endMs)) {
    const requestId = budget.take("cancel", clock.now());
    if (requestId !== undefined) {
      venue.execute({ type: "cancel-order", requestId, market, clientOrderId, orderId });
      return;
    }
    await pause(clock, Math.min(SLOT_LOOK_MS, Math.max(1, budget.nextFreeMs("cancel", clock.now()))));
  }
}

function isOver({ clock, isGivenUp }: OwnOrdersOptions, endMs: number): boolean {
  return clock.now().monotonicMs >= endMs || isGivenUp?.() === true;
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
