/**
 * `npm run rollback -- VERSION --stage mainnet [--dry-run] [-- CDK OPTIONS]`: deploys a former version of the functions, the tasks and
 * the alarms, with that version's own tools. The state stack stays as it is: what it has more than the former version's is used by
 * nobody, and taking it out would leave kept resources without a stack. Owns the refusal of a version that does not know the data.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { StageName } from "../stages.ts";
import { assertFormat, formatOfData } from "./ledger-guard.ts";
import { main, PROJECT_ROOT, run } from "./run-command.ts";
import { parseStageCommand, UsageError } from "./stage-option.ts";
import { readVersion } from "./version.ts";

await main(async (args) => {
  const { settings, positionals, passed, dryRun } = parseStageCommand(args);
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) {
    throw new UsageError("VERSION must be one tag, branch or commit: npm run rollback -- VERSION --stage STAGE");
  }
  const version = readVersion(PROJECT_ROOT, name);
  assertFormat(`version ${name}`, version.format, await formatOfData(new DynamoDBClient({}), settings.name));
  process.stdout.write(`version ${name} is ${version.commit}, of ledger format ${version.format}\n`);
  if (!dryRun) await deployVersion(version.commit, settings.name, passed);
});

async function deployVersion(commit: string, stage: StageName, passed: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "flashmm-rollback-"));
  try {
    await run("git", ["worktree", "add", "--detach", folder, commit]);
    await run("npm", ["ci"], folder);
    const stacks = ["Operations", "Trading", "Observability"].map((stack) => `FlashMM-${stage}-${stack}`);
    await run("cdk", ["deploy", "--exclusively", ...stacks, "-c", `stage=${stage}`, ...passed], folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await run("git", ["worktree", "prune"]);
  }
}
