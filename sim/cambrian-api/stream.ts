/** The WebSocket `/v1/stream`: a client proves itself in its first frame, then hears of fills and orders. Owns the open streams. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import type { Clock } from "../../fargate/seams.ts";
import type { AccountEvent } from "../exchange/account-records.ts";
import type { CambrianFaults } from "./faults.ts";
import { type Credentials, signatureFault } from "./signature.ts";
import type { CambrianCounts } from "./stats.ts";
import { toFillJson, toOrderJson } from "./wire.ts";

const STREAMS_MAX = 20;
const AUTH_WITHIN_MS = 5_000;
const FRAME_BYTES_MAX = 16 * 1_024;
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
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  readonly #counts: CambrianCounts;
  readonly #faults: CambrianFaults;
  readonly #server = new WebSocketServer({
    noServer: true,
    autoPong: false,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
  });
  readonly #listening = new Set<WebSocket>();

  constructor(input: {
    readonly credentials: Credentials;
    readonly clock: Clock;
    readonly counts: CambrianCounts;
    readonly faults: CambrianFaults;
  }) {
    this.#credentials = input.credentials;
    this.#clock = input.clock;
    this.#counts = input.counts;
    this.#faults = input.faults;
  }

  /** Takes over a connection that asks to become a stream. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url !== "/v1/stream" || this.#server.clients.size >= STREAMS_MAX) {
      const status = request.url === "/v1/stream" ? "503 Service Unavailable" : "404 Not Found";
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#greet(client));
  }

  /** Tells every proven client what happened to the account. */
  tell(event: AccountEvent): void {
    if (this.#listening.size === 0 || this.#faults.streamMuted) return;
    if (event.type === "fill" && this.#faults.streamFillsDropped) return;
    const frame =
      event.type === "fill"
        ? { type: "fill", fill: toFillJson(event.fill) }
        : { type: "order", order: toOrderJson(event.order) };
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
    for (const client of this.#server.clients) client.terminate();
  }

  #greet(client: WebSocket): void {
    this.#counts.streamsOpened += 1;
    const stopWaiting = this.#clock.after(AUTH_WITHIN_MS, () => {
      this.#refuse(client, `the first frame must be auth within ${AUTH_WITHIN_MS} ms`);
    });
    // A socket's error is followed by its close, which is all there is to do about it.
    client.on("error", () => {});
    client.on("close", () => {
      stopWaiting();
      this.#listening.delete(client);
    });
    client.on("ping", (data) => {
      if (!this.#faults.streamMuted) client.pong(data);
    });
    client.once("message", (data) => {
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
    return signatureFault(request, this.#credentials, this.#clock.now().epochMs);
  }

  #refuse(client: WebSocket, message: string): void {
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
