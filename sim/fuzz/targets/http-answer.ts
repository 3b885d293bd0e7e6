/** HTTP answers, however their bytes are cut: the same answer or the same fault, within the limits. */
import { AnswerError, AnswerReader } from "../../../fargate/http-answer.ts";
import { requireLaw, type Target } from "../target.ts";

const BODY_BYTES_MAX = 65_536;
const CUTS = 7;

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const RECORDINGS: readonly string[] = [
  `${HEAD}Content-Length: 13\r\nKeep-Alive: timeout=5\r\n\r\n{"orders":[]}`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n6\r\n{"fill\r\n7;x=y\r\ns":[]}\n\r\n0\r\nX-Trailer: 1\r\n\r\n`,
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\n{}",
  "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n",
  "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
];

export function makeHttpTarget(): Target {
  return {
    name: "http-answers",
    share: 8,
    recordings: RECORDINGS,
    run: (input) => {
      const whole = readCut(input, [input]);
      const size = Math.max(1, Math.ceil(input.length / CUTS));
      const cut = Array.from({ length: Math.ceil(input.length / size) }, (_, i) =>
        input.subarray(i * size, (i + 1) * size),
      );
      const parts = readCut(input, cut);
      requireLaw(parts === whole, "an answer is the same however its bytes are cut", () => `${whole} and ${parts}`);
      return whole.startsWith("fault") ? "refused" : "accepted";
    },
  };
}

/** Everything about the answer as one text. */
function readCut(input: Buffer, parts: readonly Buffer[]): string {
  const reader = new AnswerReader(BODY_BYTES_MAX);
  try {
    let isDone = false;
    for (const part of parts) isDone = reader.push(part) || isDone;
    if (!isDone) reader.close();
  } catch (error) {
    if (error instanceof AnswerError) return `fault ${error.code}`;
    throw error;
  }
  const { status, headers, body } = reader.answer();
  requireLaw(
    Number.isSafeInteger(status) && status >= 200 && status <= 999,
    "a status is three digits",
    () => `${status}`,
  );
  requireLaw(Buffer.byteLength(body) <= BODY_BYTES_MAX * 3, "a body is within its limit", () => `${body.length}`);
  requireLaw(body.length <= input.length, "a body is of the bytes that came", () => `${body.length}`);
  const names = Object.entries(headers).map(([name, value]) => `${name}=${value}`);
  const keptMs = reader.keptMs ?? 0;
  requireLaw(keptMs >= 0 && keptMs < 1e9, "a connection is kept for a while", () => `${keptMs}`);
  return JSON.stringify([status, names, body, reader.isKept]);
}
