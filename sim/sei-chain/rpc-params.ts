/**
 * Parameters of RPC calls, by name or by position in a JSON body, or by URI (`?tx=0x…&path="…"`). Owns their reading and the words for
 * those that cannot be read.
 */

/** By name; as they came. */
export type Params = Readonly<Record<string, unknown>>;

export class RpcError extends Error {
  readonly kind: "invalidParams" | "internal";

  constructor(kind: "invalidParams" | "internal", message: string) {
    super(message);
    this.name = "RpcError";
    this.kind = kind;
  }
}

/** Names what came by position; what came by name stays. */
export function namedParams(params: unknown, names: readonly string[]): Params {
  if (params === undefined || params === null) return {};
  if (Array.isArray(params)) {
    const values: readonly unknown[] = params;
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  }
  if (typeof params === "object") return Object.fromEntries(Object.entries(params));
  throw new RpcError("invalidParams", "error converting json params to arguments: params must be a list or an object");
}

export function textParam(params: Params, name: string): string {
  const value = params[name];
  if (typeof value === "string" && value !== "") return value;
  throw new RpcError("invalidParams", `${name} must be a string`);
}

/** A whole number, as JSON or as text; 0 where it is left out. */
export function countParam(params: Params, name: string): number {
  const value = params[name] ?? "";
  if (value === "") return 0;
  const count = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
  throw new RpcError("invalidParams", `${name} must be a whole number`);
}

/** Bytes in the encoding that JSON has for them, or in hex behind `0x` as URIs have them. Empty where they are left out. */
export function bytesParam(params: Params, name: string, encoding: "hex" | "base64"): Uint8Array {
  const value = params[name] ?? "";
  if (typeof value !== "string") throw new RpcError("invalidParams", `${name} must be ${encoding} text`);
  const hex = value.startsWith("0x") ? value.slice(2) : encoding === "hex" ? value : undefined;
  if (hex !== undefined) {
    if (/^([0-9a-fA-F]{2})*$/.test(hex)) return Buffer.from(hex, "hex");
    throw new RpcError("invalidParams", `${name} must be hex text`);
  }
  if (/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value, "base64");
  throw new RpcError("invalidParams", `${name} must be base64 text`);
}
