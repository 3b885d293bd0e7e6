/**
 * One frame of the Sei WebSocket, CometBFT JSON-RPC 2.0 (CONTRACTS 1), decoded: an answer to a request, market events,
 * or neither. Pure. Owns no sequence, no counting and no policy: those are the feed's.
 */
import { InputError } from "../errors.ts";
import type { MarketEvent } from "../events.ts";
import type { Instant } from "../units.ts";
import { readBookFrame } from "./book-reader.ts";
import { type Attributes, FAULTS_MAX, isRecord, toRawEvents, toShown } from "./event-shapes.ts";
import { type Markets, toMarketEvent } from "./market-events.ts";

/** Nodes read at most 1 MB (`max_body_bytes`), and we take no more from them. Bounds the events of a frame too. */
export const FRAME_BYTES_MAX = 1_048_576;

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const ERROR_CHARACTERS_MAX = 500;

/** Ids are ours, whole numbers; servers before CometBFT 0.33 add `#event` to that of an event. */
const TEXT_ID = /^(\d{1,15})(?:#event)?$/;

const NO_FAULTS: readonly InputError[] = [];

export type DecodedFrame =
  /** The request of this id was taken. Says nothing about data. */
  | { readonly kind: "ack"; readonly id: number }
  /** The request was refused, or the subscription of this id has ended. `id` is null when the server could not tell. */
  | {
      readonly kind: "error";
      readonly id: number | null;
      readonly code: number;
      readonly message: string;
      readonly data: string;
    }
  /** In the order of the frame. A bad event is a fault and costs the others nothing. */
  | {
      readonly kind: "events";
      readonly id: number | null;
      readonly events: readonly MarketEvent[];
      readonly faults: readonly InputError[];
    }
  | { readonly kind: "malformed"; readonly fault: InputError };

/**
 * Decodes a frame; `at` is the moment of its receipt and stands on every event. Never throws on any input.
 * Nothing of `data` is kept, so its buffer may be used again.
 */
export function decodeFrame(data: Uint8Array | string, markets: Markets, at: Instant): DecodedFrame {
  if (data.length > FRAME_BYTES_MAX) return malformed("a frame", `at most ${FRAME_BYTES_MAX} bytes`, data.length);
  if (typeof data === "string") return decodeText(data, markets, at);
  const usual = readBookFrame(data, markets, at);
  if (usual !== null) return { kind: "events", id: usual.id, events: usual.events, faults: NO_FAULTS };
  let text: string;
  try {
    text = UTF8.decode(data);
  } catch {
    return malformed("a frame", "UTF-8 text", `${data.length} bytes that are not`);
  }
  return decodeText(text, markets, at);
}

function decodeText(text: string, markets: Markets, at: Instant): DecodedFrame {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (cause) {
    return { kind: "malformed", fault: new InputError({ what: "a frame", expected: "JSON", was: text, cause }) };
  }
  if (!isRecord(frame)) return malformed("a frame", "a JSON object", frame);
  const id = toId(frame["id"]);
  if (frame["error"] !== undefined && frame["error"] !== null) return decodeError(frame["error"], id);
  const result = frame["result"];
  if (!isRecord(result)) return malformed("result", "an object", result);
  if (result["events"] !== undefined || result["data"] !== undefined) return decodeEvents(result, id, markets, at);
  return id === null ? malformed("id", "the whole number of a request", frame["id"]) : { kind: "ack", id };
}

function decodeEvents(result: Attributes, id: number | null, markets: Markets, at: Instant): DecodedFrame {
  const raw = toRawEvents(result);
  const events: MarketEvent[] = [];
  const faults = [...raw.faults];
  for (const { type, attributes } of raw.events) {
    if (faults.length > FAULTS_MAX) break;
    try {
      const event = toMarketEvent(type, attributes, markets, at);
      if (event !== null) events.push(event);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(error);
    }
  }
  if (faults.length > FAULTS_MAX)
    return malformed("a frame", `one with at most ${FAULTS_MAX} faults`, result["events"]);
  return { kind: "events", id, events, faults };
}

function decodeError(error: unknown, id: number | null): DecodedFrame {
  if (!isRecord(error)) return malformed("error", "an object", error);
  return {
    kind: "error",
    id,
    code: toCode(error["code"]),
    message: toText(error["message"]),
    data: toText(error["data"]),
  };
}

function toCode(code: unknown): number {
  return typeof code === "number" && Number.isSafeInteger(code) ? code : 0;
}

function toText(text: unknown): string {
  return typeof text === "string" ? text.slice(0, ERROR_CHARACTERS_MAX) : "";
}

function toId(id: unknown): number | null {
  if (typeof id === "number") return Number.isSafeInteger(id) && id >= 0 ? id : null;
  const match = typeof id === "string" ? TEXT_ID.exec(id) : null;
  return match === null ? null : Number(match[1]);
}

function malformed(what: string, expected: string, was: unknown): DecodedFrame {
  return { kind: "malformed", fault: new InputError({ what, expected, was: toShown(was) }) };
}
