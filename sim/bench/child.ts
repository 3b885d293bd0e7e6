/** Programs that the benchmark runs as they are, to their end, and what they print. Owns starting them and a fault's text. */
import { spawn } from "node:child_process";

const FAULT_CHARACTERS_MAX = 2_000;

export type ChildRun = { readonly exitCode: number | null; readonly output: string; readonly errors: string };

/** Runs `node` with these arguments in the repository. Rejects when it does not end within `withinMs`. */
export async function runNode(root: string, args: readonly string[], withinMs: number): Promise<ChildRun> {
  const child = spawn(process.execPath, [...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-FAULT_CHARACTERS_MAX);
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill();
      reject(new Error(`${args.join(" ")} did not end within ${withinMs / 1_000} s`));
    }, withinMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
  return { exitCode, output, errors };
}

/** The last line that it printed, as JSON. */
export async function jsonOf<Value>(root: string, args: readonly string[], withinMs: number): Promise<Value> {
  const { output, errors, exitCode } = await runNode(root, args, withinMs);
  try {
    return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Value;
  } catch (cause) {
    throw new Error(`${args.join(" ")} ended with code ${exitCode} and no JSON: ${errors}`, { cause });
  }
}
