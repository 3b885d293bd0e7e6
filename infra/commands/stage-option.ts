/** What every command of a deployment is told. Owns the grammar; a stage is never assumed where something is changed. */
import { parseArgs } from "node:util";
import { type StageSettings, stageSettings } from "../stages.ts";

/** Something was asked that can not be done; the message says what and why, and the exit code is 64. */
export class UsageError extends Error {
  readonly code = "USAGE";
}

export type StageCommand = {
  readonly settings: StageSettings;
  /** What stands before the options. */
  readonly positionals: readonly string[];
  /** What stands after `--`, for the CDK's own command line. */
  readonly passed: readonly string[];
  readonly dryRun: boolean;
  /** Where the templates go. */
  readonly out: string;
};

/** Throws `UsageError` on an option that is not known, and on a stage that is absent or none. */
export function parseStageCommand(args: readonly string[]): StageCommand {
  const split = args.indexOf("--");
  const own = split < 0 ? args : args.slice(0, split);
  const passed = split < 0 ? [] : args.slice(split + 1);
  try {
    const { values, positionals } = parseArgs({
      args: [...own],
      allowPositionals: true,
      options: {
        stage: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        out: { type: "string", default: "cdk.out" },
      },
    });
    if (values.stage === undefined) throw new Error("--stage must be testnet or mainnet, was absent");
    return { settings: stageSettings(values.stage), positionals, passed, dryRun: values["dry-run"], out: values.out };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
