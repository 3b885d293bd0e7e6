/**
 * JSON-RPC 2.0 as a Tendermint node speaks it: reading requests, writing answers. Owns the envelopes and their error
 * codes; what a method does is not known here.
 */

/** A request's id, echoed as it came. */
export type RpcId = string | number;

export type RpcCall = {
  readonly kind: "call";
  readonly id: RpcId;
  readonly method: string;
  readonly params: unknown;
};

export type RpcRequest =
  | RpcCall
  /** Without an id: never answered, and never acted on (ws_handler.go). */
  | { readonly kind: "notification" }
  | { readonly kind: "invalid"; readonly answer: string };

const ERRORS = {
  parse: { code: -32700, message: "Parse error" },
  invalidRequest: { code: -32600, message: "Invalid Request" },
  methodNotFound: { code: -32601, message: "Method not found" },
  invalidParams: { code: -32602, message: "Invalid params" },
  internal: { code: -32603, message: "Internal error" },
} as const;

/** Reads one frame. An unreadable one comes back as the answer it deserves. */
export function parseRpcRequest(text: string): RpcRequest {
  const parsed = parseJson(text);
  if (!parsed.ok) return invalid(null, "parse", `error unmarshaling request: ${parsed.reason}`);
  const request = parsed.value;
  if (typeof request !== "object" || request === null || Array.isArray(request)) {
    return invalid(null, "parse", "error unmarshaling request: expected one JSON object");
  }
  const { jsonrpc, id, method, params }: Partial<Record<string, unknown>> = Object.fromEntries(Object.entries(request));
  if (id === undefined || id === null) return { kind: "notification" };
  if (typeof id !== "string" && !(typeof id === "number" && Number.isSafeInteger(id))) {
    return invalid(null, "invalidRequest", "id must be a string or an integer");
  }
  if (jsonrpc !== undefined && jsonrpc !== "2.0") return invalid(id, "invalidRequest", 'jsonrpc must be "2.0"');
  if (typeof method !== "string") return invalid(id, "invalidRequest", "method must be a string");
  return { kind: "call", id, method, params };
}

/** The one string parameter `name`, by name or by position; null when it is not there. */
export function stringParam(params: unknown, name: string): string | null {
  if (typeof params !== "object" || params === null) return null;
  const value: unknown = Array.isArray(params) ? params[0] : Object.entries(params).find(([key]) => key === name)?.[1];
  return typeof value === "string" ? value : null;
}

export function toResult(id: RpcId, result: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

/** `reason` is what a client reads to know what happened; it stands in `error.data`. */
export function toError(id: RpcId | null, error: keyof typeof ERRORS, reason: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { ...ERRORS[error], data: reason } });
}

function invalid(id: RpcId | null, error: keyof typeof ERRORS, reason: string): RpcRequest {
  return { kind: "invalid", answer: toError(id, error, reason) };
}

function parseJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
