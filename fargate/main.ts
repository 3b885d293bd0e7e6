/** `node fargate/main.ts` (CONTRACTS 8): settings of the machine first, then the process itself. */
import { enableCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

// Loading the modules would grow the young generation to 16 MB, which stays and makes each collection longer; the task makes
// little garbage. The flag works only on a heap that has not grown yet, so nothing else may be imported before it.
setFlagsFromString("--semi-space-growth-factor=1");

// A market brings a few books a second at most, and V8 compiles for good what was called 3,000 times since its inputs last changed: the way
// from a book to its order would be half compiled for hours, and take twice as long.
for (const flag of [
  "--invocation-count-for-maglev=100",
  "--invocation-count-for-turbofan=600",
  "--minimum-invocations-after-ic-update=100",
]) {
  setFlagsFromString(flag);
}

// Keeps compiled modules in the temporary folder: the next start is faster, and needs no memory for the TypeScript stripper.
enableCompileCache();

// While the modules load there is nothing to end in order yet.
const endAtOnce = (): void => process.exit(0);
const signals = ["SIGTERM", "SIGINT"] as const;
for (const signal of signals) process.on(signal, endAtOnce);

const { runProcess } = await import("./process.ts");
for (const signal of signals) process.off(signal, endAtOnce);
await runProcess();
