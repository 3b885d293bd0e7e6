/**
 * What the status server refuses before it looks at what is asked. Owns the rules that keep other sites out: a page of another origin may
 * send requests to this machine, and a name of its own may lead here (DNS rebinding), but a browser says for whom it speaks.
 */
import type { IncomingMessage } from "node:http";
import { type Answer, failure } from "./answers.ts";

/** Where operators' requests are taken, while operation is on. */
export const OPERATOR_PATH = "/api/operator";

/** A request for a halt or a resume is some hundred bytes. */
export const BODY_BYTES_MAX = 2_048;

/** What ends with the answer: the rest of such a request is not read. */
const CLOSE = { connection: "close" } as const;

/** Names of this machine; a tunnel may lead here from a port of any number. */
const OWN_HOST = /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/;

export type GuardSettings = { readonly port: number; readonly isOperationOn: boolean };

/** Null for a request that may be answered. */
export function refusalOf(request: IncomingMessage, path: string | undefined, settings: GuardSettings): Answer | null {
  const { host } = request.headers;
  // Browsers always name the host; an old program (HTTP/1.0, as ECS's health check) may leave it out.
  if (host !== undefined && !OWN_HOST.test(host)) {
    return failure(421, "WRONG_HOST", `host must be 127.0.0.1 or localhost, was ${JSON.stringify(host)}`, CLOSE);
  }
  if (request.method === "GET" || request.method === "HEAD") return bodyRefusalOf(request);
  const isOperator = settings.isOperationOn && path === OPERATOR_PATH;
  if (!isOperator || request.method !== "POST") {
    const allow = isOperator ? "GET, HEAD, POST" : "GET, HEAD";
    const message = `method must be ${allow.replace(/, (?=\w+$)/, " or ")}, was ${request.method}`;
    return failure(405, "METHOD_NOT_ALLOWED", message, { ...CLOSE, allow });
  }
  return postRefusalOf(request, settings.port);
}

function bodyRefusalOf(request: IncomingMessage): Answer | null {
  const { "transfer-encoding": encoding, "content-length": length = "0" } = request.headers;
  if (encoding === undefined && length === "0") return null;
  return failure(413, "BODY_NOT_ALLOWED", "a request here must have no body", CLOSE);
}

/** Only the page itself, of this very address, may change anything. */
function postRefusalOf({ headers }: IncomingMessage, port: number): Answer | null {
  const refuse = (status: number, code: string, what: string, expected: string, was: string | undefined) =>
    failure(status, code, `${what} must be ${expected}, was ${JSON.stringify(was) ?? "absent"}`, CLOSE);
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin, "content-type": type, "content-length": length } = headers;
  if (host === undefined || !hosts.includes(host)) {
    return refuse(421, "WRONG_HOST", "host", hosts.join(" or "), host);
  }
  if (origin !== `http://${host}`) return refuse(403, "WRONG_ORIGIN", "origin", `http://${host}`, origin);
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") {
    return refuse(403, "WRONG_SITE", "sec-fetch-site", "same-origin or absent", String(site));
  }
  if (type === undefined || !/^application\/json(?:; ?charset=utf-8)?$/i.test(type)) {
    return refuse(415, "WRONG_TYPE", "content-type", "application/json", type);
  }
  if (headers["transfer-encoding"] !== undefined || length === undefined) {
    return failure(411, "LENGTH_REQUIRED", "content-length must be given, without transfer-encoding", CLOSE);
  }
  if (Number(length) > BODY_BYTES_MAX) {
    return refuse(413, "BODY_TOO_LARGE", "content-length", `at most ${BODY_BYTES_MAX}`, length);
  }
  return null;
}
