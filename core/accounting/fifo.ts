/**
 * Realised PnL of one market by FIFO: a fill against the position closes its oldest lots first. Owns the lots and that arithmetic,
 * which never divides; the books of the ledger are average-cost (`pnl.ts`), and this stands beside them for whoever must report it.
 */
import { assert } from "../assert.ts";
import { divideHalfEven, MONEY_DECIMALS } from "../decimal.ts";
import type { Assets, BookedFill } from "./pnl.ts";

/** A part of the position and what it was opened at; `size` is above 0 whichever way the position goes. Integers of 10^-18. */
export type FifoLot = { readonly price: bigint; readonly size: bigint };

/** Closed lots that may stand in front of the open ones before the array is cut. */
const CLOSED_LOTS_MAX = 1_024;

const ONE = 10n ** BigInt(MONEY_DECIMALS);

/**
 * The lots of a market. The caller brings the fills in venue order, each once. Adding a fill costs the lots it closes; memory
 * is that of the open lots, of which neighbours of one price are one: a fill that came in two parts leaves the same lots.
 */
export class FifoLots {
  readonly #assets: Assets;
  /** Oldest first from `#head` on; what stands before it is closed. */
  #lots: FifoLot[] = [];
  #head = 0;
  #isLong = true;
  /** Integers of 10^-36: products of price and size are kept exact, so that no rounding adds up. */
  #realized = 0n;

  constructor(assets: Assets) {
    this.#assets = assets;
  }

  /** In 10^-18 quote, fees in base (at their fill's price) or quote taken off; rounded half to even, here alone. */
  get realizedPnl(): bigint {
    return divideHalfEven(this.#realized, ONE);
  }

  /** As `realizedPnl`, exact: an integer of 10^-36 quote. */
  get exactRealizedPnl(): bigint {
    return this.#realized;
  }

  /** In 10^-18 base, below 0 when short. */
  get position(): bigint {
    const held = this.lots.reduce((sum, lot) => sum + lot.size, 0n);
    return this.#isLong ? held : -held;
  }

  /** The open lots, oldest first. */
  get lots(): readonly FifoLot[] {
    return this.#lots.slice(this.#head);
  }

  /** What closing every lot at `mark` (10^-18 quote a unit of base) would realise before fees, exact: in 10^-36 quote. */
  exactUnrealizedPnl(mark: bigint): bigint {
    const gain = this.lots.reduce((sum, lot) => sum + (mark - lot.price) * lot.size, 0n);
    return this.#isLong ? gain : -gain;
  }

  add(fill: BookedFill): void {
    const isBuy = fill.side === "buy";
    const rest = this.#head < this.#lots.length && this.#isLong !== isBuy ? this.#close(fill) : fill.size;
    if (rest > 0n) this.#open(fill.price, rest, isBuy);
    this.#realized -= exactFee(fill, this.#assets);
  }

  /** Closes the oldest lots with a fill against them; answers what of its size is left when none is open any more. */
  #close({ price, size }: BookedFill): bigint {
    let rest = size;
    while (rest > 0n && this.#head < this.#lots.length) {
      const lot = this.#lots[this.#head];
      assert(lot !== undefined, "an open lot stands at the head");
      const isWhole = lot.size <= rest;
      const closed = isWhole ? lot.size : rest;
      const gain = (price - lot.price) * closed;
      this.#realized += this.#isLong ? gain : -gain;
      rest -= closed;
      if (isWhole) this.#head++;
      else this.#lots[this.#head] = { price: lot.price, size: lot.size - closed };
    }
    this.#shorten();
    return rest;
  }

  #open(price: bigint, size: bigint, isLong: boolean): void {
    this.#isLong = isLong;
    const newest = this.#head < this.#lots.length ? this.#lots.at(-1) : undefined;
    if (newest?.price === price) this.#lots[this.#lots.length - 1] = { price, size: newest.size + size };
    else this.#lots.push({ price, size });
  }

  /** Cuts rarely, so that closing a lot stays cheap: at the latest when as many are closed as are open. */
  #shorten(): void {
    if (this.#head < this.#lots.length && this.#head <= Math.max(CLOSED_LOTS_MAX, this.#lots.length / 2)) return;
    this.#lots = this.#lots.slice(this.#head);
    this.#head = 0;
  }
}

/** The fee in 10^-36 quote, by the rule of the books: in base at the fill's price, nothing for a third asset. */
function exactFee(fill: BookedFill, assets: Assets): bigint {
  if (fill.feeAsset === assets.quote) return fill.fee * ONE;
  return fill.feeAsset === assets.base ? fill.fee * fill.price : 0n;
}
