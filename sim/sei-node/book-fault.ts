/**
 * What can go wrong with one book update on its way out: its place in the count, its content, its text. Owns the
 * spoiling of one frame; when it happens and on which connection is the endpoint's.
 */
import type { Rng } from "../../fargate/seams.ts";
import type { FrameEvent } from "./event-frame.ts";

/**
 * - `sequence-gap`: the count jumps over `by` updates and goes on from there;
 * - `sequence-repeat`: the update carries the number of the one before;
 * - `sequence-step-back`: the update carries a number `by` lower, at least 1; the next goes on as if nothing had been;
 * - `not-json`, `cut-json`: the frame is prose, or ends in its middle;
 * - `wrong-types`: numbers and lists where text should be;
 * - `nan-price`: the best price of one side is `"NaN"`;
 * - `bids-not-json`: `bids` is text that is not JSON;
 * - `crossed`: a bid stands at the worst ask. A book without bids or asks goes out as it is.
 */
export type BookFault =
  | { readonly type: "sequence-gap" | "sequence-step-back"; readonly by: number }
  | {
      readonly type:
        | "sequence-repeat"
        | "not-json"
        | "cut-json"
        | "wrong-types"
        | "nan-price"
        | "bids-not-json"
        | "crossed";
    };

/** The number an update carries after `last` (0 before the first), and what the count stands at then. */
export function nextSequence(
  last: number,
  fault: BookFault | undefined,
): { readonly sent: number; readonly last: number } {
  switch (fault?.type) {
    case "sequence-gap":
      return { sent: last + 1 + fault.by, last: last + 1 + fault.by };
    case "sequence-repeat":
      return { sent: Math.max(1, last), last: Math.max(1, last) };
    case "sequence-step-back":
      return { sent: Math.max(1, last - fault.by), last: Math.max(1, last) };
    default:
      return { sent: last + 1, last: last + 1 };
  }
}

export function spoilEvent(event: FrameEvent, fault: BookFault): FrameEvent {
  switch (fault.type) {
    case "wrong-types":
      return withAttributes(event, {
        sequence: Number(event.attributes["sequence"]),
        bids: [[0.4213, 1500]],
        asks: {},
      });
    case "nan-price":
      return withAttributes(event, spoiltPrice(event));
    case "bids-not-json":
      return withAttributes(event, { bids: "[[0.4213," });
    case "crossed":
      return withAttributes(event, crossedBids(event));
    default:
      return event;
  }
}

export function spoilText(text: string, fault: BookFault, rng: Rng): string {
  if (fault.type === "not-json") return "upstream connect error or disconnect/reset before headers";
  if (fault.type === "cut-json") return text.slice(0, 1 + Math.floor(rng.next() * (text.length - 2)));
  return text;
}

function spoiltPrice(event: FrameEvent): Readonly<Record<string, unknown>> {
  const side = rowsOf(event, "bids").length > 0 ? "bids" : "asks";
  const [best, ...rest] = rowsOf(event, side);
  return { [side]: JSON.stringify([["NaN", best?.[1] ?? "1"], ...rest]) };
}

function crossedBids(event: FrameEvent): Readonly<Record<string, unknown>> {
  const bids = rowsOf(event, "bids");
  const worstAsk = rowsOf(event, "asks").at(-1);
  return bids.length === 0 || worstAsk === undefined ? {} : { bids: JSON.stringify([worstAsk, ...bids]) };
}

function rowsOf(event: FrameEvent, side: "bids" | "asks"): readonly (readonly unknown[])[] {
  const rows: unknown = JSON.parse(String(event.attributes[side]));
  return Array.isArray(rows) ? rows.filter((row: unknown) => Array.isArray(row)) : [];
}

function withAttributes(event: FrameEvent, changed: Readonly<Record<string, unknown>>): FrameEvent {
  return { type: event.type, attributes: { ...event.attributes, ...changed } };
}
