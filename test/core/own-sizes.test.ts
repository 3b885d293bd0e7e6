import fc from "fast-check";
import { expect, it } from "vitest";
import type { OwnSize } from "../../core/market-data/book.ts";
import { MarketOrders } from "../../core/market-orders.ts";
import { isOpen, remainingOf } from "../../core/order.ts";
import { toLots, toTicks } from "../../core/units.ts";
import { instant, makeFill } from "./make-events.ts";

const MARKET = "SEI/USDC";

type Step = { readonly what: "place" | "fill" | "cancel" | "reject" | "forget" | "look"; readonly which: number };

const step = fc.record<Step>({
  what: fc.constantFrom("place", "fill", "cancel", "reject", "forget", "look", "look"),
  which: fc.nat(20),
});

/** As of the orders alone, worked out anew. */
function plainSizes({ orders }: MarketOrders, nowMs: number): readonly OwnSize[] {
  const own: OwnSize[] = [];
  for (const order of orders.mattering()) {
    const wasShown = order.state === "filled" || order.state === "cancelled";
    if (isOpen(order)) own.push({ side: order.side, price: order.price, size: remainingOf(order) });
    else if (wasShown && nowMs - order.changedMs <= 500) {
      own.push({ side: order.side, price: order.price, size: order.size });
    }
  }
  return own;
}

it("our own sizes in a book are those of the orders at that moment, whatever was asked before", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: -400, max: 600 })), { maxLength: 60 }), (steps) => {
      const sent = new MarketOrders(MARKET, 1, 1_000);
      const ids: string[] = [];
      let nowMs = 10_000;
      let fills = 0;
      for (const [{ what, which }, passedMs] of steps) {
        nowMs += passedMs;
        const at = instant(nowMs);
        const clientOrderId = ids[which % Math.max(1, ids.length)] ?? "";
        const order = sent.orders.find(clientOrderId);
        if (what === "place") {
          const quote = { side: "buy", level: which % 5, price: toTicks(50 + which), size: toLots(100) } as const;
          const placed = sent.place(quote, ids.length, at).clientOrderId;
          sent.apply({ type: "order-sent", market: MARKET, clientOrderId: placed, at });
          ids.push(placed);
        } else if (what === "forget") {
          sent.orders.forget(nowMs);
        } else if (order !== undefined && what === "fill") {
          fills += 1;
          sent.filled(makeFill({ clientOrderId, fillId: `F${fills}`, size: toLots(40) }), order, nowMs);
        } else if (order !== undefined && isOpen(order) && what === "cancel") {
          sent.apply({ type: "order-cancelled", market: MARKET, clientOrderId, at });
        } else if (order !== undefined && order.state === "sent" && what === "reject") {
          sent.apply({ type: "order-rejected", market: MARKET, clientOrderId, reason: "no", at });
        }
        expect(sent.ownSizes(nowMs)).toEqual(plainSizes(sent, nowMs));
        expect(sent.ownSizes(nowMs)).toBe(sent.ownSizes(nowMs));
      }
    }),
  );
});
