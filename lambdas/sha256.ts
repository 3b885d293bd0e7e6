/**
 * SHA-256 as the SDK signs requests with it, its keys prepared once. The SDK's own class prepares the same two keys anew for each
 * request, which takes a sixth of all that a request costs its sender. Owns no keys beyond those of the client's life.
 */
import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";

type Source = string | ArrayBuffer | ArrayBufferView;

/** Keys that the SDK derives once a day and keeps as the same array. */
const derived = new WeakMap<object, KeyObject>();
/** The secret of the credentials, which it brings as text each time. */
let latest: { readonly text: string; readonly key: KeyObject } | undefined;

/** Without a secret a plain hash, with one an HMAC. What is hashed comes in any number of parts. */
export class Sha256 {
  readonly digestLength = 32;
  readonly #secret: Source | undefined;
  #hash: { update(chunk: Uint8Array): unknown; digest(): Uint8Array };

  constructor(secret?: Source) {
    this.#secret = secret;
    this.#hash = start(secret);
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = start(this.#secret);
  }
}

function start(secret: Source | undefined) {
  return secret === undefined ? createHash("sha256") : createHmac("sha256", prepare(secret));
}

function prepare(secret: Source): KeyObject {
  if (typeof secret === "string") {
    if (latest?.text !== secret) latest = { text: secret, key: createSecretKey(secret, "utf8") };
    return latest.key;
  }
  let key = derived.get(secret);
  if (key === undefined) {
    const bytes = ArrayBuffer.isView(secret)
      ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
      : new Uint8Array(secret);
    key = createSecretKey(bytes);
    derived.set(secret, key);
  }
  return key;
}
