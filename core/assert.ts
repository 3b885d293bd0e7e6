/** Assertions for bugs, never for input: a wrong book is worse than none, so a failed one stops the process. */

/** Throws when `condition` is false. `message` says which law was broken, with the values that broke it. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The end of an exhaustive `switch`: the compiler refuses a forgotten case, and a bad cast is found at run time. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected value ${JSON.stringify(value)}`);
}

class AssertionError extends Error {
  readonly code = "ASSERTION_FAILED";

  constructor(message: string) {
    super(message);
    this.name = "AssertionError";
  }
}
