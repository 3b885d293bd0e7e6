/**
 * When the node that transactions go to is left for the next one: it has lost an answer, or passes nothing on. Owns the reasons; that
 * nothing of ours is under way by then is `sender.ts`'s to see to, and which node is the next `nodes.ts`'s.
 */
import type { Log } from "../log.ts";
import type { Fate, Flight, Flights } from "./flights.ts";
import type { ChainNodes } from "./nodes.ts";

type NodeChangeOptions = { readonly nodes: ChainNodes; readonly flights: Flights; readonly log: Log };

export class NodeChange {
  readonly #options: NodeChangeOptions;
  #isDue = false;
  /** Since a transaction came to nothing, and until one stands in a block: what was under way beside it. */
  #besideLost: ReadonlySet<Flight> | undefined;

  constructor(options: NodeChangeOptions) {
    this.#options = options;
  }

  /** The next node has to take over once nothing is under way. */
  get isDue(): boolean {
    return this.#isDue;
  }

  answerLost(): void {
    this.#isDue = true;
  }

  /**
   * A node that has not answered by the time a transaction is proven never to come is too slow, or away. One that has answered may lose
   * one: what was under way behind it could not come either and says nothing, but the next one that does not come says that none will.
   */
  settled(flight: Flight, fate: Fate): void {
    if (fate.type === "included") {
      this.#besideLost = undefined;
      return;
    }
    const isAnswered = flight.state !== "sending";
    const beside = this.#besideLost;
    if (isAnswered && (beside === undefined || beside.has(flight))) {
      this.#besideLost ??= new Set(this.#options.flights.all);
      return;
    }
    const { hash } = flight;
    if (!this.#isDue) this.#options.log.warn("A node does not pass transactions on", { hash, isAnswered });
    this.#isDue = true;
  }

  /** Answers whether another node has taken over. */
  leave(): boolean {
    this.#isDue = false;
    this.#besideLost = undefined;
    return this.#options.nodes.advance();
  }
}
