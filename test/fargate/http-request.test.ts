import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RequestWriter } from "../../fargate/http-request.ts";
import type { HttpRequest } from "../../fargate/seams.ts";

const ORIGIN = new URL("https://venue.example:8443");

const value = fc.stringMatching(/^[\t\x20-\x7e]{0,12}$/);
const request: fc.Arbitrary<HttpRequest> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE"),
    // Few values, so that headers repeat, change and come back.
    headers: fc.dictionary(fc.constantFrom("x-a", "x-b", "accept"), fc.oneof(fc.constantFrom("1", "2"), value)),
    body: fc.option(fc.string({ unit: "grapheme", maxLength: 12 }), { nil: undefined }),
  })
  .map(({ body, ...rest }) => ({ ...rest, url: "", ...(body !== undefined && { body }) }));

function isAscii(text: string): boolean {
  return [...text].every((character) => character < "\u0080");
}

/** The request line by line, as RFC 9112 has it. */
function plain({ method, headers, body = "" }: HttpRequest, path: string): string {
  const lines = [`${method} ${path} HTTP/1.1`, "host: venue.example:8443", "accept-encoding: identity"];
  for (const [name, text] of Object.entries(headers)) lines.push(`${name}: ${text}`);
  const hasLength = body.length > 0 || method === "POST" || method === "PUT";
  if (hasLength) lines.push(`content-length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${String(body)}`;
}

test("whatever was written before, a request is what its own method, path, headers and body say", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.webPath()), { minLength: 1, maxLength: 8 }), (requests) => {
      const writer = new RequestWriter(ORIGIN);
      for (const [each, path] of requests) {
        const written = writer.write(each, path);
        expect(Buffer.from(written).toString()).toBe(plain(each, path));
        // What is handed on as text is written a byte a character.
        expect(typeof written === "string").toBe(isAscii(String(each.body ?? "")));
      }
    }),
  );
});

test("a body of bytes follows its head as it is", () => {
  const body = Uint8Array.of(0xff, 0x00, 0x0a);
  const bytes = Buffer.from(new RequestWriter(ORIGIN).write({ method: "PUT", url: "", headers: {}, body }, "/a"));
  expect(bytes.subarray(-7).toString("latin1")).toBe("\r\n\r\n\xff\x00\x0a");
});

describe("a header that could smuggle in another line", () => {
  test.each(["b\r\nx-evil: 1", "b\nc", "ĊĊ", "\u0000"])("is refused, also after a good one of its name: %j", (bad) => {
    const writer = new RequestWriter(ORIGIN);
    const write = (text: string) => writer.write({ method: "GET", url: "", headers: { "x-a": text } }, "/");
    expect(() => write(bad)).toThrow("header x-a must be printable ASCII");
    write("good");
    expect(() => write(bad)).toThrow("header x-a must be printable ASCII");
    expect(write("good")).toContain("x-a: good\r\n");
  });
});
