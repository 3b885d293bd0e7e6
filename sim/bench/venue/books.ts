/**
 * The frames that the benchmark's venue sends: books of 20 levels a side whose mid steps to and fro, and the market's status. Owns their
 * text and nothing of when they are sent.
 */
import { Buffer } from "node:buffer";

const BENCH_MARKET = "SEI/USDC";

/** So many markets of one quote asset, the first of them the one that all other benchmarks have. */
export function benchMarkets(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? BENCH_MARKET : `M${index}/USDC`));
}

const LEVELS = 20;
/** In ticks of 0.0001: far enough for a quote on one side to become too generous with every step, near enough to be no jump. */
const MID_TICKS = 4_213;
const STEP_TICKS = 3;
const LEVEL_MAX = 8;
const SIZES = 32;
/** The time of the venue says only that books are in order here, and it stands still. */
const TIMESTAMP = "2026-01-02T03:04:05.678Z";

/** By the mid's level, then by a number on which the sizes go, so that no book is the one before it. */
const BODIES: readonly (readonly string[])[] = Array.from({ length: 2 * LEVEL_MAX + 1 }, (_, index) =>
  Array.from({ length: SIZES }, (_, size) => bookBody(index - LEVEL_MAX, size)),
);

/** Writes the frames of one market's subscriptions. */
export class BookFrames {
  readonly #market: string;
  readonly #head: string;
  readonly #status: { readonly head: string };
  #sequence = 0;

  constructor(ids: { readonly book: number; readonly status: number; readonly market?: string }) {
    const { book, status, market = BENCH_MARKET } = ids;
    this.#market = market;
    this.#head = headOf(book, "OrderBookUpdate", market);
    this.#status = { head: headOf(status, "MarketStatus", market) };
  }

  /** The next book, its mid so many steps from the middle (at most 8 either way). */
  book(level: number): Buffer {
    return toFrame(`${this.#head}${this.#bookEvent(level)}]}}`);
  }

  halt(): Buffer {
    return toFrame(`${this.#status.head}${statusEvent("halted", this.#market)}]}}`);
  }

  /** The market opens, with a book in the same frame. */
  open(level: number): Buffer {
    return toFrame(`${this.#head}${statusEvent("open", this.#market)},${this.#bookEvent(level)}]}}`);
  }

  #bookEvent(level: number): string {
    this.#sequence += 1;
    const body = BODIES[level + LEVEL_MAX]?.[this.#sequence % SIZES];
    if (body === undefined) throw new RangeError(`a level must be at most ${LEVEL_MAX} from 0, was ${level}`);
    return (
      `{"type":"OrderBookUpdate","attributes":{"market_id":"${this.#market}","timestamp":"${TIMESTAMP}",` +
      `"sequence":"${this.#sequence}",${body}}}`
    );
  }
}

function headOf(id: number, type: string, market: string): string {
  const query = `tm.event='${type}' AND market_id='${market}'`;
  return `{"jsonrpc":"2.0","id":${id},"result":{"query":"${query}","events":[`;
}

function statusEvent(status: string, market: string): string {
  return (
    `{"type":"MarketStatus","attributes":{"market_id":"${market}","timestamp":"${TIMESTAMP}",` +
    `"status":"${status}"}}`
  );
}

function bookBody(level: number, size: number): string {
  const mid = MID_TICKS + level * STEP_TICKS;
  return `"bids":"${sideText(mid - 4, -1, size)}","asks":"${sideText(mid + 4, 1, size)}"`;
}

function sideText(first: number, step: number, size: number): string {
  const levels = Array.from({ length: LEVELS }, (_, level) => {
    const ticks = first + step * level;
    return `[\\"0.${String(ticks).padStart(4, "0")}\\",\\"${1_500 + 37 * level + size}\\"]`;
  });
  return `[${levels.join(",")}]`;
}

/** One unmasked text frame (RFC 6455, 5.2), as a server sends it. */
function toFrame(text: string): Buffer {
  const payloadBytes = Buffer.byteLength(text);
  const headBytes = payloadBytes < 126 ? 2 : 4;
  const frame = Buffer.allocUnsafe(headBytes + payloadBytes);
  frame[0] = 0x81;
  if (payloadBytes < 126) frame[1] = payloadBytes;
  else {
    frame[1] = 126;
    frame.writeUInt16BE(payloadBytes, 2);
  }
  frame.write(text, headBytes, "latin1");
  return frame;
}
