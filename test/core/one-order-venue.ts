/**
 * The truth about one order at a venue that is slow, forgetful and repeats itself, but never lies about what it has proven, and
 * the messages of it that reach the engine late, out of order or not at all. A model to hold `Orders` against.
 */
import type { VenueOrder } from "../../core/events.ts";
import { isResting } from "../../core/order.ts";
import { Orders } from "../../core/orders.ts";
import { toLots } from "../../core/units.ts";
import { at, DECIDED, fact, fill, ID, isOurs } from "./order-in-state.ts";

export const SIZE = 10;

/** A placing arrives within its signature's life; for so long after it was sent the venue may overlook the order when asked. */
const ARRIVES_MS = 10_000;
const OVERLOOKED_MS = 59_999;

type Truth = "on its way" | "refused" | "resting" | "ended";
type Message = () => void;

export class OneOrderVenue {
  readonly orders = new Orders();
  #nowMs = 0;
  #truth: Truth = "on its way";
  #filled = 0;
  #booked = 0;
  #wasCancelled = false;
  #isAnsweredEarly = false;
  /** Fills the engine has not been told yet. */
  #fills: { readonly size: number; readonly ms: number }[] = [];
  #messages: Message[] = [];

  constructor() {
    this.orders.decided({ ...DECIDED, size: toLots(SIZE) }, 0);
    this.orders.apply(fact("order-sent", 0));
  }

  /** What may still come to the engine as fills, in truth. */
  get canStillFill(): number {
    const mayRest = this.#truth === "on its way" ? this.#nowMs < ARRIVES_MS : this.#truth === "resting";
    return mayRest ? SIZE - this.#booked : this.#filled - this.#booked;
  }

  get isResting(): boolean {
    return this.#truth === "resting";
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  arrive(): void {
    if (this.#truth !== "on its way" || this.#nowMs >= ARRIVES_MS) return;
    this.#truth = "resting";
    this.#tellShown();
  }

  refuse(): void {
    if (this.#truth !== "on its way") return;
    this.#truth = "refused";
    this.#messages.push(() => this.orders.apply(fact("order-rejected", this.#nowMs)));
  }

  trade(size: number): void {
    if (this.#truth !== "resting") return;
    const taken = Math.min(size, SIZE - this.#filled);
    this.#filled += taken;
    if (taken > 0) this.#fills.push({ size: taken, ms: this.#nowMs });
    if (this.#filled === SIZE) this.#truth = "ended";
    this.#tellShown();
  }

  /** It is cancelled: by us when the engine can, by the venue or an operator when not. */
  cancel(): void {
    const order = this.orders.find(ID);
    if (order !== undefined && (isResting(order) || order.state === "external")) {
      this.orders.cancelDecided(ID, this.#nowMs);
    }
    if (this.#truth !== "resting") return;
    this.#truth = "ended";
    this.#wasCancelled = true;
    this.#messages.push(() => this.orders.apply(fact("order-cancelled", this.#nowMs)));
  }

  /** The cancel is answered, and carried out only later, by `cancel`. */
  answerCancelEarly(): void {
    const order = this.orders.find(ID);
    if (order === undefined || (!isResting(order) && order.state !== "external")) return;
    this.orders.cancelDecided(ID, this.#nowMs);
    this.#isAnsweredEarly = true;
    this.#messages.push(() => this.orders.apply(fact("order-cancelled", this.#nowMs)));
  }

  loseAnswer(of: "place-unknown" | "cancel-unknown"): void {
    this.orders.apply(fact(of, this.#nowMs));
  }

  /** Asked now, answered with the next messages, or never. */
  query(mayOverlook: boolean): void {
    this.orders.querySent(ID, this.#nowMs);
    if (this.#isShown(mayOverlook)) this.#tellShown();
    else this.#messages.push(() => this.orders.apply(fact("order-absent", this.#nowMs)));
  }

  list(mayOverlook: boolean): void {
    const isListed = this.#truth === "resting" && this.#isShown(mayOverlook);
    const orders = isListed ? [this.#shown()] : [];
    const askedMs = this.#nowMs;
    this.#messages.push(() => this.orders.listed({ orders, askedMs, at: at(this.#nowMs) }, isOurs));
  }

  /** The history shows every fill that is 2 s old. The open orders are listed at least as often as it is read. */
  readHistory(): void {
    this.list(true);
    this.#messages.pop()?.();
    const isShown = ({ ms }: { readonly ms: number }) => ms <= this.#nowMs - 2_000;
    for (const each of this.#fills.filter(isShown)) this.#book(each.size);
    this.#fills = this.#fills.filter((each) => !isShown(each));
    this.orders.fillsRead(this.#nowMs);
  }

  deliver(pick: number): void {
    const [message] = this.#messages.splice(pick % Math.max(1, this.#messages.length), 1);
    message?.();
  }

  deliverFill(pick: number): void {
    const [next] = this.#fills.splice(pick % Math.max(1, this.#fills.length), 1);
    if (next !== undefined) this.#book(next.size);
  }

  lose(pick: number): void {
    this.#messages.splice(pick % Math.max(1, this.#messages.length), 1);
  }

  deliverAll(): void {
    while (this.#messages.length > 0) this.deliver(0);
  }

  /** Two minutes in which everything works: asked each second while open, listed every 5 s, the history read every 60 s. */
  settle(): void {
    for (let second = 1; second <= 130; second += 1) {
      this.pass(1_000);
      if (second === 1) this.loseAnswer("place-unknown");
      if (second === 1) this.loseAnswer("cancel-unknown");
      this.query(false);
      this.deliverAll();
      if (second % 5 === 0) this.list(false);
      if (second % 60 === 5) this.readHistory();
    }
    this.deliverAll();
  }

  #book(size: number): void {
    this.#booked += size;
    this.orders.filled(fill(size), this.#nowMs);
  }

  #isShown(mayOverlook: boolean): boolean {
    // One fault at a time: an order whose cancel it has not carried out is not overlooked as well.
    if (mayOverlook && !this.#isAnsweredEarly && this.#nowMs < OVERLOOKED_MS) return false;
    return this.#truth === "resting" || this.#truth === "ended";
  }

  #tellShown(): void {
    const order = this.#shown();
    this.#messages.push(() => this.orders.apply({ type: "order-seen", order, at: at(this.#nowMs) }));
  }

  #shown(): VenueOrder {
    const open = this.#filled > 0 ? "partially_filled" : "open";
    const ended = this.#wasCancelled ? "cancelled" : "filled";
    const status = this.#truth === "ended" ? ended : open;
    return { ...DECIDED, size: toLots(SIZE), orderId: "O-1", filled: toLots(this.#filled), status };
  }
}
