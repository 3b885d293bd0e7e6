/** Runs the programs that a person would run, and keeps what they say. */
import { spawn } from "node:child_process";
import { join } from "node:path";

export type Ended = { readonly code: number | null; readonly output: string };

export const ROOT = join(import.meta.dirname, "../..");

const WITHIN_MS = 300_000;

/** Ends with whatever code; kills it after five minutes. */
export function runProgram(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: WITHIN_MS,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}
