import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerError, AnswerReader } from "../../fargate/http-answer.ts";

/** Reads bytes in pieces of the given lengths; what is left comes as one last piece. */
function read(text: string, cuts: readonly number[] = [], bytesMax = 10_000): AnswerReader {
  const reader = new AnswerReader(bytesMax);
  let rest: Buffer = Buffer.from(text, "utf8");
  for (const cut of cuts) {
    reader.push(rest.subarray(0, cut));
    rest = rest.subarray(cut);
  }
  if (rest.length > 0) reader.push(rest);
  return reader;
}

function chunked(body: string, sizes: readonly number[]): string {
  let rest: Buffer = Buffer.from(body, "utf8");
  let text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  const bytes: Buffer[] = [];
  for (const size of [...sizes, rest.length]) {
    const piece = rest.subarray(0, size);
    rest = rest.subarray(size);
    if (piece.length > 0)
      bytes.push(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]));
  }
  text += `${Buffer.concat(bytes).toString("latin1")}0\r\n\r\n`;
  return text;
}

describe("framing", () => {
  test("an answer with a length is read the same however it is cut", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.array(fc.nat(40)), (body, cuts) => {
        const text = `HTTP/1.1 201 Created\r\nX-A: 1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
        const reader = read(text, cuts);
        expect(reader.answer()).toEqual({
          status: 201,
          headers: { "x-a": "1", "content-length": String(Buffer.byteLength(body)) },
          body,
        });
        expect(reader.isKept).toBe(true);
      }),
    );
  });

  test("a chunked answer is read the same however it is chunked and cut", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 80 }),
        fc.array(fc.integer({ min: 1, max: 20 })),
        fc.array(fc.nat(40)),
        (body, sizes, cuts) => {
          const reader = read(chunked(body, sizes), cuts);
          expect(reader.answer().body).toBe(body);
          expect(reader.isKept).toBe(true);
        },
      ),
    );
  });

  test("an answer without a length ends with the connection, which is not kept", () => {
    const reader = read("HTTP/1.1 200 OK\r\n\r\nab", [3, 9]);
    reader.push(Buffer.from("c"));
    reader.close();
    expect(reader.answer().body).toBe("abc");
    expect(reader.isKept).toBe(false);
  });

  test("an interim answer is skipped, and one without a body ends with its head", () => {
    const reader = read("HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    expect(reader.answer()).toMatchObject({ status: 204, body: "" });
  });

  test.each([
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", false],
    ["HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", false],
    ["HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive\r\n\r\n", true],
    ["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", false],
  ])("the connection of %j is kept: %s", (text, isKept) => {
    expect(read(text).isKept).toBe(isKept);
  });

  test("the peer's word on idle connections is read in milliseconds", () => {
    expect(read("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nKeep-Alive: timeout=5, max=9\r\n\r\n").keptMs).toBe(5_000);
    expect(read("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").keptMs).toBeUndefined();
  });
});

describe("refusals", () => {
  test.each([
    ["another protocol", "SSH-2.0-x\r\n\r\n"],
    ["two different lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"],
    ["a length and a coding", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"],
    ["an unknown coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"],
    ["a compressed body nobody asked for", "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\n"],
    ["a signed length", "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n"],
    ["a folded header", "HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"],
    ["a header name with a space", "HTTP/1.1 200 OK\r\ncontent-length : 1\r\n\r\n"],
    ["a chunk size that is none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n"],
    ["a chunk longer than it says", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n"],
    ["another protocol's upgrade", "HTTP/1.1 101 Switching\r\n\r\n"],
  ])("%s is malformed", (_, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: "ANSWER_MALFORMED" }));
  });

  test("a chunk followed by anything but a line end is malformed, however the bytes are cut", () => {
    const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc";
    const between = fc.string({ unit: fc.constantFrom("d", "0", "\r", "\n", " "), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(between, fc.array(fc.nat(20)), (text, cuts) => {
        fc.pre(!text.startsWith("\r\n"));
        const malformed = expect.objectContaining({ code: "ANSWER_MALFORMED" });
        expect(() => read(`${head}${text}\r\n0\r\n\r\n`, [head.length, ...cuts])).toThrow(malformed);
      }),
      { examples: [["def\r\n", [5]]] },
    );
  });

  test.each([
    ["length", "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n"],
    ["chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n"],
    ["body", "HTTP/1.1 200 OK\r\n\r\n12345678901"],
    ["head", `HTTP/1.1 200 OK\r\na: ${"x".repeat(70_000)}`],
  ])("a %s beyond the limit is refused", (_, text) => {
    expect(() => read(text, [], 10)).toThrow(expect.objectContaining({ code: "ANSWER_TOO_LARGE" }));
  });

  test("an answer cut anywhere is an error, never a shorter answer", () => {
    const whole = 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"a":"bcde"}';
    fc.assert(
      fc.property(fc.constantFrom(whole, chunked('{"a":"bcde"}', [3, 4])), fc.nat(), (text, at) => {
        const reader = new AnswerReader(100);
        reader.push(Buffer.from(text.slice(0, at % text.length)));
        expect(() => reader.close()).toThrow(AnswerError);
      }),
    );
  });
});
