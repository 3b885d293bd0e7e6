/** What a host of the simulated network says or does in place of its answers, when a fault says so. Owns the order: the first that fits strikes. */
import type { HostReply } from "./network.ts";

/** `before`: the host has done nothing then. */
export type HostTrouble = {
  /** Of requests in whose path this stands; all of them where it is empty. */
  readonly path: string;
  readonly when: "before" | "after";
  readonly reply: (nowEpochMs: number) => HostReply;
};

type Waiting = { readonly trouble: HostTrouble; left: number };

export class HostTroubles {
  #waiting: Waiting[] = [];

  /** Strikes at the next fitting requests, so many. Answers what ends it. */
  strike(trouble: HostTrouble, times: number): () => void {
    const waiting: Waiting = { trouble, left: times };
    this.#waiting.push(waiting);
    return () => this.#end(waiting);
  }

  take(path: string): HostTrouble | undefined {
    const found = this.#waiting.find(({ trouble }) => path.includes(trouble.path));
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#end(found);
    return found.trouble;
  }

  #end(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((each) => each !== waiting);
  }
}
