/** `multipart/form-data` (RFC 7578), read strictly. Owns no fields: what they mean is `media.ts`'s. */

const LINE_BREAK = "\r\n";
const NAME = /^form-data; name="([^"]+)"(?:; filename="[^"]*")?$/i;

/** The parts by name; undefined when the body is not what its content type says. */
export function readMultipart(contentType: string, body: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const boundary = /^multipart\/form-data; boundary="?([\w'()+,./:=?-]{1,70})"?$/i.exec(contentType)?.[1];
  if (boundary === undefined) return undefined;
  const parts = new Map<string, Buffer>();
  const mark = Buffer.from(`--${boundary}`);
  if (body.indexOf(mark) !== 0) return undefined;
  let at = mark.length;
  while (body.subarray(at, at + 2).toString() === LINE_BREAK) {
    const end = body.indexOf(Buffer.from(`${LINE_BREAK}--${boundary}`), at);
    const part = end < 0 ? undefined : readPart(body.subarray(at + 2, end));
    if (part === undefined || parts.has(part.name)) return undefined;
    parts.set(part.name, part.content);
    at = end + LINE_BREAK.length + mark.length;
  }
  return body.subarray(at, at + 2).toString() === "--" ? parts : undefined;
}

function readPart(part: Buffer): { readonly name: string; readonly content: Buffer } | undefined {
  const blank = part.indexOf(LINE_BREAK + LINE_BREAK);
  if (blank < 0) return undefined;
  const headers = part.subarray(0, blank).toString().split(LINE_BREAK);
  const disposition = headers.find((line) => /^content-disposition:/i.test(line))?.replace(/^[^:]+:\s*/, "");
  const name = NAME.exec(disposition ?? "")?.[1];
  return name === undefined ? undefined : { name, content: part.subarray(blank + 4) };
}
