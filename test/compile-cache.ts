/**
 * Where the programs that tests start keep what Node has compiled of them: half of the time that a start takes. Node compares each
 * entry with its source before it uses it. Not for the processes of the tests themselves, whose modules have another name in each run.
 */
import { join } from "node:path";

export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(import.meta.dirname, "../node_modules/.cache/programs") };
