import fc from "fast-check";
import { expect, it } from "vitest";
import { makeMarket, priceToMoney, sizeToMoney } from "../../../core/market.ts";
import { isInFlight, remainingOf } from "../../../core/order.ts";
import type { OrderState } from "../../../core/order-states.ts";
import { notionalOf, orderRisk } from "../../../core/risk/shard-risk.ts";
import { type Side, toLots, toTicks } from "../../../core/units.ts";
import { makeOrder } from "../make-events.ts";

const ONE = 10n ** 18n;

/** Prices and sizes up to where a single product of them, and then their sum, leaves the safe range. */
const magnitude = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 2 ** 40 }));

const orders = fc.array(
  fc
    .record({
      side: fc.constantFrom<Side>("buy", "sell"),
      price: magnitude.map(toTicks),
      size: magnitude.map(toLots),
      state: fc.constantFrom<OrderState>(
        "intent",
        "sent",
        "live",
        "partially-filled",
        "cancel-sent",
        "place-unknown",
        "cancel-unknown",
        "external",
        "filled",
        "cancelled",
        "rejected",
        "denied",
      ),
      isFillKnown: fc.boolean(),
      booked: fc.double({ min: 0, max: 1.2, noNaN: true }),
      reported: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ booked, reported, ...order }) =>
      makeOrder({
        ...order,
        clientOrderId: "O",
        filledBooked: toLots(Math.floor(booked * order.size)),
        filledReported: toLots(Math.floor(reported * order.size)),
      }),
    ),
  { maxLength: 30 },
);

const markets = fc.constantFrom(
  makeMarket({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" }),
  makeMarket({ symbol: "ES/USD", tickSize: "0.25", lotSize: "0.001" }),
  makeMarket({ symbol: "BTC/USDC", tickSize: "0.000000003", lotSize: "0.000000007" }),
);

it("what orders may still do is, in one walk, each one's rest by itself", () => {
  fc.assert(
    fc.property(markets, fc.integer({ min: -5_000, max: 5_000 }), orders, (market, position, all) => {
      const buys = all.filter(({ side }) => side === "buy");
      const sells = all.filter(({ side }) => side === "sell");
      const rest = (some: typeof all) => some.reduce((sum, order) => sum + remainingOf(order), 0);
      expect(orderRisk(market, toLots(position), all)).toEqual({
        exposure: { long: position + rest(buys), short: position - rest(sells) },
        buyValue: buys.reduce(
          (sum, order) => sum + (priceToMoney(market, order.price) * sizeToMoney(market, remainingOf(order))) / ONE,
          0n,
        ),
        sellSize: sells.reduce((sum, order) => sum + sizeToMoney(market, remainingOf(order)), 0n),
        inFlight: all.filter(isInFlight).length,
      });
    }),
  );
});

it("a notional is price times size as money, exactly", () => {
  fc.assert(
    fc.property(markets, magnitude, magnitude, (market, price, size) => {
      const quote = { price: toTicks(price), size: toLots(size) };
      const product = priceToMoney(market, quote.price) * sizeToMoney(market, quote.size);
      expect(notionalOf(market, quote) * ONE).toBe(product);
    }),
  );
});
