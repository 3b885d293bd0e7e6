/**
 * From the quotes wanted and the orders there are to the least that must change, slot by slot (side and level), on price
 * and size, with hysteresis: a place in the queue is worth something. Owns no budget and no limits.
 */
import type { Order } from "../order.ts";
import { isResting, remainingOf } from "../order.ts";
import type { RefreshTolerance } from "../quoting/parameters.ts";
import type { Quote } from "../quoting/strategy.ts";

export type OrderDiff = {
  /** To cancel whatever it costs, the most dangerous first: quotes no longer wanted, and those more generous than wanted. */
  readonly cancels: readonly Order[];
  /** Quotes that are merely too shy, with what should stand in their place: worth moving when the requests for it are there. */
  readonly moves: readonly { readonly order: Order; readonly quote: Quote }[];
  /** To place, the best level first. A slot whose old order is not proven dead may be among them: the risk gate counts both. */
  readonly places: readonly Quote[];
};

/**
 * `open` are this market's open orders. A slot holds at most one order that is not being cancelled; while its fate is unknown
 * or its placing unanswered the slot waits, and while a cancel is under way at most one replacement joins it.
 */
export function diffOrders(wanted: readonly Quote[], open: readonly Order[], tolerance: RefreshTolerance): OrderDiff {
  const cancels: { order: Order; danger: number }[] = [];
  const moves: { order: Order; quote: Quote }[] = [];
  const wantedBySlot = new Map(wanted.map((quote) => [slotOf(quote), quote]));
  const taken = new Set<string>();
  for (const order of open) {
    if (order.state === "cancel-sent") continue;
    const slot = slotOf(order);
    const quote = wantedBySlot.get(slot);
    if (order.state === "external") {
      cancels.push({ order, danger: Number.POSITIVE_INFINITY });
    } else if (!isResting(order)) {
      taken.add(slot);
    } else if (quote === undefined || taken.has(slot)) {
      cancels.push({ order, danger: Number.POSITIVE_INFINITY });
    } else if (isCloseEnough(order, quote, tolerance)) {
      taken.add(slot);
    } else if (dangerOf(order, quote) > 0) {
      cancels.push({ order, danger: dangerOf(order, quote) });
    } else {
      taken.add(slot);
      moves.push({ order, quote });
    }
  }
  cancels.sort((a, b) => b.danger - a.danger || a.order.level - b.order.level);
  moves.sort((a, b) => a.quote.level - b.quote.level);
  const places = wanted.filter((quote) => !taken.has(slotOf(quote))).sort((a, b) => a.level - b.level);
  return { cancels: cancels.map((entry) => entry.order), moves, places };
}

function slotOf(quote: { readonly side: string; readonly level: number }): string {
  return `${quote.side}${quote.level}`;
}

function isCloseEnough(order: Order, quote: Quote, tolerance: RefreshTolerance): boolean {
  const priceOff = Math.abs(order.price - quote.price);
  const sizeOff = Math.abs(remainingOf(order) - quote.size) * 100;
  return priceOff <= tolerance.priceTicks && sizeOff <= tolerance.sizePercent * quote.size;
}

/**
 * How many ticks too generous the order is: positive when whoever takes it gets a better price than we want to give. An order
 * that is larger than wanted is dangerous too, if less so than any price.
 */
function dangerOf(order: Order, quote: Quote): number {
  const ticks = order.side === "buy" ? order.price - quote.price : quote.price - order.price;
  return ticks <= 0 && remainingOf(order) > quote.size ? OVERSIZE_DANGER : ticks;
}

const OVERSIZE_DANGER = 0.5;
