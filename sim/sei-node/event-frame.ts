/**
 * One event as a frame of the WebSocket, in each shape that nodes have sent over the years (CONTRACTS 1). Owns the
 * shapes; which event goes to whom, and its sequence, is the connection's.
 */
import type { ChainEvent } from "./chain-event.ts";
import type { RpcId } from "./json-rpc.ts";

/**
 * - `design`: a list with object attributes, the shape of CONTRACTS 1;
 * - `list`: a list with `{key,value}` attributes, plain (Tendermint 0.35, CometBFT 0.37 and later);
 * - `list-base64`: the same, keys and values in base64 (CometBFT 0.34, Sei's mainnet era);
 * - `map`: `{"Type.key":[values]}` under `result.events`, with a filler under `result.data.value`;
 * - `map-in-data`: the map under `result.data.value` alone.
 */
export const EVENT_SHAPES = ["design", "list", "list-base64", "map", "map-in-data"] as const;
export type EventShape = (typeof EVENT_SHAPES)[number];

/** An event about to be sent; attributes are strings unless a fault has spoilt them. */
export type FrameEvent = { readonly type: string; readonly attributes: Readonly<Record<string, unknown>> };

export function toEventFrame(input: {
  readonly shape: EventShape;
  readonly id: RpcId;
  readonly query: string;
  readonly event: FrameEvent;
  readonly height: number;
}): string {
  const { id, query, event, height } = input;
  const result = { query, ...toBody(input.shape, event, height) };
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

/** An event of the chain: nodes have always sent these in the map form. */
export function toChainFrame(input: {
  readonly id: RpcId;
  readonly query: string;
  readonly event: ChainEvent;
}): string {
  const { id, query, event } = input;
  const data = { type: `tendermint/event/${event.type}`, value: event.value };
  return JSON.stringify({ jsonrpc: "2.0", id, result: { subscription_id: "", query, data, events: event.tags } });
}

function toBody(shape: EventShape, event: FrameEvent, height: number): Readonly<Record<string, unknown>> {
  const data = { type: `tendermint/event/${event.type}`, value: { height: `${height}` } };
  switch (shape) {
    case "design":
      return { events: [event] };
    case "list":
      return { subscription_id: "", data, events: [{ type: event.type, attributes: toPairs(event, (text) => text) }] };
    case "list-base64":
      return { subscription_id: "", data, events: [{ type: event.type, attributes: toPairs(event, toBase64) }] };
    case "map":
      return { subscription_id: "", data, events: toMap(event) };
    case "map-in-data":
      return { subscription_id: "", data: { type: data.type, value: toMap(event) } };
  }
}

function toPairs(event: FrameEvent, encode: (text: string) => string): readonly unknown[] {
  return Object.entries(event.attributes).map(([key, value]) => ({
    key: encode(key),
    value: typeof value === "string" ? encode(value) : value,
    index: true,
  }));
}

function toMap(event: FrameEvent): Readonly<Record<string, unknown>> {
  const entries = Object.entries(event.attributes).map(([key, value]) => [`${event.type}.${key}`, [value]]);
  return Object.fromEntries([["tm.event", [event.type]], ...entries]);
}

function toBase64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
