/** What can be made to go wrong at the order API, while it runs. Owns the switches; the server and the stream obey them. */
import type { RouteName } from "./routes.ts";

/**
 * - `drop`: the connection is reset without an answer.
 * - `status`: an error answer, e.g. 503.
 * - `garbage`: a success answer whose body is no JSON.
 * - `delay`: the request goes on after `delayMs`.
 */
export type FaultEffect =
  | { readonly type: "drop" | "garbage" }
  | { readonly type: "status"; readonly status: number }
  | { readonly type: "delay"; readonly delayMs: number };

export type Fault = {
  readonly route: RouteName | "any";
  /** Before the request took effect, or after it: the client cannot tell which. */
  readonly when: "before" | "after";
  readonly effect: FaultEffect;
};

export class CambrianFaults {
  #faults: { readonly fault: Fault; left: number }[] = [];
  readonly #onDropStreams: () => void;
  /** True: streams stay open, say nothing and answer no ping. */
  streamMuted = false;
  /** True: fills are left out of the streams. */
  streamFillsDropped = false;

  constructor(onDropStreams: () => void) {
    this.#onDropStreams = onDropStreams;
  }

  /** Lets the next `times` fitting requests meet a fault; earlier ones come first. */
  inject(fault: Fault, times = 1): void {
    this.#faults.push({ fault, left: times });
  }

  /** Ends every fault and switch. */
  clear(): void {
    this.#faults = [];
    this.streamMuted = false;
    this.streamFillsDropped = false;
  }

  /** Resets every stream. */
  dropStreams(): void {
    this.#onDropStreams();
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
