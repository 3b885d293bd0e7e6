/**
 * What is wrong with the ways to one host, for every process alike: impairments that come and go and may overlap. Owns which are
 * there now; what each link makes of them is `link.ts`'s.
 */
import type { Latency, Reachability } from "./link.ts";

/** A service's answer while it is in trouble; `after`: it was carried out all the same. */
export type ServiceFailure = { readonly chance: number; readonly when: "before" | "after"; readonly code: string };

export type Impairment = {
  readonly reachability?: Reachability;
  /** On top of what the way takes anyway, each way. */
  readonly delay?: Latency;
  /** Chances in [0, 1). */
  readonly requestLoss?: number;
  readonly replyLoss?: number;
  /** That a request arrives twice, the second time by some delay of its own. */
  readonly copies?: number;
  readonly failure?: ServiceFailure;
  /** No connection is open: a request waits for one so long before its bytes are written. */
  readonly connecting?: Latency;
};

export class Weather {
  readonly #impairments = new Set<Impairment>();
  readonly #listeners = new Set<() => void>();

  get impairments(): ReadonlySet<Impairment> {
    return this.#impairments;
  }

  /** Makes things worse until the returned function is called. */
  impair(impairment: Impairment): () => void {
    this.#impairments.add(impairment);
    this.#tell();
    return () => {
      this.#impairments.delete(impairment);
      this.#tell();
    };
  }

  /** Told each change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
