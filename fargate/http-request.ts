/**
 * Writes an HTTP/1.1 request to one origin. Owns the grammar of what leaves (RFC 9112): a path or a header that could smuggle in
 * another line is refused. It knows no socket.
 */
import { HttpError } from "./http-connection.ts";
import type { HttpRequest } from "./seams.ts";

const SLASH = 47;
const TAB = 9;
const SPACE = 32;
const TILDE = 126;

/** Header names whose last line is kept; they come from the code, a handful. */
const LINES_MAX = 32;

export class RequestWriter {
  readonly #start: string;
  /** By name the last value and its line: most headers say the same in each request, and are checked and joined once. */
  readonly #lines = new Map<string, { readonly value: string; readonly line: string }>();

  constructor(origin: URL) {
    // Compressed bodies are refused; without the header a server might choose one (RFC 9110, 12.5.3).
    this.#start = ` HTTP/1.1\r\nhost: ${origin.host}\r\naccept-encoding: identity\r\n`;
  }

  /** The whole request: text where all of it is ASCII, which needs no converting, and else its bytes. */
  write(request: HttpRequest, path: string): string | Uint8Array {
    let head = `${request.method} ${path}${this.#start}`;
    for (const name of Object.keys(request.headers)) head += this.#line(name, request.headers[name] ?? "");
    const body = request.body ?? "";
    const bytes = body === "" ? 0 : Buffer.byteLength(body);
    if (bytes > 0 || request.method === "POST" || request.method === "PUT") head += `content-length: ${bytes}\r\n`;
    if (typeof body !== "string") return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]);
    // Path and headers are ASCII, or are refused.
    const text = `${head}\r\n${body}`;
    return bytes === body.length ? text : Buffer.from(text, "utf8");
  }

  #line(name: string, value: string): string {
    const known = this.#lines.get(name);
    if (known !== undefined && known.value === value) return known.line;
    if (!isHeaderValue(value)) throw new HttpError("BAD_REQUEST", `header ${name} must be printable ASCII`);
    const line = `${name}: ${value}\r\n`;
    if (known !== undefined || this.#lines.size < LINES_MAX) this.#lines.set(name, { value, line });
    return line;
  }
}

/** Throws unless it may stand in a request line as it is. */
export function assertPath(path: string): void {
  let isPath = path.charCodeAt(0) === SLASH;
  for (let i = 1; i < path.length; i += 1) {
    const code = path.charCodeAt(i);
    if (code <= SPACE || code > TILDE) isPath = false;
  }
  if (!isPath) {
    throw new HttpError("BAD_REQUEST", "the address must be http or https with a percent-encoded path");
  }
}

/** Printable ASCII and tabs. By a loop, as in a path: a regular expression is code of its own, and these run for each order. */
function isHeaderValue(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i);
    if ((code < SPACE && code !== TAB) || code > TILDE) return false;
  }
  return true;
}
