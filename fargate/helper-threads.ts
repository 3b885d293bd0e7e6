/**
 * V8's helpers, the threads that compile and collect beside the one that quotes, stand back: where all have one core, a tick does not wait for a
 * compilation. Owns their priority. It is Linux's, which has one a thread; elsewhere it would be the whole process's.
 */
import { readdirSync, readFileSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** Of Linux's nineteen steps below the usual: a tenth of a core where the quoting thread would have all of it. */
const STANDING_BACK = 10;
const THREADS = "/proc/self/task";

if (process.platform === "linux") {
  // V8 makes all of its helpers when the process starts.
  for (const thread of readdirSync(THREADS)) standBack(thread);
}

function standBack(thread: string): void {
  try {
    const isHelper = readFileSync(`${THREADS}/${thread}/comm`, "utf8").trim() === "V8Worker";
    if (isHelper && getPriority(Number(thread)) < STANDING_BACK) setPriority(Number(thread), STANDING_BACK);
  } catch {
    // It has ended, or whoever runs us forbids it: all works as before, but a tick beside a compilation is later.
  }
}
