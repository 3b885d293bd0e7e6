/**
 * What a node pushes of its blocks and of order transactions, over one WebSocket. Owns the connection: its subscriptions, pings and
 * reconnects. It promises nothing: what it misses, the index of the nodes tells. Three subscriptions, where real nodes allow five.
 */
import * as z from "zod";
import type { Log } from "../log.ts";
import type { Clock, Connect, Rng, Socket } from "../seams.ts";
import type { Metrics } from "../telemetry.ts";
import { type ChainEvent, eventListSchema, fromList, fromMap } from "./chain-events.ts";

export type StreamBlock = {
  readonly height: number;
  readonly time: string;
  /** The transactions in it, as the chain has them. */
  readonly transactions: readonly string[];
  /** What the chain did at its end. */
  readonly events: readonly ChainEvent[];
};

/** `code` is undefined where the node does not say, as Sei's do not. */
export type StreamTransaction = {
  readonly height: number;
  readonly base64: string;
  readonly code: number | undefined;
  readonly events: readonly ChainEvent[];
};

export type ChainStreamOptions = {
  /** RPC addresses in order; the WebSocket is at `/websocket` of each. */
  readonly urls: readonly string[];
  /** A node whose blocks are of another chain is left for the next one. */
  readonly chainId: string;
  /** Without a block for so long the connection counts as dead. */
  readonly stalenessMs: number;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onBlock: (block: StreamBlock) => void;
  readonly onTransaction: (transaction: StreamTransaction) => void;
  /** True with the first block of a connection. */
  readonly onConnected: (isConnected: boolean) => void;
};

const QUERIES = [
  "tm.event='NewBlock'",
  "tm.event='Tx' AND place_order.order_id EXISTS",
  "tm.event='Tx' AND cancel_order.cancellation_id EXISTS",
] as const;

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MS_MAX = 5_000;
const WELL_AFTER_MS = 10_000;
const OPEN_WITHIN_MS = 5_000;
/** A block that is older when it comes is of a node that is behind: our clock may be five seconds off, and a block takes its time. */
const BLOCK_AGE_MS_MAX = 8_000;
/** So many old blocks in a row, and the next node is listened to: the first after a halt may be old by itself. */
const OLD_BLOCKS_MAX = 5;

/** Whether a block tells where the chain stood, not where it stands. */
export function isOldBlock({ time }: Pick<StreamBlock, "time">, clock: Clock): boolean {
  return clock.now().epochMs - Date.parse(time) > BLOCK_AGE_MS_MAX;
}

const heightText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const textMap = z.record(z.string(), z.array(z.string()));

const frameSchema = z.object({
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).nullish(),
  result: z
    .object({
      data: z.object({ type: z.string(), value: z.unknown() }).nullish(),
      events: z.unknown().optional(),
    })
    .nullish(),
});

const endBlock = z.object({ events: eventListSchema }).nullish();

const blockValue = z.object({
  block: z.object({
    header: z.object({ chain_id: z.string().nullish(), height: heightText, time: z.string() }),
    data: z.object({ txs: z.array(z.string()).nullish() }).nullish(),
  }),
  result_end_block: endBlock,
  result_finalize_block: endBlock,
});

const transactionValue = z.object({
  TxResult: z.object({
    height: heightText,
    tx: z.string(),
    result: z.object({ code: z.number().optional(), events: eventListSchema }),
  }),
});

export class ChainStream {
  readonly #options: ChainStreamOptions;
  #socket: Socket | undefined;
  #stopTimer: () => void = () => undefined;
  #isConnected = false;
  #isStopped = true;
  #turn = 0;
  #failures = 0;
  #openedMs = 0;
  /** Old blocks in a row, of this connection. */
  #oldBlocks = 0;
  /** Nodes left in a row because their blocks were old: once all were, it may be our clock, and one is as good as another. */
  #nodesLeft = 0;

  constructor(options: ChainStreamOptions) {
    this.#options = options;
  }

  /** Blocks come. */
  get connected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#open();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stopTimer();
    this.#socket?.terminate();
  }

  #open(): void {
    const { urls, clock, connect } = this.#options;
    this.#openedMs = clock.now().monotonicMs;
    this.#oldBlocks = 0;
    this.#after(OPEN_WITHIN_MS, () => this.#socket?.terminate());
    let isClosed = false;
    const url = (urls[this.#turn % urls.length] ?? "").replace(/^http/, "ws").replace(/\/+$/, "");
    const socket = connect(`${url}/websocket`, {
      onOpen: () => {
        for (const [index, query] of QUERIES.entries()) {
          socket.send(JSON.stringify({ jsonrpc: "2.0", id: index + 1, method: "subscribe", params: { query } }));
        }
        this.#awaitBlock(socket);
      },
      onMessage: (data) => this.#take(data, socket),
      // Blocks are the sign of life; a pong says nothing of them.
      onPong: () => undefined,
      onClose: (reason) => {
        isClosed = true;
        this.#closed(reason);
      },
    });
    if (!isClosed) this.#socket = socket;
  }

  #awaitBlock(socket: Socket): void {
    this.#after(this.#options.stalenessMs, () => socket.terminate());
  }

  #take(data: Buffer, socket: Socket): void {
    let frame: z.output<typeof frameSchema>;
    try {
      frame = frameSchema.parse(JSON.parse(data.toString("utf8")));
      if (frame.result?.data) this.#takeEvent(frame.result.data, frame.result.events, socket);
    } catch (error) {
      this.#count("malformed-frame");
      this.#options.log.warn("A frame of the chain's stream cannot be read", { error, bytes: data.length });
      return;
    }
    if (frame.error === undefined || frame.error === null) return;
    this.#count("node-error");
    const { message, data: detail } = frame.error;
    this.#options.log.warn("The chain's stream refuses or has ended a subscription", { reason: message, detail });
    // A new connection starts from a known state; half of a stream would be silent where we listen.
    socket.terminate();
  }

  #takeEvent({ type, value }: { readonly type: string; readonly value: unknown }, map: unknown, socket: Socket): void {
    if (type === "tendermint/event/NewBlock") {
      const read = blockValue.parse(value);
      const { header, data } = read.block;
      if (!this.#isOurs(header.chain_id, socket)) return;
      this.#awaitBlock(socket);
      this.#setConnected(true);
      const events = [...fromList(read.result_end_block?.events), ...fromList(read.result_finalize_block?.events)];
      this.#options.onBlock({ height: header.height, time: header.time, transactions: data?.txs ?? [], events });
      this.#lookAtAge(header, socket);
    } else if (type === "tendermint/event/Tx") {
      const { height, tx, result } = transactionValue.parse(value).TxResult;
      const listed = fromList(result.events);
      const named = textMap.safeParse(map);
      const events = listed.length > 0 || !named.success ? listed : fromMap(named.data);
      this.#options.onTransaction({ height, base64: tx, code: result.code, events });
    }
  }

  /** The connection ends with its first block of another chain, and nothing of that is passed on. */
  #isOurs(told: string | null | undefined, socket: Socket): boolean {
    const { chainId, log } = this.#options;
    // Whoever does not name a chain is not known to be of another.
    if (told === chainId || told === undefined || told === null) return true;
    this.#count("node-error");
    log.warn("The chain's stream is of another chain, and the next node is listened to", { told, expected: chainId });
    socket.terminate();
    return false;
  }

  /** Leaves a node that is far behind the clock, where there is another. */
  #lookAtAge({ height, time }: Pick<StreamBlock, "height" | "time">, socket: Socket): void {
    const { urls, clock, log } = this.#options;
    if (!isOldBlock({ time }, clock)) {
      this.#oldBlocks = 0;
      this.#nodesLeft = 0;
      return;
    }
    this.#oldBlocks += 1;
    if (this.#oldBlocks !== OLD_BLOCKS_MAX || this.#nodesLeft >= urls.length - 1) return;
    log.warn("The chain's stream is far behind the clock, and the next node is listened to", { height, time });
    this.#nodesLeft += 1;
    socket.terminate();
  }

  #closed(reason: string): void {
    this.#stopTimer();
    this.#socket = undefined;
    this.#setConnected(false);
    if (this.#isStopped) return;
    const { clock, rng, log } = this.#options;
    this.#count("closed");
    const wasWell = clock.now().monotonicMs - this.#openedMs >= WELL_AFTER_MS;
    this.#failures = wasWell ? 1 : Math.min(this.#failures + 1, 10);
    if (!wasWell || this.#oldBlocks >= OLD_BLOCKS_MAX) this.#turn += 1;
    const delayMs = Math.min(BACKOFF_FIRST_MS * 2 ** (this.#failures - 1), BACKOFF_MS_MAX) * (0.5 + rng.next() / 2);
    log.warn("The chain's stream is closed", { reason, delayMs: Math.round(delayMs) });
    this.#after(delayMs, () => this.#open());
  }

  #setConnected(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#options.onConnected(isConnected);
  }

  /** One timer at a time: each step of the connection's life replaces the one before. */
  #after(delayMs: number, callback: () => void): void {
    this.#stopTimer();
    this.#stopTimer = this.#options.clock.after(delayMs, callback);
  }

  #count(kind: "closed" | "malformed-frame" | "node-error"): void {
    this.#options.metrics.increment("flashmm_sei_websocket_errors_total", { kind });
  }
}
