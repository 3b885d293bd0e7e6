/**
 * Cambrian's stream of our fills and order states (`/v1/stream`, CONTRACTS 3). Owns its one connection: sign-in, pings,
 * reconnects. It promises no completeness: what passed while it was down is in the fill history and the open orders.
 */
import * as z from "zod";
import { assertNever } from "../../core/assert.ts";
import type { EngineEvent } from "../../core/events.ts";
import type { Log } from "../log.ts";
import type { Clock, Connect, Rng, Socket } from "../seams.ts";
import type { Metrics } from "../telemetry.ts";
import { type MarketsById, readFill, readOrder } from "./answers.ts";

export type StreamOptions = {
  readonly baseUrl: string;
  readonly markets: MarketsById;
  /** The first frame's key, timestamp and signature, made when it is sent. */
  readonly auth: () => { readonly key: string; readonly timestamp: string; readonly signature: string };
  readonly connect: Connect;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onEvent: (event: EngineEvent) => void;
  readonly onConnected: (connected: boolean) => void;
};

const PING_EVERY_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const OPEN_WITHIN_MS = 10_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MS_MAX = 10_000;
/** A connection that lived this long was well: the next reconnect starts over with the shortest wait. */
const WELL_AFTER_MS = 10_000;

const errorSchema = z.object({ type: z.literal("error"), code: z.string(), message: z.string() });

const frameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("fill"), fill: z.unknown() }),
  z.object({ type: z.literal("order"), order: z.unknown() }),
  errorSchema,
]);

export class CambrianStream {
  readonly #options: StreamOptions;
  #socket: Socket | undefined;
  #connected = false;
  #stopped = true;
  #failures = 0;
  #openedMs = 0;
  #stopTimer: (() => void) | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Open and signed in, as far as the venue has said. */
  get connected(): boolean {
    return this.#connected;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer?.();
    this.#socket?.terminate();
  }

  #open(): void {
    this.#openedMs = this.#options.clock.now().monotonicMs;
    this.#after(OPEN_WITHIN_MS, () => this.#socket?.terminate());
    let isClosed = false;
    const url = `${this.#options.baseUrl.replace(/^http/, "ws").replace(/\/+$/, "")}/v1/stream`;
    const socket = this.#options.connect(url, {
      onOpen: () => {
        socket.send(JSON.stringify({ type: "auth", ...this.#options.auth() }));
        this.#setConnected(true);
        this.#pingLater(socket);
      },
      onMessage: (data) => this.#take(data, socket),
      onPong: () => this.#pingLater(socket),
      onClose: (reason) => {
        isClosed = true;
        this.#closed(reason);
      },
    });
    if (!isClosed) this.#socket = socket;
  }

  #pingLater(socket: Socket): void {
    this.#after(PING_EVERY_MS, () => {
      socket.ping();
      this.#after(PONG_WITHIN_MS, () => socket.terminate());
    });
  }

  #take(data: Buffer, socket: Socket): void {
    const frame = this.#read(data);
    if (frame === undefined) return;
    if (frame.type !== "error") {
      this.#options.onEvent(frame);
      return;
    }
    this.#count("stream-error");
    this.#options.log.warn("The venue's stream reports an error", { code: frame.code, reason: frame.message });
    // The contract does not say which errors end the stream: a new one starts from a known state.
    socket.terminate();
  }

  #read(data: Buffer): EngineEvent | z.infer<typeof errorSchema> | undefined {
    const { clock, markets, log } = this.#options;
    try {
      const frame = frameSchema.parse(JSON.parse(data.toString("utf8")));
      switch (frame.type) {
        case "fill":
          return { type: "fill", fill: readFill(markets, frame.fill), at: clock.now() };
        case "order":
          return { type: "order-seen", order: readOrder(markets, frame.order), at: clock.now() };
        case "error":
          return frame;
        default:
          return assertNever(frame);
      }
    } catch (error) {
      this.#count("stream-malformed");
      log.warn("A frame of the venue's stream cannot be read", { error, bytes: data.length });
      return undefined;
    }
  }

  #closed(reason: string): void {
    this.#stopTimer?.();
    this.#socket = undefined;
    this.#setConnected(false);
    if (this.#stopped) return;
    this.#count("stream-closed");
    const livedMs = this.#options.clock.now().monotonicMs - this.#openedMs;
    this.#failures = livedMs >= WELL_AFTER_MS ? 1 : Math.min(this.#failures + 1, 10);
    const span = Math.min(BACKOFF_FIRST_MS * 2 ** (this.#failures - 1), BACKOFF_MS_MAX);
    const delayMs = span * (0.5 + this.#options.rng.next() / 2);
    this.#options.log.warn("The venue's stream is closed", { reason, delayMs: Math.round(delayMs) });
    this.#after(delayMs, () => this.#open());
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    this.#options.onConnected(connected);
  }

  /** One timer at a time: each step of the connection's life replaces the one before. */
  #after(delayMs: number, callback: () => void): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#options.clock.after(delayMs, callback);
  }

  #count(kind: "stream-error" | "stream-malformed" | "stream-closed"): void {
    this.#options.metrics.increment("flashmm_cambrian_api_errors_total", { kind });
  }
}
