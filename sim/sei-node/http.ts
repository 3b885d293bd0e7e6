/**
 * A node's HTTP side: RPC by URI or JSON, and the REST queries. Owns bodies and what is a call and what a query; the answers
 * themselves are `rest.ts`'s and the endpoint's.
 */
import type { RpcOutcome } from "./chain-rpc.ts";
import { parseRpcRequest, type RpcId, toError, toResult } from "./json-rpc.ts";
import { answerRest, type RestSources } from "./rest.ts";
import type { RestAnswer } from "./rest-answer.ts";

export type HttpInput = {
  readonly sources: RestSources;
  /** A fault: every REST query is answered with this status. */
  readonly restStatus: number | null;
  /** A fault: every call is answered with this status, or never. */
  readonly rpcFault: RpcFault | null;
  /** `undefined` for a method that the node does not have. */
  call(method: string, params: unknown): RpcOutcome | undefined;
};

/** An HTTP status in place of an answer; `silence` leaves the caller waiting. */
export type RpcFault = number | "silence";

/** Tendermint answers calls by URI under this id. */
const URI_ID = -1;

/** A request whose body was read; null when it is larger than allowed. */
export type NodeRequest = { readonly method: string; readonly url: string; readonly body: string | null };

/** The answer's body is JSON. `dropped`: the connection is cut in place of an answer; `silence`: nothing ever comes. */
export type NodeAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string }
  | "dropped"
  | "silence";

/** Answers one request, whatever it is. */
export function answerHttp({ method, url, body }: NodeRequest, input: HttpInput): NodeAnswer {
  const [path = "/", query = ""] = url.split("?", 2);
  if (method === "POST" && path === "/") {
    if (input.rpcFault !== null) return faulty(input.rpcFault);
    return body === null
      ? { status: 200, body: toError(null, "invalidRequest", "error reading request body") }
      : answerBody(body, input);
  }
  const name = /^\/([a-z_]+)$/.exec(path)?.[1];
  if (method === "GET" && name !== undefined) {
    const outcome = input.rpcFault === null ? input.call(name, uriParams(query)) : undefined;
    if (input.rpcFault !== null) return faulty(input.rpcFault);
    if (outcome !== undefined) return toAnswer(URI_ID, outcome);
  }
  const rest = input.restStatus === null ? answerRest(method, url, input.sources) : failure(input.restStatus);
  return { status: rest.status, headers: rest.headers ?? {}, body: JSON.stringify(rest.body) };
}

function answerBody(body: string, input: HttpInput): NodeAnswer {
  const request = parseRpcRequest(body);
  switch (request.kind) {
    case "notification":
      return { status: 200, body: "" };
    case "invalid":
      return { status: 200, body: request.answer };
    case "call": {
      const { id, method, params } = request;
      // Subscriptions are for the WebSocket alone.
      const outcome = input.call(method, params);
      if (outcome !== undefined) return toAnswer(id, outcome);
      return { status: 200, body: toError(id, "methodNotFound", `method ${method} not found`) };
    }
  }
}

function toAnswer(id: RpcId, outcome: RpcOutcome): NodeAnswer {
  switch (outcome.type) {
    case "result":
      return { status: 200, body: toResult(id, outcome.result) };
    case "error":
      return { status: 200, body: toError(id, outcome.error, outcome.reason) };
    case "lost":
      return "dropped";
  }
}

/** Text stands in quotes; numbers, and bytes in hex behind `0x`, stand bare. */
function uriParams(query: string): Readonly<Record<string, string>> {
  const entries = [...new URLSearchParams(query)];
  return Object.fromEntries(entries.map(([name, value]) => [name, /^"(.*)"$/.exec(value)?.[1] ?? value]));
}

function faulty(fault: RpcFault): NodeAnswer {
  if (fault === "silence") return "silence";
  return { status: fault, body: JSON.stringify({ error: "the node cannot answer now" }) };
}

function failure(status: number): RestAnswer {
  const code = status === 503 ? 14 : status === 429 ? 8 : 13;
  return { status, body: { code, message: "the node cannot answer now", details: [] } };
}
