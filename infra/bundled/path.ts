/** Where the module is that every bundle comes with. */
import { join } from "node:path";

export const STACK_TRACES = join(import.meta.dirname, "stack-traces.ts");
