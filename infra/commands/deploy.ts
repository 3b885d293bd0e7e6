/**
 * `npm run deploy -- --stage testnet [--out FOLDER] [-- CDK OPTIONS]`: first what keeps things, then, once the keys are filled, what uses
 * them. Owns the order and the two questions before: whether this code knows the ledger's format, and whether every key has a value,
 * since a task without one can not start and its deployment would be taken back after an hour.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { LEDGER_FORMAT } from "../../core/ledger-format.ts";
import { type StageSettings, shardSecretName } from "../stages.ts";
import { assertFormat, formatOfData } from "./ledger-guard.ts";
import { main, run, StepError } from "./run-command.ts";
import { parseStageCommand } from "./stage-option.ts";

await main(async (args) => {
  const { settings, passed, out } = parseStageCommand(args);
  const { name } = settings;
  assertFormat("this code", LEDGER_FORMAT, await formatOfData(new DynamoDBClient({}), name));
  const cdk = (...words: readonly string[]) =>
    run("cdk", ["deploy", ...words, "-c", `stage=${name}`, "--output", out, ...passed]);
  await cdk(`FlashMM-${name}-State`, "--exclusively");
  await assertKeys(settings);
  await cdk("--all");
});

async function assertKeys({ shards }: StageSettings): Promise<void> {
  const client = new SecretsManagerClient({});
  for (const [index, shard] of shards.entries()) {
    const SecretId = shardSecretName(shard.name, index);
    if (isKey(await storedValue(client, SecretId))) continue;
    throw new StepError(
      `the ledger stands; the key of shard ${shard.name} has no value yet, or one that is no key. Fill it and deploy again:\n` +
        `  aws secretsmanager put-secret-value --secret-id ${SecretId} --secret-string '{"apiKey":"…","secretKey":"…"}'`,
    );
  }
}

/** Undefined for a secret that was never filled. */
async function storedValue(client: SecretsManagerClient, SecretId: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** Whether ECS will find both parts in it. Nothing of it is ever shown. */
function isKey(text: string | undefined): boolean {
  try {
    const { apiKey, secretKey }: Readonly<Record<string, unknown>> = JSON.parse(text ?? "{}");
    return [apiKey, secretKey].every((part) => typeof part === "string" && part !== "");
  } catch {
    return false;
  }
}
