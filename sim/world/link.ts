/**
 * The way between one process and one host: how long it takes, what is lost on it, whether it is there at all. Owns these
 * conditions and their chance; what travels is the network's, what is wrong for everybody is the weather's.
 */
import type { Rng } from "../../fargate/seams.ts";
import { nextBetween } from "../exchange/seeded-rng.ts";
import { type ServiceFailure, Weather } from "./weather.ts";
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
  readonly #weather: Weather;
  #own: Reachability = "up";
  #told: Reachability = "up";
  #losses: Loss[] = [];
  latency: Latency = LATENCY;
  #requestLoss = 0;
  #replyLoss = 0;

  /** `onChange` is called when the reachability has changed. */
  constructor(rng: Rng, onChange: () => void, weather = new Weather()) {
    this.#rng = rng;
    this.#onChange = onChange;
    this.#weather = weather;
    this.#told = this.reachability;
    weather.onChange(() => this.#look());
  }

  /** The worst of its own and the weather's. */
  get reachability(): Reachability {
    if (this.#weather.impairments.size === 0) return this.#own;
    const all = [this.#own, ...[...this.#weather.impairments].map((each) => each.reachability ?? "up")];
    if (all.includes("refused")) return "refused";
    return all.includes("silent") ? "silent" : "up";
  }

  set reachability(to: Reachability) {
    this.#own = to;
    this.#look();
  }

  /** Chance in [0, 1) that a request, or only its answer, is lost: the caller waits until it gives up. */
  get requestLoss(): number {
    return this.#chanceOf(this.#requestLoss, "requestLoss");
  }

  set requestLoss(to: number) {
    this.#requestLoss = to;
  }

  get replyLoss(): number {
    return this.#chanceOf(this.#replyLoss, "replyLoss");
  }

  set replyLoss(to: number) {
    this.#replyLoss = to;
  }

  /** Nothing is wrong with it or with its host. */
  get isGood(): boolean {
    return this.reachability === "up" && this.requestLoss === 0 && this.replyLoss === 0 && this.#isFine();
  }

  /** Loses the next `times` fitting requests on their way, or their answers on the way back. */
  lose(part: "request" | "reply", call: CallName | "any" = "any", times = 1): void {
    this.#losses.push({ part, call, left: times });
  }

  /** Whether a message is lost now. */
  takesLoss(part: "request" | "reply", call: CallName): boolean {
    const chance = part === "request" ? this.requestLoss : this.replyLoss;
    if (chance > 0 && this.#rng.next() < chance) return true;
    if (this.#losses.length === 0) return false;
    const found = this.#losses.find((loss) => loss.part === part && (loss.call === "any" || loss.call === call));
    if (found === undefined) return false;
    found.left -= 1;
    if (found.left <= 0) this.#losses.splice(this.#losses.indexOf(found), 1);
    return true;
  }

  /** Whether a request arrives twice. */
  takesCopy(): boolean {
    const chance = this.#chanceOf(0, "copies");
    return chance > 0 && this.#rng.next() < chance;
  }

  /** What a service in trouble answers now, before or after it has carried the request out. */
  takesFailure(when: ServiceFailure["when"]): string | undefined {
    if (this.#weather.impairments.size === 0) return undefined;
    for (const { failure } of this.#weather.impairments)
      if (failure?.when === when && this.#rng.next() < failure.chance) return failure.code;
    return undefined;
  }

  /** How long the next message takes. */
  nextLatencyMs(): number {
    let latencyMs = nextBetween(this.#rng, this.latency.low, this.latency.high);
    for (const { delay } of this.#weather.impairments)
      if (delay !== undefined) latencyMs += nextBetween(this.#rng, delay.low, delay.high);
    return latencyMs;
  }

  /** How long the next request waits for a connection before it is written; 0 where one is open. */
  nextConnectMs(): number {
    let waitMs = 0;
    for (const { connecting } of this.#weather.impairments)
      if (connecting !== undefined) waitMs += nextBetween(this.#rng, connecting.low, connecting.high);
    return waitMs;
  }

  #isFine(): boolean {
    return [...this.#weather.impairments].every(
      ({ delay, copies, failure, connecting }) => !delay && !copies && !failure && !connecting,
    );
  }

  #chanceOf(own: number, what: "requestLoss" | "replyLoss" | "copies"): number {
    if (this.#weather.impairments.size === 0) return own;
    let kept = 1 - own;
    for (const impairment of this.#weather.impairments) kept *= 1 - (impairment[what] ?? 0);
    return 1 - kept;
  }

  #look(): void {
    const now = this.reachability;
    if (now === this.#told) return;
    this.#told = now;
    this.#onChange();
  }
}
