/**
 * A recorded market in virtual time: its book stands around the competitor's orders and its trades meet them by the queue rules of
 * CONTRACTS 10. Owns the playing; the rules are `sim/exchange/tape-market.ts`'s.
 */
import { assert } from "../../core/assert.ts";
import { type Market, parsePrice, parseSize } from "../../core/market.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import { MarketEventHub } from "../exchange/market-events.ts";
import type { EnteringOrder, EntryResult } from "../exchange/market-place.ts";
import type { TapeLine } from "../exchange/tape-line.ts";
import { TapeMarket } from "../exchange/tape-market.ts";
import type { Stage, StageListener } from "./stage.ts";

export class TapeStage implements Stage {
  readonly market: Market;
  readonly #lines: readonly TapeLine[];
  readonly #startMs: number;
  readonly #tape: TapeMarket;
  #listener: StageListener | undefined;
  #next = 0;

  /** `lines` hold at least one; events of other markets are left out. */
  constructor({ market, lines }: { readonly market: Market; readonly lines: readonly TapeLine[] }) {
    const [first] = lines;
    assert(first !== undefined, "a tape must have a line");
    this.market = market;
    this.#lines = lines;
    this.#startMs = first.atMs;
    const hub = new MarketEventHub();
    hub.subscribe((event) => this.#shown(event));
    const now = () => ({ monotonicMs: 0, epochMs: this.#lines[this.#next]?.atMs ?? this.#startMs });
    this.#tape = new TapeMarket({
      market,
      hub,
      clock: { now, after: () => () => undefined },
      onOwnMatch: (match) => this.#listener?.ownMatch(match),
    });
  }

  get nextMs(): number {
    const line = this.#lines[this.#next];
    return line === undefined ? Number.POSITIVE_INFINITY : line.atMs - this.#startMs;
  }

  listen(listener: StageListener): void {
    this.#listener = listener;
  }

  advance(): void {
    for (const event of this.#lines[this.#next]?.events ?? []) {
      if (event.attributes["market_id"] === this.market.symbol) this.#tape.play(event);
    }
    this.#next += 1;
  }

  place(order: EnteringOrder): EntryResult {
    return this.#tape.place(order);
  }

  cancel(orderId: string): void {
    this.#tape.cancel(orderId);
  }

  #shown({ type, attributes }: WireEvent): void {
    if (type === "OrderBookUpdate") {
      const book = this.#tape.book();
      if (book !== undefined) this.#listener?.book(book);
    } else if (type === "Trade") {
      this.#listener?.print({
        price: parsePrice(this.market, attributes["price"], "price"),
        size: parseSize(this.market, attributes["quantity"], "quantity"),
        aggressor: attributes["side"] === "buy" ? "buy" : "sell",
      });
    }
  }
}
