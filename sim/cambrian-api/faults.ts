/** What can be made to go wrong at the order API, while it runs. Owns the switches; the desk and the stream obey them. */
import { OrderViews } from "./order-views.ts";
import type { RouteName } from "./routes.ts";

/**
 * - `drop`: the connection is reset without an answer.
 * - `silence`: no answer ever comes, and the connection stands.
 * - `status`: an error answer, e.g. 503; as an HTML page where `html` is set, as a proxy sends it.
 * - `garbage`: a success answer whose body is no JSON.
 * - `delay`: the request goes on after `delayMs`.
 * - `cancel-ignored`: a cancel is answered "cancelled", and the order stays as it is, shown as it is.
 * - `cancel-pretended`: the same, and the order is shown as cancelled from now on, though it can still fill.
 * - `cancel-not-found`: a cancel is answered 404, and the order stays as it is.
 * - `cancel-shown`: a cancel is answered with the order's state as it stands, and not carried out.
 *
 * The last four come instead of the effect: they are taken where `when` is `before`.
 */
export type FaultEffect =
  | { readonly type: "drop" | "garbage" | "silence" }
  | {
      readonly type: "status";
      readonly status: number;
      readonly retryAfterSeconds?: number;
      readonly html?: true;
    }
  | { readonly type: "delay"; readonly delayMs: number }
  | { readonly type: "cancel-ignored" | "cancel-pretended" | "cancel-not-found" | "cancel-shown" };

export type Fault = {
  readonly route: RouteName | "any";
  /** Before the request took effect, or after it: the client cannot tell which. */
  readonly when: "before" | "after";
  readonly effect: FaultEffect;
};

export class CambrianFaults {
  #faults: { readonly fault: Fault; left: number }[] = [];
  readonly #onDropStreams: () => void;
  /** Orders that lookups and lists show otherwise than they are. */
  readonly orders = new OrderViews();
  /** True: streams stay open, say nothing and answer no ping. */
  streamMuted = false;
  /** True: fills are left out of the streams. */
  streamFillsDropped = false;
  /** How often each fill is told on a stream. */
  streamFillCopies = 1;
  /** True: each fill is told once more under its id, right after itself and with another size. */
  streamFillContradicted = false;
  /** Each fill is told so much later, in milliseconds, drawn anew for each copy: a wide range tells them out of order. */
  streamFillDelayMs: { readonly low: number; readonly high: number } | undefined;

  constructor(onDropStreams: () => void) {
    this.#onDropStreams = onDropStreams;
  }

  /** Lets the next `times` fitting requests meet a fault (`Infinity` for all); earlier ones come first. Answers what ends it. */
  inject(fault: Fault, times = 1): () => void {
    const entry = { fault, left: times };
    this.#faults.push(entry);
    return () => {
      this.#faults = this.#faults.filter((each) => each !== entry);
    };
  }

  /** Ends every fault and switch. */
  clear(): void {
    this.#faults = [];
    this.orders.clear();
    this.streamMuted = false;
    this.streamFillsDropped = false;
    this.streamFillCopies = 1;
    this.streamFillContradicted = false;
    this.streamFillDelayMs = undefined;
  }

  /** Resets every stream. */
  dropStreams(): void {
    this.#onDropStreams();
  }

  /** Whether a request of that kind would meet a fault now. */
  disturbs(route: RouteName): boolean {
    return this.#faults.some(({ fault }) => fault.route === "any" || fault.route === route);
  }

  /** The fault a request meets now, used up by one. */
  take(route: RouteName, when: Fault["when"]): FaultEffect | undefined {
    const fits = (fault: Fault): boolean => fault.when === when && (fault.route === "any" || fault.route === route);
    const found = this.#faults.find((entry) => fits(entry.fault));
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#faults.splice(this.#faults.indexOf(found), 1);
    return found.fault.effect;
  }
}
