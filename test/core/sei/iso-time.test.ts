import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIsoTime, readIsoTime, readIsoTimeAt } from "../../../core/sei/iso-time.ts";

test("every moment of 1970 to 9999 is read as the calendar of the platform writes it", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }), (millis) => {
      expect(parseIsoTime(new Date(millis).toISOString(), "timestamp")).toBe(millis);
    }),
    { numRuns: 1_000 },
  );
});

test.each(["2024-02-29", "2000-02-29", "2026-12-31", "1970-01-01"])("%s is a day", (day) => {
  expect(parseIsoTime(`${day}T00:00:00.000Z`, "timestamp")).toBe(Date.parse(day));
});

test.each([
  "2026-02-29T00:00:00.000Z",
  "2100-02-29T00:00:00.000Z",
  "2026-04-31T00:00:00.000Z",
  "2026-13-01T00:00:00.000Z",
  "2026-00-01T00:00:00.000Z",
  "2026-01-00T00:00:00.000Z",
  "2026-01-01T24:00:00.000Z",
  "2026-01-01T00:60:00.000Z",
  "2026-01-01T00:00:60.000Z",
  "1969-12-31T23:59:59.999Z",
  "2026-01-01T00:00:00Z",
  "2026-01-01T00:00:00.0000Z",
  "2026-01-01 00:00:00.000Z",
  "2026-01-01T00:00:00.000+",
  "2026-01-01T-1:00:00.000Z",
  "2026-01-01T00:00:00.00\u0130Z",
  "",
])("%j is no time", (text) => {
  expect(readIsoTime(text)).toBe(-1);
  expect(() => parseIsoTime(text, "timestamp")).toThrow("timestamp must be UTC with milliseconds");
});

test("bytes anywhere in a frame are read as the text they are, and never past the frame's end", () => {
  const time = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }).map((millis) => new Date(millis).toISOString());
  const spoilt = fc
    .tuple(time, fc.nat({ max: 23 }), fc.constantFrom(..."0129:-TZ. x"))
    .map(([text, at, character]) => `${text.slice(0, at)}${character}${text.slice(at + 1)}`);
  fc.assert(
    fc.property(fc.oneof(time, spoilt), fc.nat({ max: 40 }), fc.nat({ max: 24 }), (text, start, missing) => {
      const bytes = new TextEncoder().encode(`${"{".repeat(start)}${text}"}`);
      expect(readIsoTimeAt(bytes, start)).toBe(readIsoTime(text));
      const cut = bytes.subarray(0, start + missing);
      expect(readIsoTimeAt(cut, start)).toBe(missing === 24 ? readIsoTime(text) : -1);
    }),
  );
});
