/** Frames of the Sei WebSocket: the reader of bytes, the general way, and that both say the same where both can read. */
import { isDeepStrictEqual } from "node:util";
import { readBookFrame } from "../../../core/sei/book-reader.ts";
import { type DecodedFrame, decodeFrame, FRAME_BYTES_MAX } from "../../../core/sei/frames.ts";
import type { Markets } from "../../../core/sei/market-events.ts";
import { toWireEvent } from "../../../core/sei/wire-event.ts";
import type { Instant } from "../../../core/units.ts";
import { toEventFrame } from "../../sei-node/event-frame.ts";
import { requireFaults, requireMarketEvent, requirePlain, requireSame } from "../laws.ts";
import { MARKETS, STILL_CLOCK } from "../recordings.ts";
import { requireLaw, type Target } from "../target.ts";

type Decode = (data: Uint8Array | string, markets: Markets, at: Instant) => DecodedFrame;

/** As large as a frame may be, of a hundred thousand parts that are none. */
const LARGE: readonly string[] = ["0", "[]", '{"type":"Trade","attributes":{}}'].flatMap((item) => {
  const listed = Array.from({ length: Math.floor((FRAME_BYTES_MAX - 200) / (item.length + 1)) }, () => item).join(",");
  return [
    `{"id":1,"result":{"events":{"Trade.price":[${listed}]}}}`,
    `{"id":1,"result":{"events":[${listed}]}}`,
    `{"id":1,"result":{"events":[{"type":"Trade","attributes":[${listed}]}]}}`,
  ];
});

const AT = STILL_CLOCK.now();

/** `decode` never throws, so every error of its is a fault. */
export function makeFramesTarget(recordings: readonly string[], decode: Decode = decodeFrame): Target {
  return {
    name: "sei-frames",
    share: 16,
    recordings,
    large: LARGE,
    run: (input) => {
      const decoded = decode(input, MARKETS, AT);
      requireFrame(decoded);
      requireTwoWays(input, decoded, decode);
      requireRoundTrip(decoded, decode);
      if (decoded.kind === "malformed") return "refused";
      return decoded.kind === "events" && decoded.events.length === 0 && decoded.faults.length > 0
        ? "refused"
        : "accepted";
    },
  };
}

function requireFrame(decoded: DecodedFrame): void {
  switch (decoded.kind) {
    case "malformed":
      requireFaults([decoded.fault]);
      return;
    case "events":
      for (const event of decoded.events) requireMarketEvent(event, MARKETS);
      requirePlain(decoded.events);
      requireFaults(decoded.faults);
      return;
    case "ack":
    case "error": {
      const { id } = decoded;
      const isId = id === null || (Number.isSafeInteger(id) && id >= 0);
      requireLaw(isId, "an id is a whole number", () => `${id}`);
    }
  }
}

/** The reader of bytes must not read what the general way refuses, nor read it otherwise. */
function requireTwoWays(input: Buffer, decoded: DecodedFrame, decode: Decode): void {
  const quick = readBookFrame(input, MARKETS, AT);
  if (quick === null) return;
  const general = decode(input.toString("utf8"), MARKETS, AT);
  const expected: DecodedFrame = { kind: "events", id: quick.id, events: quick.events, faults: [] };
  requireSame(general, expected, "both ways read a frame alike");
  requireSame(decoded, expected, "both ways read a frame alike");
}

/** What was read, written again, is read the same. */
function requireRoundTrip(decoded: DecodedFrame, decode: Decode): void {
  if (decoded.kind !== "events") return;
  // Hundreds of levels written and read again would take most of a run.
  for (const event of decoded.events.slice(0, 2)) {
    const market = MARKETS.get(event.market);
    requireLaw(market !== undefined, "an event is of a known market", () => event.market);
    const wire = toWireEvent(event, market);
    const frame = toEventFrame({ shape: "design", id: 1, query: "", event: wire, height: 1 });
    const again = decode(Buffer.from(frame, "utf8"), MARKETS, AT);
    const isSame = again.kind === "events" && isDeepStrictEqual(again.events, [event]);
    requireLaw(isSame, "an event written again is read the same", () => frame.slice(0, 500));
  }
}
