/**
 * What waits to be signed: commands in their order, those just being signed, and refused cancels that rest until the next block. Owns
 * how long each may wait; when something is sent is `sender.ts`'s.
 */
import type { Clock } from "../seams.ts";
import type { Flights } from "./flights.ts";
import type { CancelItem, Item, PlaceItem } from "./items.ts";

const QUEUE_MAX = 200;
/** A placing decided longer ago is out of date: the engine decides anew. */
const PLACE_WAIT_MS_MAX = 400;
/** A refused cancel goes again with the next block, or after so long where none comes. */
const REPEAT_MS = 800;

export class SendQueue {
  readonly #flights: Flights;
  readonly #clock: Clock;
  #items: Item[] = [];
  /** Refused cancels. */
  readonly #resting = new Set<CancelItem>();
  /** The newest block when something was refused last. */
  #refusedHeight = -1;
  /** Taken from the queue, and in no flight. */
  signing: readonly Item[] = [];

  constructor({ flights, clock }: { readonly flights: Flights; readonly clock: Clock }) {
    this.#flights = flights;
    this.#clock = clock;
  }

  /** What is in no transaction yet. */
  get all(): readonly Item[] {
    return [...this.#items, ...this.signing, ...this.#resting];
  }

  get size(): number {
    return this.#items.length;
  }

  /** Why an item cannot be taken up, or undefined once it is. */
  push(item: Item): string | undefined {
    if (this.#items.length >= QUEUE_MAX) return `more than ${QUEUE_MAX} commands wait`;
    this.#items.push(item);
    return undefined;
  }

  /** Keeps a cancel back until the next block if something was refused since the last one. Answers whether it does. */
  rest(item: CancelItem, onReady: () => void): boolean {
    if (this.#resting.size >= QUEUE_MAX || this.#refusedHeight !== this.#flights.height) return false;
    this.#resting.add(item);
    this.#clock.after(REPEAT_MS, () => {
      if (!this.#resting.delete(item)) return;
      this.#items.unshift(item);
      onReady();
    });
    return true;
  }

  /** Something was refused: until the next block the same would be refused again. */
  refused(): void {
    this.#refusedHeight = this.#flights.height;
  }

  blockSeen(): void {
    if (this.#flights.height <= this.#refusedHeight) return;
    this.#items.unshift(...this.#resting);
    this.#resting.clear();
  }

  /** The first of them, which are the caller's from now on. */
  next(count: number): readonly Item[] {
    return this.#items.splice(0, count);
  }

  /** Back at the front: they have not been sent. */
  giveBack(cancels: readonly CancelItem[]): void {
    this.#items.unshift(...cancels);
  }

  takeAll(): readonly Item[] {
    const items = [...this.#items.splice(0), ...this.#resting];
    this.#resting.clear();
    return items;
  }

  takePlacings(): readonly Item[] {
    return this.#takeOut(({ kind }) => kind === "place");
  }

  takeOldPlacings(): readonly Item[] {
    return this.#takeOut((item) => item.kind === "place" && this.isOld(item));
  }

  isOld({ decidedMs }: PlaceItem): boolean {
    return this.#clock.now().monotonicMs - decidedMs > PLACE_WAIT_MS_MAX;
  }

  /**
   * Whether a cancel of the same order is under way. Not counted is one that stands in a block: it has been told already, or the node's
   * index is late, and then a second one does no harm.
   */
  isCancelUnderWay({ command: { market, orderId } }: CancelItem): boolean {
    const isSame = (item: Item) =>
      item.kind === "cancel" && item.command.orderId === orderId && item.command.market === market;
    const flying = [...this.#flights.all].filter(({ isInBlock }) => !isInBlock);
    return this.all.some(isSame) || flying.some(({ cancels }) => cancels.some(isSame));
  }

  #takeOut(which: (item: Item) => boolean): readonly Item[] {
    const gone = this.#items.filter(which);
    if (gone.length > 0) this.#items = this.#items.filter((item) => !which(item));
    return gone;
  }
}
