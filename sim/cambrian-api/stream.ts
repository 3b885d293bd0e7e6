/** The WebSocket `/v1/stream`: a client proves itself in its first frame, then hears of fills and orders. Owns the open streams. */
import * as z from "zod";
import type { Clock, Rng } from "../../fargate/seams.ts";
import type { AccountEvent } from "../exchange/account-records.ts";
import { ignoreFailure, type ServerSocket } from "../transport/server-socket.ts";
import type { CambrianFaults } from "./faults.ts";
import { type Credentials, signatureFault } from "./signature.ts";
import type { CambrianCounts } from "./stats.ts";
import { toFillJson, toOrderJson } from "./wire.ts";

const STREAMS_MAX = 20;
const AUTH_WITHIN_MS = 5_000;
/** A client that reads no faster than this much behind is dropped. */
const UNSENT_BYTES_MAX = 1_048_576;
/** Close code of "policy violation" (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;

const authFrame = z.strictObject({
  type: z.literal("auth"),
  key: z.string(),
  timestamp: z.union([z.string(), z.int()]).transform(String),
  signature: z.string(),
});

export class CambrianStream {
  readonly #credentials: () => Credentials;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #counts: CambrianCounts;
  readonly #faults: CambrianFaults;
  readonly #clients = new Set<ServerSocket>();
  readonly #listening = new Set<ServerSocket>();

  constructor(input: {
    /** Asked anew for each sign-in. */
    readonly credentials: () => Credentials;
    readonly clock: Clock;
    readonly rng: Rng;
    readonly counts: CambrianCounts;
    readonly faults: CambrianFaults;
  }) {
    this.#credentials = input.credentials;
    this.#clock = input.clock;
    this.#rng = input.rng;
    this.#counts = input.counts;
    this.#faults = input.faults;
  }

  /** Why a connection may not become a stream, as an HTTP status line; `undefined` when it may. */
  refusal(path: string): string | undefined {
    if (path !== "/v1/stream") return "404 Not Found";
    return this.#clients.size < STREAMS_MAX ? undefined : "503 Service Unavailable";
  }

  /** Tells every proven client what happened to the account. */
  tell(event: AccountEvent): void {
    if (event.type === "order") {
      this.#send({ type: "order", order: toOrderJson(event.order) });
      return;
    }
    if (this.#faults.streamFillsDropped) return;
    const fill = toFillJson(event.fill);
    const tell = () => {
      this.#send({ type: "fill", fill });
      if (this.#faults.streamFillContradicted)
        this.#send({ type: "fill", fill: { ...fill, quantity: `1${fill.quantity}` } });
    };
    const { streamFillCopies, streamFillDelayMs: delayMs } = this.#faults;
    for (let copy = 0; copy < streamFillCopies; copy += 1) {
      if (delayMs === undefined) tell();
      else this.#clock.after(delayMs.low + (delayMs.high - delayMs.low) * this.#rng.next(), tell);
    }
  }

  #send(frame: unknown): void {
    if (this.#listening.size === 0 || this.#faults.streamMuted) return;
    const text = JSON.stringify(frame);
    for (const client of this.#listening) {
      if (client.bufferedAmount > UNSENT_BYTES_MAX) {
        client.terminate();
        continue;
      }
      client.send(text);
      this.#counts.streamFrames += 1;
    }
  }

  /** Resets every stream, proven or not. */
  drop(): void {
    for (const client of this.#clients) client.terminate();
  }

  /** Takes over a connection that has become a stream. */
  greet(client: ServerSocket): void {
    this.#clients.add(client);
    this.#counts.streamsOpened += 1;
    const stopWaiting = this.#clock.after(AUTH_WITHIN_MS, () => {
      this.#refuse(client, `the first frame must be auth within ${AUTH_WITHIN_MS} ms`);
    });
    // A socket's error is followed by its close, which is all there is to do about it.
    client.on("error", () => {});
    client.on("close", () => {
      stopWaiting();
      this.#clients.delete(client);
      this.#listening.delete(client);
    });
    client.on("ping", (data) => {
      if (!this.#faults.streamMuted) client.pong(data, false, ignoreFailure);
    });
    let isFirst = true;
    client.on("message", (data) => {
      if (!isFirst) return;
      isFirst = false;
      stopWaiting();
      const fault = this.#authFault(String(data));
      if (fault === undefined) this.#listening.add(client);
      else this.#refuse(client, fault);
    });
  }

  #authFault(text: string): string | undefined {
    const parsed = authFrame.safeParse(readJson(text));
    if (!parsed.success) return "the first frame must be auth with key, timestamp and signature";
    const { key, timestamp, signature } = parsed.data;
    const request = { method: "GET", path: "/v1/stream", body: "", key, timestamp, signature };
    return signatureFault(request, this.#credentials(), this.#clock.now().epochMs);
  }

  #refuse(client: ServerSocket, message: string): void {
    this.#counts.refusedForSignature += 1;
    client.send(JSON.stringify({ type: "error", code: "unauthorized", message }));
    client.close(POLICY_VIOLATION, "unauthorized");
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not an auth frame; the caller answers that.
    return undefined;
  }
}
