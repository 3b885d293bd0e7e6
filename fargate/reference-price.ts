/**
 * Asks for a price from outside the venue, for ever: one question at a time, the next one a pause after the answer. Owns the asking
 * and what of an answer is a price; what it is worth, and when it is too old, is the strategy's (`fairValue.reference`). Beside the
 * hot path: nothing waits for it, and without it the book's own price stands.
 */
import { parseDecimal } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";
import type { ReferencePrice } from "../core/events.ts";
import type { CounterLabels } from "../core/metrics.ts";
import type { MarketConfig } from "./config.ts";
import { withDeadline } from "./deadline.ts";
import type { Log } from "./log.ts";
import type { Clock, Fetch, HttpResponse, Rng } from "./seams.ts";
import type { Metrics } from "./telemetry.ts";

const TIMEOUT_MS = 2_000;
const BODY_CHARACTERS_MAX = 65_536;
const BACKOFF_MS_MAX = 60_000;

/** Beyond these a number is no price of anything, and its ratio to ours no use. */
const PRICE_MIN = 1e-12;
const PRICE_MAX = 1e12;

export type ReferencePriceOptions = {
  readonly market: string;
  readonly source: NonNullable<MarketConfig["referencePrice"]>;
  readonly push: (event: ReferencePrice) => void;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly metrics: Metrics;
};

type FaultKind = CounterLabels["flashmm_reference_price_errors_total"]["kind"];

/** Asks until the returned function is called; an answer on its way is not told any more then. */
export function followReferencePrice(options: ReferencePriceOptions): () => void {
  const { market, source, push, clock, rng, log, metrics } = options;
  let faults = 0;
  let isStopped = false;
  let cancel = (): void => undefined;
  const ask = async (): Promise<void> => {
    const askedMs = clock.now().monotonicMs;
    const answer = await priceFrom(options);
    if (isStopped) return;
    if (answer.type === "price") {
      if (faults > 0) log.info("the reference price is there again", { market, faults });
      faults = 0;
      const at = clock.now();
      // It is of the question's moment or later, or as much older as a cache on the way says.
      push({
        type: "reference-price",
        market,
        price: answer.price,
        ageMs: at.monotonicMs - askedMs + answer.ageMs,
        at,
      });
    } else {
      if (faults === 0) log.warn("the reference price can not be had", { market, ...answer });
      faults += 1;
      metrics.increment("flashmm_reference_price_errors_total", { market, kind: answer.kind });
    }
    const jitter = 0.9 + 0.2 * rng.next();
    const pauseMs = Math.max(source.pollMs, Math.min(BACKOFF_MS_MAX, source.pollMs * 2 ** Math.min(faults, 10)));
    cancel = clock.after(pauseMs * jitter, () => void ask());
  };
  void ask();
  return () => {
    isStopped = true;
    cancel();
  };
}

type Answer =
  | { readonly type: "price"; readonly price: number; readonly ageMs: number }
  | { readonly type: "fault"; readonly kind: FaultKind; readonly error: unknown };

/** Never rejects. */
async function priceFrom({ source, fetch, clock }: ReferencePriceOptions): Promise<Answer> {
  let response: HttpResponse;
  try {
    const headers = { accept: "application/json" };
    response = await withDeadline(clock, TIMEOUT_MS, "the reference price", (signal) =>
      fetch({ method: "GET", url: source.url, headers, signal }),
    );
  } catch (error) {
    return { type: "fault", kind: "no-answer", error };
  }
  try {
    const { status, body, headers } = response;
    if (status !== 200) {
      const error = new InputError({ what: "the status", expected: "200", was: status });
      return { type: "fault", kind: "refused", error };
    }
    return { type: "price", price: readPrice(body, source.pricePointer), ageMs: cacheAgeMs(headers["age"]) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { type: "fault", kind: "unreadable", error };
  }
}

/** The price that stands in JSON text at a JSON Pointer. Throws `InputError` for anything that is none. */
export function readPrice(body: string, pointer: string): number {
  if (body.length > BODY_CHARACTERS_MAX) {
    throw new InputError({
      what: "the answer",
      expected: `at most ${BODY_CHARACTERS_MAX} characters`,
      was: body.length,
    });
  }
  const value = valueAt(parseJson(body), pointer);
  if (typeof value === "string") parseDecimal(value, pointer);
  const price = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (price >= PRICE_MIN && price <= PRICE_MAX) return price;
  const expected = `a number or decimal string from ${PRICE_MIN} to ${PRICE_MAX}`;
  throw new InputError({ what: pointer, expected, was: value });
}

/** RFC 6901, section 4; undefined where nothing stands. */
function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new InputError({ what: "the answer", expected: "JSON", was: body.slice(0, 200), cause });
  }
}

/** How long the answer has lain in caches (RFC 9111, 5.1: whole seconds). */
function cacheAgeMs(age: string | undefined): number {
  return age !== undefined && /^\d{1,9}$/.test(age) ? 1_000 * Number(age) : 0;
}
