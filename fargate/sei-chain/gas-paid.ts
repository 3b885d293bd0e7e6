/**
 * What this process has paid as gas, block by block. Owns the sum up to a block: a balance is of one block, and holds the fees of that
 * one and those before it, neither more nor fewer, whatever was carried out or told of meanwhile.
 */
import { InputError } from "../../core/errors.ts";
import type { Clock } from "../seams.ts";
import type { Flights } from "./flights.ts";

/** Fees that are remembered with their block: five minutes of one in each. */
const FEES_MAX = 750;
/** A fee of a block that a balance shows is told within a moment, or its transaction is lost and proven to be within some blocks. */
const TOLD_WITHIN_MS = 5_000;
const LOOK_MS = 50;

export class GasPaid {
  readonly #flights: Pick<Flights, "all">;
  readonly #clock: Clock;
  /** In whole units of the gas denom, the newest last. */
  readonly #fees: { readonly height: number; readonly fee: bigint }[] = [];
  /** The sum of those that are no longer remembered, and the newest block of them. */
  #earlier = { height: 0, sum: 0n };

  constructor(options: { readonly flights: Pick<Flights, "all">; readonly clock: Clock }) {
    this.#flights = options.flights;
    this.#clock = options.clock;
  }

  get all(): bigint {
    return this.#fees.reduce((sum, { fee }) => sum + fee, this.#earlier.sum);
  }

  add(height: number, fee: bigint): void {
    this.#fees.push({ height, fee });
    if (this.#fees.length <= FEES_MAX) return;
    const oldest = this.#fees.shift();
    if (oldest === undefined) return;
    const { height: known, sum } = this.#earlier;
    this.#earlier = { height: Math.max(known, oldest.height), sum: sum + oldest.fee };
  }

  /** The sum of the fees up to a block that has come just now, once all of them are known. Rejects where they do not become so. */
  async until(height: number): Promise<bigint> {
    // What is sent from now on comes after the block.
    const open = [...this.#flights.all].filter(({ sentHeight }) => sentHeight < height);
    const isOpen = () => [...this.#flights.all].some((flight) => open.includes(flight));
    for (let waitedMs = 0; isOpen(); waitedMs += LOOK_MS) {
      if (waitedMs >= TOLD_WITHIN_MS) throw new Error(`the fees up to block ${height} are not known`);
      await new Promise<void>((resolve) => this.#clock.after(LOOK_MS, resolve));
    }
    const { height: earlier, sum: earlierSum } = this.#earlier;
    if (height < earlier)
      throw new InputError({ what: "balances", expected: `of block ${earlier} or later`, was: height });
    return this.#fees.reduce((sum, each) => (each.height <= height ? sum + each.fee : sum), earlierSum);
  }
}
