/**
 * The way of the mid: some steps up, as many down. Owns where it stands. A mid that goes on in one direction makes a quote of ours too
 * generous with every step, so that every tick leads to an order.
 */

/** Within what the venue's frames go to (`venue/books.ts`), and within one second's jump that is none. */
const LEVEL_MAX = 4;

export class MidPath {
  #level = 0;
  #direction: 1 | -1 = 1;

  next(): number {
    if (Math.abs(this.#level + this.#direction) > LEVEL_MAX) this.turn();
    this.#level += this.#direction;
    return this.#level;
  }

  /** From the next step on towards the middle, and on beyond it: four steps in one direction have room. */
  turn(): void {
    this.#direction = this.#level > 0 ? -1 : 1;
  }
}
