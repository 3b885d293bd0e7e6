/**
 * V8 as the task's process sets it, before it loads anything else. Owns the flags. They are set from within: on the command line V8 takes a
 * growth factor below 2 for 2.
 */
import { setFlagsFromString } from "node:v8";

// Loading the modules would grow the young generation to 16 MB, which stays and makes each collection longer; the task makes
// little garbage. The flag works only on a heap that has not grown yet, so nothing else may be imported before it.
setFlagsFromString("--semi-space-growth-factor=1");

// Small collections are the quoting thread's own: the helpers that would take part stand back (`helper-threads.ts`), and it would wait for them.
setFlagsFromString("--no-parallel-scavenge");

// A market brings a few books a second at most, and V8 compiles for good what was called 3,000 times since its inputs last changed: the way
// from a book to its order would be half compiled for hours, and take twice as long.
for (const flag of [
  "--invocation-count-for-maglev=100",
  "--invocation-count-for-turbofan=600",
  "--minimum-invocations-after-ic-update=100",
]) {
  setFlagsFromString(flag);
}
