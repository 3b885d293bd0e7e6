/** What can be said after a request: the words, and which HTTP answers prove what. Owns no sending. */
import type { Refusal } from "./answers.ts";

/** Why a request led to no proof, or to a refusal; the `kind` label of `flashmm_cambrian_api_errors_total`. */
export type ErrorKind =
  | "timeout"
  | "network"
  | "server"
  | "unexpected-status"
  | "unreadable"
  | "unauthorized"
  | "rate-limited"
  | "refused"
  | "circuit-open"
  | "fenced"
  | "no-slot";

/**
 * - `proven`: the venue answered, and the answer was read. `sentMs` (monotonic): when the attempt that it answers was sent.
 * - `refused`: the venue proved that it did not do it.
 * - `unknown`: it may have done it or not.
 * - `unsent`: nothing left this process, which proves as much as a refusal.
 */
export type Outcome<T> =
  | { readonly type: "proven"; readonly value: T; readonly sentMs: number }
  | { readonly type: "refused"; readonly status: number; readonly kind: ErrorKind; readonly reason: string }
  | { readonly type: "unknown"; readonly kind: ErrorKind; readonly reason: string }
  | { readonly type: "unsent"; readonly kind: ErrorKind; readonly reason: string };

/** The answers that prove that an order was not taken (CONTRACTS 3). */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403, 404, 409, 422, 429]);

export function isRefusal(status: number): boolean {
  return REFUSALS.has(status);
}

/** The outcome of an answer with a refusing status whose body was read. */
export function refusedBy(status: number, refusal: Refusal): Extract<Outcome<never>, { type: "refused" }> {
  return { type: "refused", status, kind: kindOf(status), reason: `${status} ${refusal.code}: ${refusal.message}` };
}

function kindOf(status: number): ErrorKind {
  if (status === 401 || status === 403) return "unauthorized";
  return status === 429 ? "rate-limited" : "refused";
}

/** Held back at the write itself: thrown inside the client so that it is no success of the venue's, and never leaves it. */
export class Fenced extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Fenced";
  }
}

/** No proof: thrown inside the client so that the circuit breaker counts it, and never leaves it. */
export class NoProof extends Error {
  readonly code: ErrorKind;

  constructor(code: ErrorKind, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = "NoProof";
    this.code = code;
  }
}
