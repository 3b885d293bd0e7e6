/**
 * The traders around us on the chain: the same order flow as in the simulated market, gathered over a block's time and entered into its
 * batch. Owns what they have sent and not yet seen done; how they behave is `order-flow.ts`'s.
 */
import { oppositeOf, type Side, type Ticks } from "../../core/units.ts";
import type { EnteringOrder, EntryResult } from "../exchange/market-place.ts";
import { reaches } from "../exchange/matching-engine.ts";
import { OrderFlow, type TradersBook } from "../exchange/order-flow.ts";
import { PricePath } from "../exchange/price-path.ts";
import { makeSeededRng } from "../exchange/seeded-rng.ts";
import { OUTSIDE_PREFIX, type OutsideTraders } from "./chain.ts";
import type { DexContract, Pair } from "./contract.ts";

/** Market time of one step of the flow: each kind of trader acts at most once in it. */
const STEP_MS = 40;

type Sent = EnteringOrder & { readonly owner: string };

export class ChainTraders implements OutsideTraders {
  readonly #pair: Pair;
  readonly #path: PricePath;
  readonly #flow: OrderFlow;
  readonly #stepsPerBlock: number;
  /** Limit orders and takers that go into the next block, in the order they were sent. */
  #sent = new Map<string, Sent>();
  /** The contract's numbers of their orders in the book. */
  readonly #standing = new Map<string, number>();
  readonly #cancelled = new Map<string, number>();
  readonly #cancelledNumbers = new Set<number>();

  /** `startPrice` in ticks; `blockMarketMs` is the market time of one block. */
  constructor(input: {
    readonly pair: Pair;
    readonly startPrice: number;
    readonly seed: number;
    readonly blockMarketMs: number;
  }) {
    const { pair, startPrice, seed } = input;
    const { market } = pair;
    this.#pair = pair;
    this.#stepsPerBlock = Math.max(1, Math.round(input.blockMarketMs / STEP_MS));
    this.#path = new PricePath(startPrice, makeSeededRng(seed, `${market.symbol} path`));
    const engine: TradersBook = {
      place: (order) => this.#place(order),
      cancel: (orderId) => this.#cancel(orderId),
      best: (side) => this.#best(side),
    };
    const rng = makeSeededRng(seed, `${market.symbol} flow`);
    this.#flow = new OrderFlow({ market, engine, path: this.#path, rng });
    this.#flow.requote();
  }

  jump(percent: number): void {
    this.#path.jump(percent);
  }

  pauseTraders(on: boolean): void {
    this.#flow.paused = on;
  }

  emptySide(side: Side | "both" | undefined): void {
    this.#flow.absent = side;
    this.#flow.requote();
  }

  enter(contract: DexContract): void {
    const { market, book, isOpen } = this.#pair;
    for (let step = 0; step < this.#stepsPerBlock; step += 1) {
      this.#path.advance(STEP_MS);
      if (isOpen) this.#flow.step(STEP_MS);
    }
    if (!isOpen) return;
    for (const number of this.#cancelled.values()) {
      const order = book.find(number);
      if (order !== undefined) contract.queueCancel(market, order);
    }
    for (const { orderId, owner, side, price, size, timeInForce } of this.#sent.values()) {
      const id = contract.takeOrderId();
      const kind = timeInForce === "ioc" ? "market" : "limit";
      const order = { id, owner: `${OUTSIDE_PREFIX}${owner}`, market, kind, side, price, size, data: "" } as const;
      contract.queueOrder({ ...order, isRefused: false });
      if (kind === "limit") this.#standing.set(orderId, id);
    }
    this.#sent = new Map();
  }

  learn(): void {
    for (const orderId of this.#cancelled.keys()) this.#standing.delete(orderId);
    this.#cancelled.clear();
    this.#cancelledNumbers.clear();
    for (const [orderId, number] of this.#standing) {
      if (this.#pair.book.find(number) === undefined) this.#standing.delete(orderId);
    }
  }

  #place(order: Sent): EntryResult {
    if (order.timeInForce === "post_only") {
      const best = this.#best(oppositeOf(order.side));
      if (best !== undefined && reaches(order, best)) return { type: "rejected", reason: "would-cross" };
    }
    this.#sent.set(order.orderId, order);
    return order.timeInForce === "ioc" ? { type: "ended" } : { type: "resting" };
  }

  #cancel(orderId: string): boolean {
    if (this.#sent.delete(orderId)) return true;
    const number = this.#standing.get(orderId);
    if (number === undefined) return false;
    this.#cancelled.set(orderId, number);
    this.#cancelledNumbers.add(number);
    return true;
  }

  /** Of the book after the last block, without what they have cancelled since, and with what they have sent. */
  #best(side: Side): Ticks | undefined {
    const isCancelled = ({ id }: { readonly id: number }) => this.#cancelledNumbers.has(id);
    const level = this.#pair.book.side(side).find(({ orders }) => !orders.every(isCancelled));
    const prices = [...this.#sent.values()].flatMap(({ side: sentSide, price, timeInForce }) =>
      sentSide === side && timeInForce !== "ioc" && price !== undefined ? [price] : [],
    );
    if (level !== undefined) prices.push(level.price);
    const [first, ...rest] = prices;
    if (first === undefined) return undefined;
    return rest.reduce((best, price) => ((side === "buy" ? price > best : price < best) ? price : best), first);
  }
}
