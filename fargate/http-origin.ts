/**
 * The connections to one origin, and the requests that wait for one. Owns which connection carries which request, how many there
 * are, and that a warm one is there when it is wanted: one that grows old is renewed before it may not be used any more.
 */
import { type AnswerHandlers, HttpConnection, HttpError } from "./http-connection.ts";
import { assertPath, RequestWriter } from "./http-request.ts";
import type { CancelSignal, Clock, HttpRequest, HttpResponse, Rng } from "./seams.ts";

export type OriginSettings = {
  /** Connections to one origin: as many as requests can be in flight, so that none waits for another. */
  readonly connectionsMax: number;
  /** Longest body of an answer, in bytes. */
  readonly answerBytesMax: number;
  /** An idle connection is used again for this long, or a second less than the peer says that it keeps it. */
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** Spreads the renewals, so that connections that were opened together are not renewed together. */
  readonly rng: Rng;
};

const WAITING_MAX = 100;
const KEPT_MARGIN_MS = 1_000;
const REWARM_AFTER_MS = 1_000;

/** A warm connection is renewed after 60 to 90 % of the time for which it may lie idle. */
const RENEWAL_FIRST = 0.6;
const RENEWAL_SPREAD = 0.3;
/** A peer that keeps its connections for less would be asked for new ones all the time. */
const RENEWED_MS_MIN = 3_000;

/** An idle connection, since when it is (monotonic ms), and the share of the time it may lie idle after which it is renewed. */
type Lane = { readonly connection: HttpConnection; readonly sinceMs: number; readonly renewalShare: number };

export class Origin {
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #settings: OriginSettings;
  readonly #writer: RequestWriter;
  readonly #connections = new Set<HttpConnection>();
  /** The last one used comes last. */
  readonly #idle: Lane[] = [];
  readonly #waiting: Exchange[] = [];
  #warmCount = 0;
  /** What the peer last said of how long it keeps an idle connection: one that has carried nothing yet has heard nothing. */
  #keptMs: number | undefined;
  #stopRewarming: (() => void) | undefined;
  #renewal: { readonly atMs: number; readonly stop: () => void } | undefined;
  #isClosed = false;

  constructor(url: URL, clock: Clock, settings: OriginSettings) {
    this.#url = url;
    this.#clock = clock;
    this.#settings = settings;
    this.#writer = new RequestWriter(url);
  }

  send(request: HttpRequest, path: string, handlers: AnswerHandlers): void {
    if (this.#isClosed) throw new HttpError("CLOSED", "the client is closed");
    if (request.signal?.aborted === true) throw aborted();
    assertPath(path);
    const exchange = new Exchange(this.#writer.write(request, path), request, handlers);
    const lane = this.#takeIdle();
    if (lane === undefined) this.#wait(exchange);
    else this.#carry(lane, exchange);
    // Listened for once the bytes are written: nothing can abort it while this runs that is not seen then.
    exchange.watch();
  }

  #wait(exchange: Exchange): void {
    if (this.#waiting.length >= WAITING_MAX)
      throw new HttpError("QUEUE_FULL", `more than ${WAITING_MAX} requests wait`);
    this.#waiting.push(exchange);
    exchange.onAbort = () => {
      this.#waiting.splice(this.#waiting.indexOf(exchange), 1);
      exchange.onError(aborted());
    };
    this.#openForWaiting();
  }

  warm(count: number): void {
    this.#warmCount = count;
    for (const lane of this.#idle) this.#renewAt(this.#renewMs(lane));
    while (this.#connections.size < count) this.#open();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopRewarming?.();
    this.#renewal?.stop();
    const error = new HttpError("CLOSED", "the client is closed");
    for (const connection of this.#connections) connection.destroy(error);
    for (const each of this.#waiting.splice(0)) each.onError(error);
  }

  /** What is held back leaves the connection as old as it was: nothing was written on it. */
  #carry({ connection, sinceMs }: Pick<Lane, "connection" | "sinceMs">, exchange: Exchange): void {
    const fenced = exchange.fence?.();
    if (fenced !== undefined) {
      this.#rest(connection, sinceMs);
      exchange.onError(new HttpError("FENCED", fenced));
      return;
    }
    connection.send(exchange.bytes, exchange);
    exchange.onAbort = () => connection.destroy(aborted());
  }

  /** The idle connection that was used last: the others grow old and are renewed or let go. */
  #takeIdle(): Lane | undefined {
    const nowMs = this.#clock.now().monotonicMs;
    for (let lane = this.#idle.pop(); lane !== undefined; lane = this.#idle.pop()) {
      if (lane.connection.isOpen && this.#untilMs(lane) > nowMs) return lane;
      this.#letGo(lane);
    }
    return undefined;
  }

  /** It counts as gone at once, whenever its socket closes. */
  #letGo(lane: Lane): void {
    const place = this.#idle.indexOf(lane);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#connections.delete(lane.connection);
    lane.connection.destroy(new HttpError("EXPIRED", "the connection was idle for too long"));
  }

  get #opening(): number {
    let opening = 0;
    for (const connection of this.#connections) if (!connection.wasOpen) opening += 1;
    return opening;
  }

  #openForWaiting(): void {
    let opening = this.#opening;
    while (opening < this.#waiting.length && this.#connections.size < this.#settings.connectionsMax) {
      this.#open();
      opening += 1;
    }
  }

  #open(): void {
    const stopTimer = this.#clock.after(this.#settings.connectTimeoutMs, () =>
      connection.destroy(new HttpError("CONNECT_TIMEOUT", "the connection did not open in time")),
    );
    const connection = new HttpConnection(this.#url, this.#settings.answerBytesMax, {
      onOpen: () => {
        stopTimer();
        this.#rest(connection);
        this.#renew();
      },
      onIdle: () => this.#rest(connection),
      onClose: (error) => {
        stopTimer();
        this.#lost(connection, error);
      },
    });
    this.#connections.add(connection);
  }

  /** Gives a free connection to the request that waits longest, or keeps it. */
  #rest(connection: HttpConnection, sinceMs = this.#clock.now().monotonicMs): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#carry({ connection, sinceMs }, next);
      return;
    }
    const renewalShare = RENEWAL_FIRST + RENEWAL_SPREAD * this.#settings.rng.next();
    this.#idle.push({ connection, sinceMs, renewalShare });
    const { keptMs = this.#keptMs } = connection;
    const isNews = keptMs !== this.#keptMs;
    this.#keptMs = keptMs;
    if (this.#warmCount === 0) return;
    for (const lane of isNews ? this.#idle : this.#idle.slice(-1)) this.#renewAt(this.#renewMs(lane));
  }

  /** How long an idle connection is used again. */
  #spanMs({ keptMs = this.#keptMs }: HttpConnection): number {
    const { keepAliveMs } = this.#settings;
    return keptMs === undefined ? keepAliveMs : Math.min(keptMs - KEPT_MARGIN_MS, keepAliveMs);
  }

  #untilMs({ connection, sinceMs }: Lane): number {
    return sinceMs + this.#spanMs(connection);
  }

  #renewMs({ connection, sinceMs, renewalShare }: Lane): number {
    const spanMs = this.#spanMs(connection);
    return spanMs < RENEWED_MS_MIN ? Number.POSITIVE_INFINITY : sinceMs + spanMs * renewalShare;
  }

  #renewAt(atMs: number): void {
    if (this.#isClosed || atMs === Number.POSITIVE_INFINITY) return;
    if (this.#renewal !== undefined && this.#renewal.atMs <= atMs) return;
    this.#renewal?.stop();
    const stop = this.#clock.after(Math.max(0, atMs - this.#clock.now().monotonicMs), () => {
      this.#renewal = undefined;
      this.#renew();
    });
    this.#renewal = { atMs, stop };
  }

  /**
   * Lets go of what is old and more than the warm ones, and opens one in place of the next old one, which goes when that is open: one
   * at a time, so that the peer is not knocked at by all of them, and there are never fewer ready than before.
   */
  #renew(): void {
    if (this.#isClosed || this.#warmCount === 0) return;
    const nowMs = this.#clock.now().monotonicMs;
    const { connectionsMax } = this.#settings;
    for (const lane of this.#idle.toSorted((a, b) => this.#renewMs(a) - this.#renewMs(b))) {
      const renewMs = this.#renewMs(lane);
      // Where the next one is not open a second later, it is tried again: opening it has failed, or takes long.
      if (renewMs > nowMs || this.#opening > 0) {
        this.#renewAt(Math.max(renewMs, nowMs + REWARM_AFTER_MS));
        return;
      }
      const isReplaced = this.#connections.size > this.#warmCount;
      if (isReplaced || this.#untilMs(lane) <= nowMs || this.#connections.size >= connectionsMax) this.#letGo(lane);
      if (!isReplaced) this.#open();
    }
    if (this.#idle.length > 0) this.#renewAt(nowMs + REWARM_AFTER_MS);
  }

  #lost(connection: HttpConnection, error: HttpError): void {
    const place = this.#idle.findIndex((lane) => lane.connection === connection);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#connections.delete(connection);
    if (this.#isClosed) return;
    // One that never opened tells one waiting request why, so that a dead origin answers with errors and not with silence.
    if (!connection.wasOpen) this.#waiting.shift()?.onError(error);
    this.#openForWaiting();
    if (this.#connections.size >= this.#warmCount || this.#stopRewarming !== undefined) return;
    this.#stopRewarming = this.#clock.after(REWARM_AFTER_MS, () => {
      this.#stopRewarming = undefined;
      this.warm(this.#warmCount);
    });
  }
}

/** One request and its end, which is told once. What an abort does depends on where the request is. */
class Exchange implements AnswerHandlers {
  readonly bytes: string | Uint8Array;
  readonly fence: HttpRequest["fence"];
  readonly #signal: CancelSignal | undefined;
  readonly #handlers: AnswerHandlers;
  #isEnded = false;
  onAbort: () => void = () => undefined;

  constructor(bytes: string | Uint8Array, { fence, signal }: HttpRequest, handlers: AnswerHandlers) {
    this.bytes = bytes;
    this.fence = fence;
    this.#signal = signal;
    this.#handlers = handlers;
  }

  watch(): void {
    if (this.#signal === undefined || this.#isEnded) return;
    if (this.#signal.aborted) this.onAbort();
    else this.#signal.addEventListener("abort", this.#listener, { once: true });
  }

  onAnswer(answer: HttpResponse): void {
    this.#end();
    this.#handlers.onAnswer(answer);
  }

  onError(error: HttpError): void {
    this.#end();
    this.#handlers.onError(error);
  }

  readonly #listener = (): void => this.onAbort();

  #end(): void {
    this.#isEnded = true;
    this.#signal?.removeEventListener("abort", this.#listener);
  }
}

function aborted(): HttpError {
  return new HttpError("ABORTED", "the request was given up");
}
