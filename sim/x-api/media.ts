/** Images on their way to a post: begun, appended to, finished, described, and forgotten after a day. Owns their life and its rules. */
import type { XReply } from "./replies.ts";
import { data, problem } from "./replies.ts";

export type XImage = { readonly id: string; readonly png: Buffer; readonly altText: string | undefined };

type Upload = {
  readonly totalBytes: number;
  readonly expiresAtMs: number;
  readonly segments: Map<number, Buffer>;
  /** The whole image, once it is finished. */
  png: Buffer | undefined;
  altText: string | undefined;
};

/** X API, "Media best practices" and "Chunked media upload". */
const IMAGE_BYTES_MAX = 5 * 1_024 * 1_024;
const SEGMENT_INDEX_MAX = 999;
const EXPIRES_SECONDS = 86_400;
const ALT_CHARACTERS_MAX = 1_000;
const UPLOADS_MAX = 1_000;

const PNG_HEAD = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export class MediaShelf {
  readonly #uploads = new Map<string, Upload>();
  #count = 0;

  initialize(body: Readonly<Record<string, unknown>>, nowMs: number): XReply {
    const { media_type: type, total_bytes: total, media_category: category } = body;
    if (type !== "image/png" || category !== "tweet_image")
      return problem(400, "media_type or media_category is not taken");
    const isSize = typeof total === "number" && Number.isInteger(total) && total > 0 && total <= IMAGE_BYTES_MAX;
    if (!isSize) return problem(400, `total_bytes must be 1 to ${IMAGE_BYTES_MAX}`);
    this.#forget(nowMs);
    if (this.#uploads.size >= UPLOADS_MAX) return problem(503, "too many uploads");
    this.#count++;
    const id = `19${String(this.#count).padStart(17, "0")}`;
    const expiresAtMs = nowMs + 1_000 * EXPIRES_SECONDS;
    this.#uploads.set(id, { totalBytes: total, expiresAtMs, segments: new Map(), png: undefined, altText: undefined });
    return data(200, { id, media_key: `3_${id}`, expires_after_secs: EXPIRES_SECONDS });
  }

  append(id: string, parts: ReadonlyMap<string, Buffer> | undefined, nowMs: number): XReply {
    const upload = this.#find(id, nowMs);
    if (upload === undefined || upload.png !== undefined) return problem(400, "the media id is none that is open");
    const index = parts?.get("segment_index")?.toString() ?? "";
    const media = parts?.get("media");
    if (!/^\d{1,3}$/.test(index) || Number(index) > SEGMENT_INDEX_MAX || media === undefined || media.length === 0) {
      return problem(400, "segment_index and media must be parts of a multipart body");
    }
    upload.segments.set(Number(index), Buffer.from(media));
    return data(200, { expires_at: Math.floor(upload.expiresAtMs / 1_000) });
  }

  finalize(id: string, nowMs: number): XReply {
    const upload = this.#find(id, nowMs);
    if (upload === undefined) return problem(400, "the media id is none that is open");
    const segments = [...upload.segments].sort(([a], [b]) => a - b);
    const png = Buffer.concat(segments.map(([, segment]) => segment));
    const isGapless = segments.every(([index], place) => index === place);
    if (!isGapless || png.length !== upload.totalBytes)
      return problem(400, `segments must be ${upload.totalBytes} bytes`);
    if (!png.subarray(0, PNG_HEAD.length).equals(PNG_HEAD)) return problem(400, "the media must be a PNG");
    upload.png = png;
    return data(200, { id, media_key: `3_${id}`, size: png.length, expires_after_secs: EXPIRES_SECONDS });
  }

  describe(body: Readonly<Record<string, unknown>>, nowMs: number): XReply {
    const id = String(body["id"]);
    const upload = this.#find(id, nowMs);
    const text = readPath(body, ["metadata", "alt_text", "text"]);
    if (upload?.png === undefined) return problem(400, "the media id is none that is finished");
    if (typeof text !== "string" || text.length < 1 || text.length > ALT_CHARACTERS_MAX) {
      return problem(400, `alt_text.text must be 1 to ${ALT_CHARACTERS_MAX} characters`);
    }
    upload.altText = text;
    return data(200, { id, associated_metadata: { alt_text: { text } } });
  }

  /** A finished image that has not expired. */
  image(id: string, nowMs: number): XImage | undefined {
    const upload = this.#find(id, nowMs);
    return upload?.png === undefined ? undefined : { id, png: upload.png, altText: upload.altText };
  }

  #find(id: string, nowMs: number): Upload | undefined {
    const upload = this.#uploads.get(id);
    return upload === undefined || upload.expiresAtMs <= nowMs ? undefined : upload;
  }

  #forget(nowMs: number): void {
    for (const [id, { expiresAtMs }] of this.#uploads) if (expiresAtMs <= nowMs) this.#uploads.delete(id);
  }
}

function readPath(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (typeof value !== "object" || value === null) return undefined;
  return readPath(Object.fromEntries(Object.entries(value))[name], rest);
}
