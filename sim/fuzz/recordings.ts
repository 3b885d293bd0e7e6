/**
 * What the simulated venue and nodes said while an account traded for a while: the beginnings of all mutations. Owns the little story
 * and its collection; every word is made by the simulated servers' own writers.
 */
import { makeMarket } from "../../core/market.ts";
import type { Markets } from "../../core/sei/market-events.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import type { Clock } from "../../fargate/seams.ts";
import type { Timing } from "../../lambdas/timing.ts";
import { toFillJson, toOrderJson, toPlacedJson } from "../cambrian-api/wire.ts";
import type { Balance, ExchangeFill, ExchangeOrder } from "../exchange/account-records.ts";
import { makeHandMadeExchange } from "../exchange/hand-made-exchange.ts";
import { EVENT_SHAPES, toEventFrame } from "../sei-node/event-frame.ts";
import { toError, toResult } from "../sei-node/json-rpc.ts";

const SETTINGS = [
  { symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1", startPrice: "0.4213" },
  { symbol: "ETH/USDC", tickSize: "0.25", lotSize: "0.001", startPrice: "2412.5" },
] as const;

const START_EPOCH_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export const MARKETS: Markets = new Map(SETTINGS.map((setting) => [setting.symbol, makeMarket(setting)]));

/** Time stands still, and nothing that is put off ever comes. */
export const STILL_CLOCK: Clock = {
  now: () => ({ monotonicMs: 1_000, epochMs: START_EPOCH_MS }),
  after: () => () => undefined,
};

/** The same for functions, whose pauses are over at once. */
export const STILL_TIMING: Timing = {
  epochMs: () => START_EPOCH_MS,
  monotonicMs: () => 0,
  wait: async () => undefined,
  random: () => 0.5,
};

export type Recordings = {
  readonly events: readonly WireEvent[];
  /** Every event in every shape that nodes have sent, and the answers to subscriptions. */
  readonly frames: readonly string[];
  readonly orders: readonly ExchangeOrder[];
  readonly fills: readonly ExchangeFill[];
  readonly balances: readonly Balance[];
};

export function makeRecordings(): Recordings {
  const exchange = makeHandMadeExchange({ clock: STILL_CLOCK, markets: SETTINGS, shape: { levels: 6 } });
  const events: WireEvent[] = [];
  exchange.subscribe((event) => events.push(event));
  const orders: ExchangeOrder[] = [];
  let placed = 0;
  const place = (market: string, side: "buy" | "sell", price: string, quantity: string) => {
    placed += 1;
    const outcome = exchange.place({
      market,
      side,
      price,
      quantity,
      orderType: "limit",
      timeInForce: "gtc",
      clientOrderId: `fm-7-${market.replace("/", "")}-${side === "buy" ? "b" : "s"}0-${placed}`,
    });
    if (outcome.type === "placed") orders.push(outcome.order);
  };
  place("SEI/USDC", "buy", "0.4211", "1500");
  place("SEI/USDC", "sell", "0.4215", "1200");
  place("ETH/USDC", "buy", "2412", "1.25");
  exchange.hand("SEI/USDC").hit("sell", "700", "0.4211");
  exchange.hand("SEI/USDC").hit("buy", "1200", "0.4215");
  exchange.hand("ETH/USDC").hit("sell", "1.25", "2412");
  place("SEI/USDC", "buy", "0.3", "10");
  exchange.setMarketStatus("SEI/USDC", "halted");
  for (const market of exchange.markets) events.push(...exchange.snapshot(market));
  const fills = exchange.markets.flatMap(
    (market) => exchange.fillsAfter({ market, cursor: undefined, limit: 100 }).fills,
  );
  const final = orders.map((order) => exchange.order(order.orderId) ?? order);
  const balances = exchange.balances();
  exchange.stop();
  const kept = [...orders, ...final];
  return { events, frames: toFrames(events), orders: kept, fills, balances };
}

/** The answers of CONTRACTS 3, as text. */
export function toAnswers({ orders, fills, balances }: Recordings) {
  const text = (value: unknown) => JSON.stringify(value);
  const [first] = orders;
  return {
    placed: orders.map((order) => text(toPlacedJson(order))),
    ended: orders.map(({ orderId, status }) => text({ order_id: orderId, status })),
    order: orders.map((order) => text(toOrderJson(order))),
    orders: [
      text({ orders: orders.map(toOrderJson) }),
      text({ orders: first === undefined ? [] : [toOrderJson(first)] }),
    ],
    fill: fills.map((fill) => text(toFillJson(fill))),
    fills: [text({ fills: fills.map(toFillJson), next_cursor: "c-3" }), text({ fills: [], next_cursor: null })],
    account: [text({ account_id: "flashmm-simulated", balances })],
    refusal: [text({ error: { code: "insufficient_balance", message: "the account has 3 USDC, 40 are needed" } })],
  };
}

function toFrames(events: readonly WireEvent[]): readonly string[] {
  const sent = events.map(({ type, attributes }, index) => ({
    type,
    attributes: type === "OrderBookUpdate" ? { ...attributes, sequence: String(1_042 + index) } : attributes,
  }));
  const frames = EVENT_SHAPES.flatMap((shape) =>
    sent.map((event, index) =>
      toEventFrame({ shape, id: 1 + (index % 3), query: `tm.event='${event.type}'`, event, height: 100 + index }),
    ),
  );
  return [
    ...frames,
    toResult(1, {}),
    toError(2, "internal", "max_subscriptions_per_client 5 reached"),
    toError(null, "parse", "no JSON"),
  ];
}
