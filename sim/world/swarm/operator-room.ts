/**
 * The operators of a seed: who has halted what on purpose, and which key the order API knows. Owns these words; the way of a request to
 * the control items is the functions'.
 */
import type { Config } from "../../../fargate/config.ts";
import { Secret } from "../../../fargate/secret.ts";
import { readItem } from "../../../lambdas/ledger-table.ts";
import type { CambrianParts } from "../../cambrian-api/cambrian-api.ts";
import type { TableHost } from "../table-host.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { Functions } from "./functions.ts";

type Credentials = { readonly apiKey: string; readonly secretKey: string };

/** Every market. */
const ALL = "ALL";
/** The grain of an event's time. */
const EVENT_MS = 1_000;
/** A halt of the task's own is written for as long as the table takes to answer again, and stands from its own moment on. */
const LOOKS = 5;

export type OperatorRoomInput = {
  readonly functions: () => Pick<Functions, "request">;
  readonly table: Pick<TableHost, "client" | "tableName">;
  readonly api: Pick<CambrianParts, "rotateKey">;
  readonly time: Pick<VirtualTime, "nowMs" | "epochMs" | "after" | "hold">;
  readonly credentials: Credentials;
};

export class OperatorRoom {
  readonly #functions: OperatorRoomInput["functions"];
  readonly #table: OperatorRoomInput["table"];
  readonly #api: OperatorRoomInput["api"];
  readonly #time: OperatorRoomInput["time"];
  /** Scopes and since when (world time). */
  readonly #halted = new Map<string, number>();
  /** When each scope was last halted, as the event carries it (epoch milliseconds). */
  readonly #haltMs = new Map<string, number>();
  #credentials: Credentials;
  #keys = 1;
  /** World time of the last rotation. */
  rotatedMs = Number.NEGATIVE_INFINITY;

  constructor(input: OperatorRoomInput) {
    this.#functions = input.functions;
    this.#table = input.table;
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
    this.#haltMs.set(market ?? ALL, eventTime(this.#time.epochMs));
    this.#functions().request("Quoting Halt Requested", "a drill", market);
  }

  resume(market?: string): void {
    this.#halted.delete(market ?? ALL);
    this.#functions().request("Quoting Resume Requested", "the drill is over", market);
  }

  /**
   * Lets everything go on, whoever has halted it. One asking suffices, unless a halt was said in the same second: events carry whole seconds,
   * so that the halt may be the later word, or be delivered last. Who sees a scope halted still after such a race asks again, once.
   */
  resumeAll(markets: readonly string[]): void {
    this.#halted.clear();
    for (const scope of [ALL, ...markets]) {
      this.#ask(scope);
      this.#askAgain(scope, this.#time.epochMs, LOOKS);
    }
  }

  #ask(scope: string): void {
    this.resume(scope === ALL ? undefined : scope);
  }

  #askAgain(scope: string, askedMs: number, looks: number): void {
    this.#time.after(EVENT_MS, () => {
      const outlives = (haltMs: number | undefined) => haltMs !== undefined && mayOutlive(haltMs, askedMs);
      if (outlives(this.#haltMs.get(scope))) {
        this.#ask(scope);
        return;
      }
      void this.#readHalt(scope).then((haltMs) => {
        if (outlives(haltMs)) this.#ask(scope);
        else if (looks > 1) this.#askAgain(scope, askedMs, looks - 1);
      });
    });
  }

  /** Since when the control item of a scope says that it is halted (epoch milliseconds), whoever said so. */
  async #readHalt(scope: string): Promise<number | undefined> {
    const { client, tableName } = this.#table;
    const key = { pk: { S: "CONTROL" }, sk: { S: scope } };
    const item = await this.#time.hold(() => readItem({ client, tableName }, key));
    return item?.["state"]?.S === "halted" ? Date.parse(item["at"]?.S ?? "") : undefined;
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

/** Whether a halt of that time may stand after a resume that was asked for then: it is of the same second. */
export function mayOutlive(haltMs: number, askedMs: number): boolean {
  return haltMs >= eventTime(askedMs) && haltMs < askedMs + EVENT_MS;
}

function eventTime(epochMs: number): number {
  return Math.floor(epochMs / EVENT_MS) * EVENT_MS;
}
