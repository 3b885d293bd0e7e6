/**
 * Reads one HTTP/1.1 answer from bytes as they come, however they are cut. Owns the grammar (RFC 9112) and its limits;
 * it knows no socket. Strict: whatever is ambiguous (two lengths, an unknown coding, a folded header) is an error, since
 * an answer that is read wrongly is worse than one that is lost.
 */
import type { HttpResponse } from "./seams.ts";

/** An answer that does not fit the grammar or the limits. */
export class AnswerError extends Error {
  readonly code: "ANSWER_MALFORMED" | "ANSWER_TOO_LARGE" | "ANSWER_CUT";

  constructor(code: AnswerError["code"], message: string) {
    super(message);
    this.name = "AnswerError";
    this.code = code;
  }
}

const HEAD_BYTES_MAX = 64 * 1024;
/** A chunk's size line and the trailers together with their line ends. */
const LINE_BYTES_MAX = 4 * 1024;
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: .*)?$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/;
const LENGTH = /^\d{1,12}$/;
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/;

/** One for all readers: each is made as a request is written, while the turn's other requests wait. */
const NOTHING = Buffer.alloc(0);

type State = "head" | "length" | "chunk-size" | "chunk-data" | "chunk-end" | "trailers" | "until-close" | "done";

export class AnswerReader {
  readonly #bytesMax: number;
  #state: State = "head";
  #pending: Buffer = NOTHING;
  #body: Buffer[] = [];
  #bodyBytes = 0;
  /** Bytes left of the body or of the current chunk. */
  #left = 0;
  #status = 0;
  #headers: Record<string, string | undefined> = {};
  #isKept = false;

  /** `bytesMax` limits the body. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes bytes; answers whether the answer is whole. Throws `AnswerError`. */
  push(bytes: Buffer): boolean {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    while (this.#step());
    return this.#state === "done";
  }

  /** The peer has closed: the end of an answer without a length, or a cut one, which throws `AnswerError`. */
  close(): void {
    if (this.#state === "until-close") this.#state = "done";
    if (this.#state !== "done")
      throw new AnswerError("ANSWER_CUT", `the peer closed before a whole answer (${this.#state})`);
  }

  /** The answer, once it is whole. */
  answer(): HttpResponse {
    return { status: this.#status, headers: this.#headers, body: Buffer.concat(this.#body).toString("utf8") };
  }

  /** Whether the connection may carry another request: the peer keeps it, and sent nothing beyond the answer. */
  get isKept(): boolean {
    return this.#isKept && this.#state === "done" && this.#pending.length === 0;
  }

  /** How long the peer says that it keeps an idle connection (`Keep-Alive: timeout=…`), in milliseconds. */
  get keptMs(): number | undefined {
    const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(this.#headers["keep-alive"] ?? "")?.[1];
    return seconds === undefined ? undefined : Number(seconds) * 1_000;
  }

  /** Does one piece of work; answers whether there may be more to do. */
  #step(): boolean {
    switch (this.#state) {
      case "head":
        return this.#readHead();
      case "length":
      case "chunk-data":
        return this.#readBody();
      case "until-close":
        return this.#keep(this.#pending.length) && false;
      case "chunk-size":
        return this.#readChunkSize();
      case "chunk-end":
        return this.#readChunkEnd();
      case "trailers":
        return this.#readTrailer();
      case "done":
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#pending.indexOf("\r\n\r\n");
    if (end > HEAD_BYTES_MAX || (end < 0 && this.#pending.length > HEAD_BYTES_MAX)) {
      throw new AnswerError("ANSWER_TOO_LARGE", `head beyond ${HEAD_BYTES_MAX} bytes`);
    }
    if (end < 0) return false;
    const [statusLine = "", ...lines] = this.#pending.toString("latin1", 0, end).split("\r\n");
    this.#pending = this.#pending.subarray(end + 4);
    const match = STATUS_LINE.exec(statusLine);
    if (match === null) throw malformed("status line", statusLine);
    this.#status = Number(match[2]);
    this.#headers = readHeaders(lines);
    if (this.#status === 101) throw malformed("status", "101");
    // An interim answer (RFC 9110, 15.2) is followed by the real one.
    if (this.#status < 200) return true;
    const connection = (this.#headers["connection"] ?? "").toLowerCase().split(/\s*,\s*/);
    this.#isKept = match[1] === "1" ? !connection.includes("close") : connection.includes("keep-alive");
    this.#frame();
    return true;
  }

  /** Decides how the body ends (RFC 9112, 6.3). */
  #frame(): void {
    const coding = this.#headers["transfer-encoding"];
    const length = this.#headers["content-length"];
    const encoding = this.#headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") throw malformed("content-encoding", encoding);
    if (coding !== undefined && length !== undefined) throw malformed("framing", "both a length and a transfer coding");
    if (this.#status === 204 || this.#status === 304) {
      this.#state = "done";
    } else if (coding !== undefined) {
      if (coding.toLowerCase() !== "chunked") throw malformed("transfer-encoding", coding);
      this.#state = "chunk-size";
    } else if (length !== undefined) {
      if (!LENGTH.test(length)) throw malformed("content-length", length);
      this.#left = this.#limited(Number(length));
      this.#state = this.#left === 0 ? "done" : "length";
    } else {
      this.#isKept = false;
      this.#state = "until-close";
    }
  }

  #readBody(): boolean {
    if (this.#pending.length === 0) return false;
    const take = Math.min(this.#left, this.#pending.length);
    this.#keep(take);
    this.#left -= take;
    if (this.#left > 0) return false;
    this.#state = this.#state === "length" ? "done" : "chunk-end";
    return true;
  }

  #readChunkSize(): boolean {
    const line = this.#line();
    if (line === undefined) return false;
    const match = CHUNK_SIZE.exec(line);
    if (match === null) throw malformed("chunk size", line);
    this.#left = this.#limited(Number.parseInt(match[1] ?? "", 16));
    this.#state = this.#left === 0 ? "trailers" : "chunk-data";
    return true;
  }

  /** A chunk is followed by a line end and nothing else: other bytes there mean that its size or its data is wrong. */
  #readChunkEnd(): boolean {
    if (this.#pending.length < 2) return false;
    const end = this.#pending.toString("latin1", 0, 2);
    if (end !== "\r\n") throw malformed("chunk end", end);
    this.#pending = this.#pending.subarray(2);
    this.#state = "chunk-size";
    return true;
  }

  #readTrailer(): boolean {
    const line = this.#line();
    if (line === undefined) return false;
    if (line === "") this.#state = "done";
    else if (!HEADER_LINE.test(line)) throw malformed("trailer", line);
    return true;
  }

  /** The next line without its end, or undefined while it is not whole. */
  #line(): string | undefined {
    const end = this.#pending.indexOf("\r\n");
    if (end > LINE_BYTES_MAX || (end < 0 && this.#pending.length > LINE_BYTES_MAX)) {
      throw new AnswerError("ANSWER_TOO_LARGE", `line beyond ${LINE_BYTES_MAX} bytes`);
    }
    if (end < 0) return undefined;
    const line = this.#pending.toString("latin1", 0, end);
    this.#pending = this.#pending.subarray(end + 2);
    return line;
  }

  #keep(bytes: number): boolean {
    if (bytes === 0) return false;
    this.#bodyBytes += bytes;
    if (this.#bodyBytes > this.#bytesMax)
      throw new AnswerError("ANSWER_TOO_LARGE", `body beyond ${this.#bytesMax} bytes`);
    this.#body.push(this.#pending.subarray(0, bytes));
    this.#pending = this.#pending.subarray(bytes);
    return true;
  }

  #limited(bytes: number): number {
    if (this.#bodyBytes + bytes <= this.#bytesMax) return bytes;
    throw new AnswerError("ANSWER_TOO_LARGE", `body beyond ${this.#bytesMax} bytes`);
  }
}

/** Header names in lower case; a name that comes twice has its values joined, as RFC 9110, 5.3 says. */
function readHeaders(lines: readonly string[]): Record<string, string | undefined> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = HEADER_LINE.exec(line);
    if (match === null) throw malformed("header", line);
    const name = (match[1] ?? "").toLowerCase();
    const value = match[2] ?? "";
    const known = headers.get(name);
    headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }
  return Object.fromEntries(headers);
}

function malformed(what: string, was: string): AnswerError {
  return new AnswerError("ANSWER_MALFORMED", `malformed ${what}, was ${JSON.stringify(was.slice(0, 80))}`);
}
