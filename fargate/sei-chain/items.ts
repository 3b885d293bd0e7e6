/** Commands as they wait for a transaction, and the messages they become. Owns the grouping: one message of each kind a contract. */
import type { CancelOrder, PlaceOrder } from "../../core/commands.ts";
import { priceToMoney, sizeToMoney } from "../../core/market.ts";
import type { Side, Ticks } from "../../core/units.ts";
import type { ChainMarket } from "./chain-market.ts";
import {
  CANCEL_ORDERS_URL,
  type DexCancellation,
  type DexOrder,
  LIMIT,
  LONG,
  PLACE_ORDERS_URL,
  SHORT,
} from "./messages.ts";
import type { DexMessage } from "./transaction.ts";

export type PlaceItem = {
  readonly kind: "place";
  readonly command: PlaceOrder;
  readonly contract: string;
  readonly order: DexOrder;
  /** Monotonic moment of the decision: an old one is not sent. */
  readonly decidedMs: number;
  /** Its bytes have left once: from then on only the venue's word ends it. */
  isWritten: boolean;
};

export type CancelItem = {
  readonly kind: "cancel";
  readonly command: CancelOrder;
  readonly contract: string;
  readonly cancellation: DexCancellation;
  /** Transactions it has been in that came to nothing. */
  readonly failures: number;
};

export type Item = PlaceItem | CancelItem;

export function toPlaceItem(
  { command, on, data }: { readonly command: PlaceOrder; readonly on: ChainMarket; readonly data: string },
  decidedMs: number,
): PlaceItem {
  const { market, contract, assetDenom, priceDenom } = on;
  const order = {
    price: priceToMoney(market, command.price),
    quantity: sizeToMoney(market, command.size),
    ...{ priceDenom, assetDenom, orderType: LIMIT, positionDirection: directionOf(command.side), data },
  };
  return { kind: "place", command, contract, order, decidedMs, isWritten: false };
}

/** The chain finds an order by all of these, and passes by in silence what does not fit. */
export function toCancelItem(
  command: CancelOrder,
  { side, price }: { readonly side: Side; readonly price: Ticks },
  { market, contract, assetDenom, priceDenom }: ChainMarket,
): CancelItem {
  const pair = { contractAddr: contract, priceDenom, assetDenom, positionDirection: directionOf(side) };
  const cancellation = { id: BigInt(command.orderId), ...pair, price: priceToMoney(market, price) };
  return { kind: "cancel", command, contract, cancellation, failures: 0 };
}

function directionOf(side: Side): number {
  return side === "buy" ? LONG : SHORT;
}

/** Cancels first, as the chain carries them out; the placings in the order in which the chain's events name them. */
export function toMessages(
  creator: string,
  placings: readonly PlaceItem[],
  cancels: readonly CancelItem[],
): { readonly messages: readonly DexMessage[]; readonly placingsInOrder: readonly PlaceItem[] } {
  const byContract = [...Map.groupBy(placings, ({ contract }) => contract)];
  const cancelling = [...Map.groupBy(cancels, ({ contract }) => contract)].map(
    ([contractAddr, items]): DexMessage => ({
      typeUrl: CANCEL_ORDERS_URL,
      value: { creator, contractAddr, cancellations: items.map(({ cancellation }) => cancellation) },
    }),
  );
  const placing = byContract.map(
    ([contractAddr, items]): DexMessage => ({
      typeUrl: PLACE_ORDERS_URL,
      value: { creator, contractAddr, orders: items.map(({ order }) => order), funds: [] },
    }),
  );
  return { messages: [...cancelling, ...placing], placingsInOrder: byContract.flatMap(([, items]) => items) };
}
