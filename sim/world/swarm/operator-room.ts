/**
 * The operators of a seed: who has halted what on purpose, and which key the order API knows. Owns these words; the way of a request to
 * the control items is the functions'.
 */
import type { Config } from "../../../fargate/config.ts";
import { Secret } from "../../../fargate/secret.ts";
import type { CambrianParts } from "../../cambrian-api/cambrian-api.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Functions } from "./functions.ts";

type Credentials = { readonly apiKey: string; readonly secretKey: string };

/** Every market. */
const ALL = "ALL";
/** The grain of an event's time. */
const EVENT_MS = 1_000;

export class OperatorRoom {
  readonly #functions: () => Functions;
  readonly #api: Pick<CambrianParts, "rotateKey">;
  readonly #time: Pick<VirtualTime, "nowMs" | "after">;
  /** Scopes and since when (world time). */
  readonly #halted = new Map<string, number>();
  #credentials: Credentials;
  #keys = 1;
  /** World time of the last rotation. */
  rotatedMs = Number.NEGATIVE_INFINITY;

  constructor(input: {
    readonly functions: () => Functions;
    readonly api: Pick<CambrianParts, "rotateKey">;
    readonly time: Pick<VirtualTime, "nowMs" | "after">;
    readonly credentials: Credentials;
  }) {
    this.#functions = input.functions;
    this.#api = input.api;
    this.#time = input.time;
    this.#credentials = input.credentials;
  }

  get credentials(): Credentials {
    return this.#credentials;
  }

  /** Since when an operator has wanted this market halted (world time); undefined while none does. */
  haltedSinceMs(market: string): number | undefined {
    const since = [this.#halted.get(ALL), this.#halted.get(market)].filter((each) => each !== undefined);
    return since.length === 0 ? undefined : Math.min(...since);
  }

  halt(market?: string): void {
    this.#halted.set(market ?? ALL, this.#time.nowMs);
    this.#functions().request("Quoting Halt Requested", "a drill", market);
  }

  resume(market?: string): void {
    this.#halted.delete(market ?? ALL);
    this.#functions().request("Quoting Resume Requested", "the drill is over", market);
  }

  /**
   * Lets everything go on, whoever has halted it. Events carry whole seconds, and of two of one second the one that is delivered last
   * stands: who sees a market halted still, after such a race, asks again.
   */
  resumeAll(markets: readonly string[]): void {
    this.#halted.clear();
    const resume = () => {
      this.resume();
      for (const market of markets) this.resume(market);
    };
    resume();
    this.#time.after(EVENT_MS, resume);
  }

  /** The venue knows a new key from now on; a task that has the old one must end, and the next reads the new one. */
  rotateKey(): void {
    this.#keys += 1;
    this.rotatedMs = this.#time.nowMs;
    this.#credentials = { apiKey: `key-${this.#keys}`, secretKey: `secret-${this.#keys}` };
    this.#api.rotateKey(this.#credentials);
  }

  /** Puts the key of this moment into configurations: that of a task which is started now. */
  keyed(): (config: Config) => Config {
    const { apiKey, secretKey } = this.#credentials;
    const keys = { apiKey: new Secret(apiKey), secretKey: new Secret(secretKey) };
    return (config) => ({ ...config, cambrian: { ...config.cambrian, ...keys } });
  }
}
