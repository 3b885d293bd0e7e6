/**
 * The operators of a seed: who has halted what on purpose, and which key the order API knows. Owns these words; the way of a request to
 * the control items is the functions'.
 */
import type { Config } from "../../../fargate/config.ts";
import { Secret } from "../../../fargate/secret.ts";
import type { CambrianParts } from "../../cambrian-api/cambrian-api.ts";
import type { Functions } from "./functions.ts";

type Credentials = { readonly apiKey: string; readonly secretKey: string };

/** Every market. */
const ALL = "ALL";

export class OperatorRoom {
  readonly #functions: () => Functions;
  readonly #api: Pick<CambrianParts, "rotateKey">;
  readonly #nowMs: () => number;
  /** Scopes and since when (world time). */
  readonly #halted = new Map<string, number>();
  #credentials: Credentials;
  #keys = 1;
  /** World time of the last rotation. */
  rotatedMs = Number.NEGATIVE_INFINITY;

  constructor(input: {
    readonly functions: () => Functions;
    readonly api: Pick<CambrianParts, "rotateKey">;
    readonly nowMs: () => number;
    readonly credentials: Credentials;
  }) {
    this.#functions = input.functions;
    this.#api = input.api;
    this.#nowMs = input.nowMs;
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
    this.#halted.set(market ?? ALL, this.#nowMs());
    this.#functions().request("Quoting Halt Requested", "a drill", market);
  }

  resume(market?: string): void {
    this.#halted.delete(market ?? ALL);
    this.#functions().request("Quoting Resume Requested", "the drill is over", market);
  }

  /** Lets everything go on, whoever has halted it. */
  resumeAll(markets: readonly string[]): void {
    this.#halted.clear();
    this.resume();
    for (const market of markets) this.resume(market);
  }

  /** The venue knows a new key from now on; a task that has the old one must end, and the next reads the new one. */
  rotateKey(): void {
    this.#keys += 1;
    this.rotatedMs = this.#nowMs();
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
