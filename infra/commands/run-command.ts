/** Starts other programs for the commands of a deployment, and ends them with one exit code. Owns how a failure is told. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { UsageError } from "./stage-option.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

/** The repository. */
export const PROJECT_ROOT = join(import.meta.dirname, "../..");

/** A step failed; the program that failed has said why. */
export class StepError extends Error {
  readonly code = "STEP_FAILED";
}

/** Runs a program on this terminal. Throws `StepError` when it does not end with 0. */
export async function run(program: string, args: readonly string[], folder: string = PROJECT_ROOT): Promise<void> {
  // The folder's own tools come first: another version's deployment is made with that version's.
  const path = `${join(folder, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`;
  const child = spawn(program, args, { cwd: folder, stdio: "inherit", env: { ...process.env, PATH: path } });
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new StepError(`${program} ${args.join(" ")} ended with ${code ?? signal}`);
}

/** Runs a command and ends the process: 0, 1 for a step that failed, 64 for what can not be done. */
export async function main(command: (args: readonly string[]) => Promise<void>): Promise<never> {
  try {
    await command(process.argv.slice(2));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof StepError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED);
  }
}
