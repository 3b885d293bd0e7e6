/**
 * Fills as the newest blocks tell them. Owns those that wait for their order's name: a block may be read before what became of our
 * transaction in it. What waits for too long is left to the history, which tells every fill again.
 */
import type { EngineEvent } from "../../core/events.ts";
import type { Clock } from "../seams.ts";
import type { ChainMarkets } from "./chain-market.ts";
import type { KnownOrders } from "./known-orders.ts";
import { type BlockStamp, type Settlement, settlementsOf, toFill } from "./settlements.ts";
import type { StreamBlock } from "./stream.ts";

export type LiveFillsOptions = {
  readonly orders: KnownOrders;
  readonly markets: ChainMarkets;
  readonly account: string;
  readonly chainId: string;
  readonly clock: Clock;
  readonly onEvent: (event: EngineEvent) => void;
  readonly onUnreadable: (fault: { readonly market: string; readonly height: number; readonly error: unknown }) => void;
};

const WAITING_MAX = 500;

export class LiveFills {
  readonly #options: LiveFillsOptions;
  #waiting: { readonly settlement: Settlement; readonly block: BlockStamp }[] = [];

  constructor(options: LiveFillsOptions) {
    this.#options = options;
  }

  blockSeen({ height, time, events }: StreamBlock): void {
    const { account, markets, chainId } = this.#options;
    const onUnreadable = (market: string, error: unknown) => this.#options.onUnreadable({ market, height, error });
    for (const settlement of settlementsOf(events, { account, markets, onUnreadable })) {
      this.#waiting.push({ settlement, block: { chainId, height, time } });
    }
    this.#waiting = this.#waiting.slice(-WAITING_MAX);
    this.namesKnown();
  }

  /** Tells of those whose orders are known by now. */
  namesKnown(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ settlement, block }) => !this.#tell(settlement, block));
  }

  #tell(settlement: Settlement, block: BlockStamp): boolean {
    const { orders, clock, onEvent, onUnreadable } = this.#options;
    const { symbol } = settlement.on.market;
    const clientOrderId = orders.clientIdOf(symbol, settlement.orderId);
    if (clientOrderId === undefined) return false;
    try {
      const fill = toFill(settlement, block, clientOrderId);
      orders.filled(fill);
      onEvent({ type: "fill", fill, at: clock.now() });
    } catch (error) {
      onUnreadable({ market: symbol, height: block.height, error });
    }
    return true;
  }
}
