/** `node fargate/main.ts` (CONTRACTS 8): settings of the machine first, then the process itself. */
import { enableCompileCache } from "node:module";
import "./v8-settings.ts";
import "./helper-threads.ts";

// Keeps compiled modules in the temporary folder: the next start is faster, and needs no memory for the TypeScript stripper.
enableCompileCache();

// While the modules load there is nothing to end in order yet.
const endAtOnce = (): void => process.exit(0);
const signals = ["SIGTERM", "SIGINT"] as const;
for (const signal of signals) process.on(signal, endAtOnce);

const { runProcess } = await import("./process.ts");
for (const signal of signals) process.off(signal, endAtOnce);
await runProcess();
