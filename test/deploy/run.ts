/**
 * `npm run test:deploy`: the app deployed for real, by the commands that a person uses, to an emulator of AWS, and worked through. Owns
 * the order of the steps; what each looks at is in `deploy-steps.ts` and `running-steps.ts`. Exit code 0 when all held.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAws } from "./aws.ts";
import { DEPLOY_STEPS, LAST_STEPS } from "./deploy-steps.ts";
import { FUNCTION_STEPS } from "./function-steps.ts";
import { MissingError, startMiniStack } from "./ministack.ts";
import { RUNNING_STEPS } from "./running-steps.ts";
import type { Step } from "./step.ts";

/** The report first: until the audit has run for the first time, five minutes after the deployment, it needs none. */
const STEPS: readonly Step[] = [...DEPLOY_STEPS, ...FUNCTION_STEPS, ...RUNNING_STEPS, ...LAST_STEPS];

const LOG_LINES = 60;
const EXIT_INTERRUPTED = 130;

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(EXIT_INTERRUPTED));
process.exit(await main());

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "flashmm-deploy-"));
  try {
    const ministack = await startMiniStack();
    try {
      const place = { ministack, aws: makeAws(ministack), folder };
      for (const [what, act] of STEPS) {
        const startedMs = performance.now();
        const said = await act(place).catch((error: unknown) => {
          say(`FAILED  ${what}`);
          say(ministack.log().split("\n").slice(-LOG_LINES).join("\n"));
          throw error;
        });
        say(
          `${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${what}${said === undefined ? "" : `: ${said}`}`,
        );
      }
      say("the deployment held in every step");
      return 0;
    } finally {
      await ministack.stop();
    }
  } catch (error) {
    process.stderr.write(`${error instanceof MissingError ? error.message : errorText(error)}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
