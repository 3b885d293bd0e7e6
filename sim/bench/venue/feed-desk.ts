/**
 * Who has subscribed to which market at the benchmark's node, on which connection. Owns the acknowledging and whose book is sent next; the frames are
 * `books.ts`'s.
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { BookFrames } from "./books.ts";

/** A market's connection and its frames, once both its books and its status were asked for. */
export type Listener = { readonly socket: Socket; readonly frames: BookFrames };

type Asked = { book: number; status: number; socket: Socket };

const QUERY = /^tm\.event='(\w+)' AND market_id='([^']+)'$/;

export class FeedDesk {
  readonly #asked = new Map<string, Asked>();
  readonly #byMarket = new Map<string, Listener>();
  #listeners: readonly Listener[] = [];
  #turn = 0;

  /** The ticks are written to `socket`, past `ws`, whose own sending takes longer than all the rest. */
  accept(client: WebSocket, socket: Socket): void {
    client.on("error", () => client.terminate());
    client.on("message", (data) => {
      const { id, params } = JSON.parse(String(data));
      client.send(JSON.stringify({ jsonrpc: "2.0", id, result: {} }));
      const [, event, market = ""] = QUERY.exec(String(params.query)) ?? [];
      const asked = this.#asked.get(market) ?? { book: 0, status: 0, socket };
      this.#asked.set(market, asked);
      if (event === "OrderBookUpdate") Object.assign(asked, { book: id, socket });
      else if (event === "MarketStatus") asked.status = id;
      else return;
      if (asked.book === 0 || asked.status === 0) return;
      this.#byMarket.set(market, { socket: asked.socket, frames: new BookFrames({ ...asked, market }) });
      this.#listeners = [...this.#byMarket.values()];
    });
  }

  /** One a market that is listened to. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** The first market's; undefined before anybody has subscribed. */
  get first(): Listener | undefined {
    return this.#listeners[0];
  }

  /** Each market's in turn. */
  next(): Listener {
    const listener = this.#listeners[this.#turn % this.#listeners.length];
    if (listener === undefined) throw new Error("a book needs a subscriber");
    this.#turn += 1;
    return listener;
  }
}
