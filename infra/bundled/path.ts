/** Where the modules are that bundles come with. */
import { join } from "node:path";

export const STACK_TRACES = join(import.meta.dirname, "stack-traces.ts");
export const CREDENTIALS = join(import.meta.dirname, "credentials.ts");
