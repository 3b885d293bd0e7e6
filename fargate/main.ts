/** `node fargate/main.ts` (CONTRACTS 8): settings of the machine first, then the process itself. */
import { enableCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";

// Loading the modules would grow the young generation to 16 MB, which stays and makes each collection longer; the task makes
// little garbage. The flag works only on a heap that has not grown yet, so nothing else may be imported before it.
setFlagsFromString("--semi-space-growth-factor=1");

// Keeps compiled modules in the temporary folder: the next start is faster, and needs no memory for the TypeScript stripper.
enableCompileCache();

const { runProcess } = await import("./process.ts");
await runProcess();
