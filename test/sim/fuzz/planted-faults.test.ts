/** The test of the test: parsers with a fault of each kind, as they have been written before, must be caught. */
import { describe, expect, test } from "vitest";
import type { BookSide } from "../../../core/events.ts";
import { toJsonText } from "../../../core/json-text.ts";
import { parsePrice } from "../../../core/market.ts";
import { parseFillMessage } from "../../../core/messages.ts";
import { type DecodedFrame, decodeFrame } from "../../../core/sei/frames.ts";
import { toTicks } from "../../../core/units.ts";
import { fuzzTarget } from "../../../sim/fuzz/fuzz-target.ts";
import { tryInput } from "../../../sim/fuzz/oracle.ts";
import { makeRecordings, toAnswers } from "../../../sim/fuzz/recordings.ts";
import { makeJsonTarget, type Target } from "../../../sim/fuzz/target.ts";
import { makeFillMessageTarget, toBodies } from "../../../sim/fuzz/targets/fill-message.ts";
import { makeFramesTarget } from "../../../sim/fuzz/targets/frames.ts";
import { makePriceTarget } from "../../../sim/fuzz/targets/numbers.ts";

const SEED = 10;
const INPUTS_MAX = 20_000;

const recordings = makeRecordings();
const { account } = toAnswers(recordings);

type Named = Record<string, unknown>;

/** Goes into whatever a key leads to, the prototype of all objects too. */
function merge(into: Named, from: Named): Named {
  for (const key of Object.keys(from)) {
    const [mine, theirs] = [into[key], from[key]];
    if (isNamed(mine) && isNamed(theirs)) merge(mine, theirs);
    else into[key] = theirs;
  }
  return into;
}

function isNamed(value: unknown): value is Named {
  return typeof value === "object" && value !== null;
}

function plant(name: string, read: (json: Named) => unknown): Target {
  return makeJsonTarget({
    name,
    share: 1,
    recordings: account,
    read: (json) => (isNamed(json) ? read(json) : undefined),
    laws: () => undefined,
  });
}

/** Takes a minus for one and drops it nowhere: the levels of that side are below zero. */
function decodeSigned(
  data: Uint8Array | string,
  ...rest: [Parameters<typeof decodeFrame>[1], Parameters<typeof decodeFrame>[2]]
) {
  const text = typeof data === "string" ? data : Buffer.from(data).toString("utf8");
  const isSigned = text.includes('[[\\"-');
  const decoded: DecodedFrame = decodeFrame(isSigned ? text.replaceAll('\\"-', '\\"') : data, ...rest);
  if (!isSigned || decoded.kind !== "events") return decoded;
  const negative = (side: BookSide): BookSide => ({ ...side, prices: side.prices.map((price) => toTicks(-price)) });
  return {
    ...decoded,
    events: decoded.events.map((event) =>
      event.type === "book-update" ? { ...event, bids: negative(event.bids), asks: negative(event.asks) } : event,
    ),
  };
}

const PLANTED: readonly (readonly [string, Target, string])[] = [
  [
    "a parser that throws what is no refusal",
    plant("throwing", (json) => {
      const { balances } = json;
      // A balance that is null has no member.
      return Array.isArray(balances) ? balances.map((each: Named) => each["asset"]) : undefined;
    }),
    "threw",
  ],
  [
    "a parser whose time grows with the square of what it reads",
    plant("slow", (json) => {
      const text = toJsonText(json);
      let quotes = 0;
      for (let at = 0; at < text.length; at += 32) quotes += text.slice(0, at).split('"').length;
      return quotes;
    }),
    "too slow",
  ],
  ["a parser that reaches a prototype", plant("polluting", (json) => merge({}, json)), "changed a prototype"],
  [
    "a parser of prices that takes zero",
    makePriceTarget((market, text, what) => (text === "0" ? toTicks(0) : parsePrice(market, text, what))),
    "broke a law",
  ],
  ["a decoder of books that takes prices below zero", makeFramesTarget(recordings.frames, decodeSigned), "broke a law"],
  [
    "a reader of frames that reads text otherwise than bytes",
    makeFramesTarget(recordings.frames, (data, markets, at) => {
      const decoded = decodeFrame(data, markets, at);
      if (typeof data !== "string" || decoded.kind !== "events") return decoded;
      return { ...decoded, events: decoded.events.map((event) => ({ ...event, venueTimeMs: event.venueTimeMs + 1 })) };
    }),
    "broke a law",
  ],
  [
    "a reader of fills that rounds",
    makeFillMessageTarget(toBodies(recordings.fills), (value) => {
      const fill = parseFillMessage(value);
      return { ...fill, fee: (fill.fee / 10n ** 9n) * 10n ** 9n + 1n };
    }),
    "broke a law",
  ],
];

describe("is caught within twenty thousand inputs, and made smaller:", () => {
  test.each(PLANTED)("%s", async (_, target, kind) => {
    const { failure } = await fuzzTarget(target, { seed: SEED, inputs: INPUTS_MAX });
    expect(failure?.kind).toBe(kind);
    expect(failure?.smallest.length).toBeLessThanOrEqual(failure?.input.length ?? 0);
  });
});

test("what polluted a prototype is put back, so that the next input is judged by itself", async () => {
  const target = plant("polluting", (json) => merge({}, json));
  const input = Buffer.from('{"__proto__":{"polluted":1}}', "utf8");
  const outcome = await tryInput(target, input);
  expect(outcome).toMatchObject({ type: "failed", failure: { kind: "changed a prototype" } });
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(await tryInput(target, Buffer.from("{}", "utf8"))).toMatchObject({ type: "accepted" });
});

test("what a library did to a prototype before a run is no fault of what it tries", async () => {
  const own = Reflect.getOwnPropertyDescriptor(Function.prototype, "toString");
  const patched = Function.prototype.toString.bind(Function.prototype.toString);
  try {
    Reflect.defineProperty(Function.prototype, "toString", { ...own, value: patched });
    const { failure } = await fuzzTarget(
      plant("harmless", () => undefined),
      { seed: SEED, inputs: 10 },
    );
    expect(failure).toBeUndefined();
    expect(Reflect.getOwnPropertyDescriptor(Function.prototype, "toString")?.value).toBe(patched);
  } finally {
    Reflect.defineProperty(Function.prototype, "toString", own ?? {});
  }
});
