/**
 * A node's HTTP side: `status` and `health` by URI or JSON-RPC, and the REST queries. Owns bodies and headers; the
 * answers themselves are `rest.ts`'s and the endpoint's.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { parseRpcRequest, type RpcCall, toError, toResult } from "./json-rpc.ts";
import { answerRest, type RestSources } from "./rest.ts";
import type { RestAnswer } from "./rest-answer.ts";

export type HttpInput = {
  readonly sources: RestSources;
  readonly bodyBytesMax: number;
  /** A fault: every REST query is answered with this status. */
  readonly restStatus: number | null;
  status(): unknown;
};

/** Tendermint answers calls by URI under this id. */
const URI_ID = -1;

/** Answers one request, whatever it is. */
export function answerHttp(request: IncomingMessage, response: ServerResponse, input: HttpInput): void {
  const { method = "GET", url = "/" } = request;
  const path = url.split("?", 1)[0];
  if (method === "POST" && path === "/") {
    readBody(request, input.bodyBytesMax, (body) => {
      const answer = body === null ? toError(null, "invalidRequest", "error reading request body") : rpc(body, input);
      send(response, 200, answer);
    });
    return;
  }
  request.resume();
  const { status, body } = toAnswer(method, url, input);
  send(response, status, body);
}

function toAnswer(method: string, url: string, input: HttpInput): { readonly status: number; readonly body: string } {
  const path = url.split("?", 1)[0];
  if (method === "GET" && path === "/status") return { status: 200, body: toResult(URI_ID, input.status()) };
  if (method === "GET" && path === "/health") return { status: 200, body: toResult(URI_ID, {}) };
  const { status, body } =
    input.restStatus === null ? answerRest(method, url, input.sources) : failure(input.restStatus);
  return { status, body: JSON.stringify(body) };
}

function rpc(body: string, input: HttpInput): string {
  const request = parseRpcRequest(body);
  switch (request.kind) {
    case "notification":
      return "";
    case "invalid":
      return request.answer;
    case "call":
      return call(request, input);
  }
}

function call({ id, method }: RpcCall, input: HttpInput): string {
  if (method === "status") return toResult(id, input.status());
  // Subscriptions are for the WebSocket alone.
  return method === "health" ? toResult(id, {}) : toError(id, "methodNotFound", `method ${method} not found`);
}

function failure(status: number): RestAnswer {
  const code = status === 503 ? 14 : status === 429 ? 8 : 13;
  return { status, body: { code, message: "the node cannot answer now", details: [] } };
}

function readBody(request: IncomingMessage, bytesMax: number, done: (body: string | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
  });
  request.on("end", () => done(bytes > bytesMax ? null : Buffer.concat(chunks).toString("utf8")));
  request.on("error", () => request.destroy());
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}
