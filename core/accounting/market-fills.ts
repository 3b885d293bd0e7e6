/**
 * The fills of one market as the engine takes them, each once, and the books they come to. Owns the conversion from ticks and lots
 * to money and the newest few for people; the fold is `fill-log.ts`'s.
 */
import type { Fill } from "../events.ts";
import type { EngineView } from "../execution/reconcile.ts";
import { type Market, priceToMoney, sizeToMoney } from "../market.ts";
import { type Lots, toLots } from "../units.ts";
import { FillLog } from "./fill-log.ts";
import { type Books, type KnownFills, unrealizedPnl } from "./pnl.ts";

const RECENT_FILLS_MAX = 20;

export class MarketFills {
  readonly #market: Market;
  readonly #log: FillLog;
  readonly #lotMoney: bigint;
  readonly #recent: Fill[] = [];
  #position: Lots;

  constructor(books: Books, known: KnownFills | undefined, market: Market) {
    this.#market = market;
    this.#log = new FillLog(books, market, known === undefined ? {} : { known });
    this.#lotMoney = sizeToMoney(market, toLots(1));
    this.#position = this.#positionNow();
  }

  get books(): Books {
    return this.#log.books;
  }

  /** Asked for several times in each decision, so worked out once a fill. */
  get position(): Lots {
    return this.#position;
  }

  /** Newest first, at most 20. */
  get recent(): readonly Fill[] {
    return this.#recent;
  }

  /** Fills that came after a newer one. */
  get late(): number {
    return this.#log.lateFills;
  }

  /** For the comparison with the ledger. */
  get view(): EngineView {
    return { fillCount: this.books.fillCount, positionAfter: (count) => this.#log.positionAfter(count) };
  }

  /** Realised profit, and what closing the position at `mark` (10^-18 quote a unit of base) would add. */
  profitAt(mark: bigint): bigint {
    return this.books.realizedPnl + unrealizedPnl(this.books, mark);
  }

  /** Books a fill; false when it is in the books already. */
  add(fill: Fill): boolean {
    const outcome = this.#log.add({
      fillId: fill.fillId,
      venueTime: fill.venueTime,
      side: fill.side,
      price: priceToMoney(this.#market, fill.price),
      size: sizeToMoney(this.#market, fill.size),
      fee: fill.fee,
      feeAsset: fill.feeAsset,
    });
    if (outcome === "duplicate") return false;
    this.#position = this.#positionNow();
    this.#recent.unshift(fill);
    if (this.#recent.length > RECENT_FILLS_MAX) this.#recent.pop();
    return true;
  }

  #positionNow(): Lots {
    return toLots(Number(this.#log.books.position / this.#lotMoney));
  }
}
