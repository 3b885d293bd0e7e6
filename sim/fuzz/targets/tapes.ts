/** Lines of tapes and of recordings: market data that is played, and the journal beside it. */
import type { WireEvent } from "../../../core/sei/wire-event.ts";
import { toTaggedJson } from "../../../fargate/recording/tagged-json.ts";
import { parseTapeLevels, parseTapeLine } from "../../exchange/tape-line.ts";
import { parseRecordedLine } from "../../replay/recorded-line.ts";
import { requirePlain, requireSame } from "../laws.ts";
import { judge, requireLaw, type Target } from "../target.ts";

const WHERE = "tape.jsonl:1";

/** A decision as the journal keeps it, with all that JSON alone would lose. */
const STEPS = [
  { type: "fact", event: { type: "fills-read", market: "SEI/USDC", askedMs: 1, at: { monotonicMs: 1, epochMs: 2 } } },
  { type: "decision", at: { monotonicMs: 1, epochMs: 2 }, commands: [], free: Number.POSITIVE_INFINITY },
  { type: "engine-made", books: new Map([["SEI/USDC", { position: -5n }]]) },
];

export function makeTapeTargets(events: readonly WireEvent[]): readonly Target[] {
  const lines = events.map((event, index) => ({ atMs: 1_767_323_045_678 + index, events: [event] }));
  return [
    {
      name: "tape-lines",
      share: 6,
      recordings: [...lines, { atMs: 0, events }].map((line) => JSON.stringify(line)),
      run: (input) =>
        judge(() => parseTapeLine(input.toString("utf8"), WHERE), {
          laws: (line) => {
            requirePlain(line);
            const isTime = Number.isSafeInteger(line.atMs) && line.atMs >= 0;
            requireLaw(isTime, "a line is at whole milliseconds", () => `${line.atMs}`);
            line.events.forEach(requireEvent);
            requireSame(parseTapeLine(JSON.stringify(line), WHERE), line, "a line written again is read the same");
          },
        }),
    },
    {
      name: "recorded-lines",
      share: 3,
      recordings: lines.map((line) => toTaggedJson({ ...line, journal: STEPS })),
      run: (input) =>
        judge(() => parseRecordedLine(input.toString("utf8"), WHERE), {
          laws: ({ steps }) => {
            requirePlain(steps);
            for (const { type } of steps) requireLaw(typeof type === "string", "a step has a type", () => `${type}`);
          },
        }),
    },
  ];
}

function requireEvent({ type, attributes }: WireEvent): void {
  if (type !== "OrderBookUpdate") return;
  for (const side of ["bids", "asks"] as const) {
    for (const { price, size } of parseTapeLevels(attributes[side], side, side)) {
      requireLaw(price.units > 0n && size.units > 0n, "a level is positive", () => `${price.units}, ${size.units}`);
    }
  }
}
