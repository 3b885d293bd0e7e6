/**
 * A node's HTTP side: `status` and `health` by URI or JSON-RPC, and the REST queries. Owns bodies and headers; the
 * answers themselves are `rest.ts`'s and the endpoint's.
 */
import { parseRpcRequest, type RpcCall, toError, toResult } from "./json-rpc.ts";
import { answerRest, type RestSources } from "./rest.ts";
import type { RestAnswer } from "./rest-answer.ts";

export type HttpInput = {
  readonly sources: RestSources;
  /** A fault: every REST query is answered with this status. */
  readonly restStatus: number | null;
  status(): unknown;
};

/** Tendermint answers calls by URI under this id. */
const URI_ID = -1;

/** A request whose body was read; null when it is larger than allowed. */
export type NodeRequest = { readonly method: string; readonly url: string; readonly body: string | null };

/** The answer's body is JSON. */
export type NodeAnswer = { readonly status: number; readonly body: string };

/** Answers one request, whatever it is. */
export function answerHttp({ method, url, body }: NodeRequest, input: HttpInput): NodeAnswer {
  if (method !== "POST" || url.split("?", 1)[0] !== "/") return toAnswer(method, url, input);
  const answer = body === null ? toError(null, "invalidRequest", "error reading request body") : rpc(body, input);
  return { status: 200, body: answer };
}

function toAnswer(method: string, url: string, input: HttpInput): NodeAnswer {
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
