/**
 * One kept HTTP/1.1 connection that carries one request at a time. Owns its socket; which connection carries which request
 * is decided in `fetch.ts`. A request is on the socket when `send` returns.
 */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { assert } from "../core/assert.ts";
import { AnswerError, AnswerReader } from "./http-answer.ts";
import type { HttpResponse } from "./seams.ts";

/** No whole answer came. `code` says why: `ABORTED`, `ANSWER_…`, or the code of the socket's error. */
export class HttpError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "HttpError";
    this.code = code;
  }
}

export type AnswerHandlers = {
  readonly onAnswer: (answer: HttpResponse) => void;
  readonly onError: (error: HttpError) => void;
};

export type ConnectionHandlers = {
  readonly onOpen: () => void;
  /** The connection is idle again and may carry another request. */
  readonly onIdle: () => void;
  /** The end, once; nothing comes after it. A request that was on the way has been told before. */
  readonly onClose: (error: HttpError) => void;
};

type Running = { readonly reader: AnswerReader; readonly handlers: AnswerHandlers };

export class HttpConnection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #answerBytesMax: number;
  #running: Running | undefined;
  #isOpen = false;
  #wasOpen = false;
  #fault: HttpError | undefined;
  #keptMs: number | undefined;

  constructor(origin: URL, answerBytesMax: number, handlers: ConnectionHandlers) {
    this.#answerBytesMax = answerBytesMax;
    this.#handlers = handlers;
    this.#socket = open(origin, () => {
      this.#isOpen = true;
      this.#wasOpen = true;
      handlers.onOpen();
    });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("error", (error) => {
      this.#fault ??= new HttpError(codeOf(error), error.message, error);
    });
    this.#socket.on("close", () => this.#closed());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get wasOpen(): boolean {
    return this.#wasOpen;
  }

  /** How long the peer said it keeps this connection when idle, if it said so. */
  get keptMs(): number | undefined {
    return this.#keptMs;
  }

  /** Writes a whole request, ASCII where it is text. The connection must be open and idle. */
  send(request: string | Uint8Array, handlers: AnswerHandlers): void {
    assert(this.#isOpen && this.#running === undefined, "a connection carries one request at a time");
    this.#socket.write(request, "latin1");
    // Whatever the socket has to say of it comes in a later turn.
    this.#running = { reader: new AnswerReader(this.#answerBytesMax), handlers };
  }

  /** Ends the connection at once; a request on the way is told `error`. */
  destroy(error: HttpError): void {
    this.#fault ??= error;
    this.#isOpen = false;
    this.#fail(this.#fault);
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    const running = this.#running;
    // What a peer says unasked would be taken for the answer to the next request (GHSA-35p6-xmwp-9g52).
    if (running === undefined) {
      this.destroy(new HttpError("ANSWER_UNASKED", "the peer sent bytes unasked"));
      return;
    }
    try {
      if (running.reader.push(bytes)) this.#finish(running);
    } catch (error) {
      this.destroy(answerFault(error));
    }
  }

  #finish(running: Running): void {
    const { reader, handlers } = running;
    const answer = reader.answer();
    this.#running = undefined;
    this.#keptMs = reader.keptMs ?? this.#keptMs;
    if (reader.isKept) this.#handlers.onIdle();
    else this.destroy(new HttpError("NOT_KEPT", "the peer does not keep the connection"));
    handlers.onAnswer(answer);
  }

  #closed(): void {
    this.#isOpen = false;
    const running = this.#running;
    if (running !== undefined && this.#fault === undefined) {
      try {
        running.reader.close();
        this.#finish(running);
      } catch (error) {
        this.#fault = answerFault(error);
      }
    }
    const fault = this.#fault ?? new HttpError("CLOSED", "the peer closed the connection");
    this.#fail(fault);
    this.#handlers.onClose(fault);
  }

  #fail(error: HttpError): void {
    const running = this.#running;
    this.#running = undefined;
    running?.handlers.onError(error);
  }
}

function open(origin: URL, onOpen: () => void): Socket {
  const host = origin.hostname.replace(/^\[(.*)\]$/, "$1");
  if (origin.protocol !== "https:") {
    return connectTcp({ host, port: Number(origin.port || "80") }, onOpen);
  }
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const port = Number(origin.port || "443");
  return connectTls({ host, port, ...servername, ALPNProtocols: ["http/1.1"] }, onOpen);
}

function answerFault(error: unknown): HttpError {
  if (error instanceof AnswerError) return new HttpError(error.code, error.message);
  throw error;
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "HTTP_ERROR";
}
