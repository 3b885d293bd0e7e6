/**
 * The engine's own books of one market: fills come once or often, in order or late, and the books are always the fold in
 * venue order. Owns the recent fills; the ledger's facts are the durable ones.
 */
import {
  type Assets,
  applyFill,
  type BookedFill,
  type Books,
  compareFills,
  type KnownFills,
  type VenueKey,
} from "./pnl.ts";

/** Fills that a late one can be put between; an older late fill is booked in front of all of these. */
const TAIL_FILLS_MAX = 5_000;

/** Ids that a repeat is known by; a fill older than the newest forgotten one counts as a repeat. */
const REMEMBERED_IDS_MAX = 50_000;

/** A fill and the books right after it. */
type Entry = { readonly fill: BookedFill; readonly books: Books };

export class FillLog {
  readonly #assets: Assets;
  readonly #tailMax: number;
  readonly #rememberedMax: number;
  /** The books before the first entry of the tail. */
  #base: Books;
  /** In venue order, from `#head` on; what stands before it has been given to the base. */
  #tail: Entry[] = [];
  #head = 0;
  /** In the order they came, which is the order they are forgotten in. */
  readonly #remembered = new Map<string, VenueKey>();
  #forgottenThrough: VenueKey | undefined;
  #lateFills = 0;

  /**
   * `base` is where the books start: empty, or a restart's checkpoint. Which fills are in it says `known`; without it, every fill
   * up to its `lastFill`: such a fill is a duplicate.
   */
  constructor(
    base: Books,
    assets: Assets,
    options: { readonly known?: KnownFills; readonly tailMax?: number; readonly rememberedMax?: number } = {},
  ) {
    this.#base = base;
    this.#assets = assets;
    this.#tailMax = options.tailMax ?? TAIL_FILLS_MAX;
    this.#rememberedMax = options.rememberedMax ?? REMEMBERED_IDS_MAX;
    const known = options.known ?? { after: base.lastFill, fills: [] };
    this.#forgottenThrough = known.after;
    for (const key of known.fills) this.#remembered.set(key.fillId, key);
  }

  get books(): Books {
    return this.#tail.length > this.#head ? this.#entry(this.#tail.length - 1).books : this.#base;
  }

  /** The position after the first `fillCount` fills in venue order; undefined where that is not remembered, or not reached. */
  positionAfter(fillCount: number): bigint | undefined {
    const index = this.#head + fillCount - this.#base.fillCount - 1;
    return index < this.#head ? this.#positionOfBase(fillCount) : this.#tail[index]?.books.position;
  }

  /** Fills that came after a newer one, since the start. */
  get lateFills(): number {
    return this.#lateFills;
  }

  /** Books a fill that is not in the books yet. Constant time for the newest fill; a late one costs the fills after it. */
  add(fill: BookedFill): "booked" | "duplicate" {
    if (this.#remembered.has(fill.fillId) || this.#isForgotten(fill)) return "duplicate";
    const last = this.books.lastFill;
    if (last === undefined || compareFills(fill, last) > 0) {
      this.#tail.push({ fill, books: applyFill(this.books, fill, this.#assets) });
    } else {
      this.#lateFills++;
      this.#insert(fill);
    }
    this.#remember(fill);
    this.#shorten();
    return "booked";
  }

  #positionOfBase(fillCount: number): bigint | undefined {
    return fillCount === this.#base.fillCount ? this.#base.position : undefined;
  }

  #isForgotten(fill: BookedFill): boolean {
    return this.#forgottenThrough !== undefined && compareFills(fill, this.#forgottenThrough) <= 0;
  }

  /** Puts a late fill in its place and folds again what stands behind it. */
  #insert(fill: BookedFill): void {
    let low = this.#head;
    let high = this.#tail.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareFills(this.#entry(middle).fill, fill) < 0) low = middle + 1;
      else high = middle;
    }
    const after = this.#tail.splice(low).map((entry) => entry.fill);
    // Older than the whole tail: the base cannot be opened any more, so the fill is booked at its end. The position is
    // right all the same; only the average cost may differ from the ledger's until the next restart.
    for (const next of [fill, ...after]) {
      this.#tail.push({ fill: next, books: applyFill(this.books, next, this.#assets) });
    }
  }

  #remember(fill: BookedFill): void {
    this.#remembered.set(fill.fillId, { venueTime: fill.venueTime, fillId: fill.fillId });
    if (this.#remembered.size <= this.#rememberedMax) return;
    for (const [fillId, key] of this.#remembered) {
      this.#remembered.delete(fillId);
      if (this.#forgottenThrough === undefined || compareFills(key, this.#forgottenThrough) > 0) {
        this.#forgottenThrough = key;
      }
      return;
    }
  }

  /** Gives the oldest entries to the base; the array itself is cut rarely, so that adding stays cheap. */
  #shorten(): void {
    while (this.#tail.length - this.#head > this.#tailMax) {
      this.#base = this.#entry(this.#head).books;
      this.#head++;
    }
    if (this.#head > this.#tailMax) {
      this.#tail = this.#tail.slice(this.#head);
      this.#head = 0;
    }
  }

  #entry(index: number): Entry {
    const entry = this.#tail[index];
    if (entry === undefined) throw new RangeError(`no fill at ${index} of ${this.#tail.length}`);
    return entry;
  }
}
