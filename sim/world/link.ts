/**
 * The way between one process and one host: how long it takes, what is lost on it, whether it is there at all. Owns these
 * conditions and their chance; what travels is the network's.
 */
import type { Rng } from "../../fargate/seams.ts";
import { nextBetween } from "../exchange/seeded-rng.ts";
import type { CallName } from "./world-process.ts";

/** One way, in milliseconds, drawn anew for each message. */
export type Latency = { readonly low: number; readonly high: number };

/**
 * - `up`: everything gets through, after its latency.
 * - `refused`: connections are refused and those that stand are cut.
 * - `silent`: nothing gets through. Requests are lost; frames of a WebSocket come late, as TCP sends them again.
 */
export type Reachability = "up" | "refused" | "silent";

const LATENCY: Latency = { low: 1, high: 4 };

type Loss = { readonly part: "request" | "reply"; readonly call: CallName | "any"; left: number };

export class Link {
  readonly #rng: Rng;
  readonly #onChange: () => void;
  #reachability: Reachability = "up";
  #losses: Loss[] = [];
  latency: Latency = LATENCY;
  /** Chance in [0, 1) that a request, or only its answer, is lost: the caller waits until it gives up. */
  requestLoss = 0;
  replyLoss = 0;

  /** `onChange` is called when the reachability has changed. */
  constructor(rng: Rng, onChange: () => void) {
    this.#rng = rng;
    this.#onChange = onChange;
  }

  get reachability(): Reachability {
    return this.#reachability;
  }

  set reachability(to: Reachability) {
    if (to === this.#reachability) return;
    this.#reachability = to;
    this.#onChange();
  }

  /** Loses the next `times` fitting requests on their way, or their answers on the way back. */
  lose(part: "request" | "reply", call: CallName | "any" = "any", times = 1): void {
    this.#losses.push({ part, call, left: times });
  }

  /** Whether a message is lost now. */
  takesLoss(part: "request" | "reply", call: CallName): boolean {
    const chance = part === "request" ? this.requestLoss : this.replyLoss;
    if (chance > 0 && this.#rng.next() < chance) return true;
    const found = this.#losses.find((loss) => loss.part === part && (loss.call === "any" || loss.call === call));
    if (found === undefined) return false;
    found.left -= 1;
    if (found.left <= 0) this.#losses.splice(this.#losses.indexOf(found), 1);
    return true;
  }

  /** How long the next message takes. */
  nextLatencyMs(): number {
    return nextBetween(this.#rng, this.latency.low, this.latency.high);
  }
}
