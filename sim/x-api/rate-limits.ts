/** X's limits by endpoint in windows of a quarter of an hour, and the headers that tell of them. Owns the counting. */

export type Endpoint = "me" | "tweets" | "upload" | "metadata";

/** X API, "Rate limits": per user in fifteen minutes. */
const LIMITS: Readonly<Record<Endpoint, number>> = { me: 75, tweets: 100, upload: 1_875, metadata: 500 };
const WINDOW_MS = 15 * 60_000;

type Window = { readonly resetMs: number; used: number };

export type Allowance = { readonly isAllowed: boolean; readonly headers: Readonly<Record<string, string>> };

export class RateLimits {
  readonly #windows = new Map<Endpoint, Window>();

  /** Counts one request, refused ones too. */
  take(endpoint: Endpoint, nowMs: number): Allowance {
    const window = this.#windowAt(endpoint, nowMs);
    window.used++;
    return this.#tell(endpoint, window);
  }

  /** Uses a window up, until `resetMs`. */
  exhaust(endpoint: Endpoint, resetMs: number): void {
    this.#windows.set(endpoint, { resetMs, used: LIMITS[endpoint] });
  }

  #windowAt(endpoint: Endpoint, nowMs: number): Window {
    const current = this.#windows.get(endpoint);
    if (current !== undefined && nowMs < current.resetMs) return current;
    const next = { resetMs: nowMs + WINDOW_MS, used: 0 };
    this.#windows.set(endpoint, next);
    return next;
  }

  #tell(endpoint: Endpoint, { used, resetMs }: Window): Allowance {
    const limit = LIMITS[endpoint];
    return {
      isAllowed: used <= limit,
      headers: {
        "x-rate-limit-limit": `${limit}`,
        "x-rate-limit-remaining": `${Math.max(0, limit - used)}`,
        "x-rate-limit-reset": `${Math.ceil(resetMs / 1_000)}`,
      },
    };
  }
}
