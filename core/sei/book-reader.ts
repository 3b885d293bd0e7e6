/**
 * The hot path's reader: events of the usual shape, books from bytes to ticks and lots in one pass, exact or nothing. Trades and
 * changes of status, which may come in one frame with a book, are few attributes: their text is read by the general grammar.
 * Owns no errors: at the first byte that it does not expect it gives up, and the general way in `frames.ts` decides.
 */
import { InputError } from "../errors.ts";
import type { BookSide, BookUpdate, MarketEvent } from "../events.ts";
import type { Increment, Market } from "../market.ts";
import type { Instant, Lots, Ticks } from "../units.ts";
import { ISO_TIME_LENGTH, readIsoTimeAt } from "./iso-time.ts";
import { BOOK_LEVELS_MAX, type Markets, toMarketEvent } from "./market-events.ts";

const QUOTE = 34;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN = 91;
const BACKSLASH = 92;
const CLOSE = 93;
const BRACE_CLOSE = 125;
const SPACE = 32;
const DELETE = 127;

const HEAD = toCodes('{"jsonrpc":"2.0","id":');
const RESULT = toCodes(',"result":{"query":"');
const EVENTS = toCodes(',"events":[');
const ONE_BOOK = toCodes(',"events":[{"type":"OrderBookUpdate","attributes":{');
const ONE_BOOK_TAIL = toCodes("}]}}");
const TYPE = toCodes('{"type":"');
const BOOK = toCodes('OrderBookUpdate","attributes":{');
const TRADE = toCodes('Trade","attributes":{');
const STATUS = toCodes('MarketStatus","attributes":{');
const TAIL = toCodes("]}}");
const MARKET = toCodes("market_id");
const TIMESTAMP = toCodes("timestamp");
const SEQUENCE = toCodes("sequence");
const BIDS = toCodes("bids");
const ASKS = toCodes("asks");

const TEXT_CHARACTERS_MAX = 128;
/** A trade has six. */
const TEXTS_MAX = 8;

/** More characters than any safe integer of ours needs; longer numbers go the general way. */
const DIGITS_MAX = 24;

type UsualFrame = { readonly id: number; readonly events: readonly MarketEvent[] };

/** Reads a frame of events of ours alone, each an object with text attributes in any order. `null`: ask the general way. */
export function readBookFrame(bytes: Uint8Array, markets: Markets, at: Instant): UsualFrame | null {
  // Nearly every frame is one book. Whatever else may come is code apart, so that what V8 makes of this one stays small.
  reader.begin(bytes);
  const frame = reader.readBook(markets, at);
  if (frame !== null) return frame;
  reader.begin(bytes);
  return reader.readEvents(markets, at);
}

/** Owns the place in the bytes. A method that fails says so by −1, `false` or `null`, and the place means nothing then. */
class BookReader {
  #bytes: Uint8Array = new Uint8Array();
  #place = 0;

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#place = 0;
  }

  /** Of a frame with one book. */
  readBook(markets: Markets, at: Instant): UsualFrame | null {
    if (!this.#skip(HEAD)) return null;
    const id = this.#integer();
    if (id < 0 || !this.#skip(RESULT) || !this.#skipText() || !this.#skip(ONE_BOOK)) return null;
    const event = this.#attributes(markets, at);
    if (event === null || !this.#skip(ONE_BOOK_TAIL) || this.#place !== this.#bytes.length) return null;
    return { id, events: [event] };
  }

  /** Of a frame with whatever events of ours. */
  readEvents(markets: Markets, at: Instant): UsualFrame | null {
    if (!this.#skip(HEAD)) return null;
    const id = this.#integer();
    if (id < 0 || !this.#skip(RESULT) || !this.#skipText() || !this.#skip(EVENTS)) return null;
    const first = this.#event(markets, at);
    if (first === null) return null;
    const events = [first];
    while (this.#byte(COMMA)) {
      const event = this.#event(markets, at);
      if (event === null) return null;
      events.push(event);
    }
    return this.#skip(TAIL) && this.#place === this.#bytes.length ? { id, events } : null;
  }

  #event(markets: Markets, at: Instant): MarketEvent | null {
    if (!this.#skip(TYPE)) return null;
    let event: MarketEvent | null = null;
    if (this.#skip(BOOK)) event = this.#attributes(markets, at);
    else if (this.#skip(TRADE)) event = this.#small("Trade", markets, at);
    else if (this.#skip(STATUS)) event = this.#small("MarketStatus", markets, at);
    return event !== null && this.#byte(BRACE_CLOSE) ? event : null;
  }

  /** Attributes that are plain text, each once, up to their closing brace. */
  #small(type: "Trade" | "MarketStatus", markets: Markets, at: Instant): MarketEvent | null {
    const texts: Record<string, string> = {};
    for (let count = 0; count < TEXTS_MAX; count += 1) {
      if (!this.#byte(QUOTE)) return null;
      const name = this.#text();
      if (name === "" || Object.hasOwn(texts, name) || !this.#byte(COLON) || !this.#byte(QUOTE)) return null;
      const value = this.#text();
      if (value === "") return null;
      texts[name] = value;
      if (this.#byte(COMMA)) continue;
      return this.#byte(BRACE_CLOSE) ? readTexts(type, texts, markets, at) : null;
    }
    return null;
  }

  /** The five attributes, once each. A side that comes before the market is read again once tick and lot are known. */
  #attributes(markets: Markets, at: Instant): BookUpdate | null {
    let market: Market | undefined;
    let venueTimeMs = -1;
    let sequence = -1;
    let bidsStart = -1;
    let asksStart = -1;
    let bids: BookSide | null = null;
    let asks: BookSide | null = null;
    for (let count = 0; count < 5; count += 1) {
      if (count > 0 && !this.#byte(COMMA)) return null;
      if (!this.#byte(QUOTE)) return null;
      if (market === undefined && this.#name(MARKET)) {
        market = markets.get(this.#text());
        if (market === undefined) return null;
      } else if (venueTimeMs < 0 && this.#name(TIMESTAMP)) {
        venueTimeMs = readIsoTimeAt(this.#bytes, this.#place);
        this.#place += ISO_TIME_LENGTH;
        if (venueTimeMs < 0 || !this.#byte(QUOTE)) return null;
      } else if (sequence < 0 && this.#name(SEQUENCE)) {
        sequence = this.#integer();
        if (sequence < 1 || !this.#byte(QUOTE)) return null;
      } else if (bidsStart < 0 && this.#name(BIDS)) {
        bidsStart = this.#place;
        if (market === undefined) this.#skipRows();
        else bids = this.#side(market, bidsStart, -1);
      } else if (asksStart < 0 && this.#name(ASKS)) {
        asksStart = this.#place;
        if (market === undefined) this.#skipRows();
        else asks = this.#side(market, asksStart, 1);
      } else return null;
    }
    const end = this.#place;
    if (market === undefined || !this.#byte(BRACE_CLOSE)) return null;
    bids ??= this.#side(market, bidsStart, -1);
    asks ??= this.#side(market, asksStart, 1);
    this.#place = end + 1;
    if (bids === null || asks === null) return null;
    return { type: "book-update", market: market.symbol, bids, asks, sequence, venueTimeMs, at };
  }

  /** `[[\\"price\\",\\"size\\"],…]"` from `start`; `sign` is the way the prices must go. */
  #side(market: Market, start: number, sign: 1 | -1): BookSide | null {
    const bytes = this.#bytes;
    if (bytes[start] !== OPEN) return null;
    let count = 0;
    let last = sign < 0 ? Number.MAX_SAFE_INTEGER + 1 : 0;
    let place = start + 1;
    while (bytes[place] !== CLOSE) {
      if (count > 0) {
        if (count === BOOK_LEVELS_MAX || bytes[place] !== COMMA) return null;
        place += 1;
      }
      if (bytes[place] !== OPEN) return null;
      const price = readDecimal(bytes, place + 1, market.tick);
      if (price < 0 || (price - last) * sign <= 0 || bytes[decimalEnd] !== COMMA) return null;
      const size = readDecimal(bytes, decimalEnd + 1, market.lot);
      if (size < 0 || bytes[decimalEnd] !== CLOSE) return null;
      place = decimalEnd + 1;
      last = price;
      prices[count] = price as Ticks;
      sizes[count] = size as Lots;
      count += 1;
    }
    this.#place = place + 1;
    return this.#byte(QUOTE) ? { prices: keptPrices(count, sign), sizes: sizes.slice(0, count) } : null;
  }

  #byte(code: number): boolean {
    if (this.#bytes[this.#place] !== code) return false;
    this.#place += 1;
    return true;
  }

  #skip(codes: Uint8Array): boolean {
    if (!this.#matches(codes)) return false;
    this.#place += codes.length;
    return true;
  }

  #matches(codes: Uint8Array): boolean {
    for (let i = 0; i < codes.length; i += 1) {
      if (this.#bytes[this.#place + i] !== codes[i]) return false;
    }
    return true;
  }

  /** A key after its opening quote, up to and with the opening quote of its value. */
  #name(codes: Uint8Array): boolean {
    const after = this.#place + codes.length;
    const bytes = this.#bytes;
    if (bytes[after] !== QUOTE || bytes[after + 1] !== COLON || bytes[after + 2] !== QUOTE) return false;
    if (!this.#matches(codes)) return false;
    this.#place = after + 3;
    return true;
  }

  /** A non-negative safe integer without a leading zero, or −1. */
  #integer(): number {
    const bytes = this.#bytes;
    const start = this.#place;
    let value = 0;
    let i = start;
    for (; i < bytes.length && i - start < 16; i += 1) {
      const code = bytes[i] ?? 0;
      if (code < ZERO || code > NINE) break;
      value = value * 10 + (code - ZERO);
    }
    this.#place = i;
    const leadingZero = i - start > 1 && bytes[start] === ZERO;
    return i === start || leadingZero || !Number.isSafeInteger(value) ? -1 : value;
  }

  /** Plain printable ASCII without escapes, past its closing quote. */
  #skipText(): boolean {
    const bytes = this.#bytes;
    for (let i = this.#place; i < bytes.length; i += 1) {
      const code = bytes[i] ?? 0;
      if (code === QUOTE) {
        this.#place = i + 1;
        return true;
      }
      if (code < SPACE || code >= DELETE || code === BACKSLASH) return false;
    }
    return false;
  }

  /** The same as a short string; `""`, which fits nothing, when it does not fit. */
  #text(): string {
    const start = this.#place;
    // A feed repeats the names of a few markets: the last one is not spelt anew, which makes a string for each of its letters.
    if (this.#isText(lastText)) return lastText;
    if (!this.#skipText() || this.#place - start > TEXT_CHARACTERS_MAX) return "";
    let text = "";
    for (let i = start; i < this.#place - 1; i += 1) text += String.fromCharCode(this.#bytes[i] ?? 0);
    lastText = text;
    return text;
  }

  /** This very text: then past its closing quote. */
  #isText(text: string): boolean {
    const end = this.#place + text.length;
    if (this.#bytes[end] !== QUOTE) return false;
    for (let i = 0; i < text.length; i += 1) if (this.#bytes[this.#place + i] !== text.charCodeAt(i)) return false;
    this.#place = end + 1;
    return true;
  }

  /** Past the closing quote of a side; quotes inside are escaped. */
  #skipRows(): void {
    const bytes = this.#bytes;
    let i = this.#place;
    while (i < bytes.length && (bytes[i] !== QUOTE || bytes[i - 1] === BACKSLASH)) i += 1;
    this.#place = i + 1;
  }
}

/** One for all frames, each of which is read in one go. */
const reader = new BookReader();

/** By the general grammar; its error is the general way's to tell. */
function readTexts(
  type: "Trade" | "MarketStatus",
  texts: Readonly<Record<string, string>>,
  markets: Markets,
  at: Instant,
): MarketEvent | null {
  try {
    return toMarketEvent(type, texts, markets, at);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Where a side's levels are put down as they are read: arrays that grow with each side are copied twice. */
const prices: Ticks[] = [];
const sizes: Lots[] = [];

/** The prices of the last book that was read, of its bids and its asks. */
let lastBids: readonly Ticks[] = [];
let lastAsks: readonly Ticks[] = [];

/** The first `count` of what was put down. Mostly sizes alone have changed: then they are the last book's own. */
function keptPrices(count: number, sign: 1 | -1): readonly Ticks[] {
  const last = sign < 0 ? lastBids : lastAsks;
  if (last.length === count && isPutDown(last)) return last;
  const kept = prices.slice(0, count);
  if (sign < 0) lastBids = kept;
  else lastAsks = kept;
  return kept;
}

function isPutDown(last: readonly Ticks[]): boolean {
  for (let i = 0; i < last.length; i += 1) if (last[i] !== prices[i]) return false;
  return true;
}

/** The last short text that was read, mostly a market's name. */
let lastText = "";

/** Behind the last decimal that was read. */
let decimalEnd = 0;

/** `\\"0.4213\\"` at `from` as a positive multiple of the increment: the grammar of `parsePrice` and `parseSize`, or −1. */
function readDecimal(bytes: Uint8Array, from: number, { decimals, step }: Increment): number {
  if (bytes[from] !== BACKSLASH || bytes[from + 1] !== QUOTE) return -1;
  const start = from + 2;
  const end = start + DIGITS_MAX;
  let value = 0;
  let i = start;
  let code = bytes[i] ?? 0;
  while (code >= ZERO && code <= NINE && i < end) {
    value = value * 10 + (code - ZERO);
    i += 1;
    code = bytes[i] ?? 0;
  }
  if (i === start || (i - start > 1 && bytes[start] === ZERO)) return -1;
  let missing = decimals;
  if (code === POINT) {
    const point = i;
    i += 1;
    code = bytes[i] ?? 0;
    while (code >= ZERO && code <= NINE && i < end) {
      if (missing > 0) {
        value = value * 10 + (code - ZERO);
        missing -= 1;
      } else if (code !== ZERO) return -1;
      i += 1;
      code = bytes[i] ?? 0;
    }
    if (i === point + 1) return -1;
  }
  if (code !== BACKSLASH || bytes[i + 1] !== QUOTE) return -1;
  decimalEnd = i + 2;
  for (; missing > 0; missing -= 1) value *= 10;
  const multiple = step === 1 ? value : value / step;
  return value <= 0 || value > Number.MAX_SAFE_INTEGER || !Number.isSafeInteger(multiple) ? -1 : multiple;
}

function toCodes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
