/**
 * How long an invocation may still take. Owns what counts where nobody says: Lambda's context does, an event that is handed to the
 * function by hand, in a test or a console, need not have one. And how much of it is kept for the end.
 */

/** Answers the milliseconds that are left, by the context's own word, else of `defaultMillis` from now on. */
export function timeLeft(context: unknown, defaultMillis: number): () => number {
  if (hasClock(context)) return () => context.getRemainingTimeInMillis();
  const endMs = performance.now() + defaultMillis;
  return () => Math.max(0, endMs - performance.now());
}

/**
 * What of the time may be worked in when up to `reserveMillis` are kept at the end: of little time half is kept, since a flat reserve would
 * leave nothing to work in.
 */
export function lessReserve(leftMillis: number, reserveMillis: number): number {
  return leftMillis - Math.min(reserveMillis, leftMillis / 2);
}

function hasClock(context: unknown): context is { getRemainingTimeInMillis(): number } {
  return (
    typeof context === "object" &&
    context !== null &&
    "getRemainingTimeInMillis" in context &&
    typeof context.getRemainingTimeInMillis === "function"
  );
}
