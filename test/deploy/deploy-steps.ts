/** The deployment itself: bootstrap, first and second deployment, a broken one, a rollback that is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DescribeTableCommand, TagResourceCommand } from "@aws-sdk/client-dynamodb";
import { FORMAT_TAG } from "../../infra/ledger-tag.ts";
import { KEYS } from "./deployed-task.ts";
import { ACCOUNT, REGION } from "./ministack.ts";
import { ROOT, runProgram } from "./run-program.ts";
import type { Place, Step } from "./step.ts";

const STACKS = ["State", "Operations", "Trading", "Observability"].map((name) => `FlashMM-testnet-${name}`);

const BROKEN = "FlashMM-broken";

export const DEPLOY_STEPS: readonly Step[] = [
  ["the account is bootstrapped", bootstrap],
  ["a first deployment keeps what it keeps, and says that the key is not filled", deployWithoutKey],
  ["with the key filled everything is deployed", deployAll],
  ["the queues, the table and the task are what the templates say, as far as the emulator tells", lookAtResources],
];

export const LAST_STEPS: readonly Step[] = [
  ["a second deployment has no changes", deployAgain],
  ["a broken stack is taken back, and leaves nothing half made", deployBroken],
  ["a broken change of a stack is taken back to what was there", updateBroken],
  ["a rollback to code of this ledger format would go on, to an older one is refused", rollBack],
];

async function bootstrap({ ministack, folder }: Place): Promise<undefined> {
  const args = ["bootstrap", `aws://${ACCOUNT}/${REGION}`, "--output", join(folder, "bootstrap")];
  const { code, output } = await runProgram("cdk", args, ministack.environment);
  assert.equal(code, 0, output);
}

async function deployWithoutKey(place: Place): Promise<undefined> {
  const { code, output } = await deploy(place);
  assert.equal(code, 1, output);
  assert.match(output, /the key of shard main has no value yet/);
  const stacks = await place.aws.stacks();
  assert.equal(stacks.get("FlashMM-testnet-State"), "CREATE_COMPLETE");
  assert.equal(stacks.has("FlashMM-testnet-Trading"), false);
}

async function deployAll(place: Place): Promise<undefined> {
  await place.aws.fillSecret("flashmm/cambrian", KEYS);
  const { code, output } = await deploy(place);
  assert.equal(code, 0, output);
  const stacks = await place.aws.stacks();
  for (const stack of STACKS) assert.equal(stacks.get(stack), "CREATE_COMPLETE", stack);
}

async function lookAtResources({ aws }: Place): Promise<undefined> {
  const fills = await aws.attributes("fills");
  assert.equal(fills["VisibilityTimeout"], "60");
  assert.match(fills["RedrivePolicy"] ?? "", /fills-dead-letters.*"maxReceiveCount":\s*"?5/);
  const { Table } = await aws.dynamodb.send(new DescribeTableCommand({ TableName: await aws.tableName() }));
  assert.deepEqual(
    Table?.KeySchema?.map((key) => key.AttributeName),
    ["pk", "sk"],
  );
  const { environment } = await aws.container();
  const told = Object.fromEntries(environment.map(({ name, value }) => [name, value]));
  assert.equal(told["TABLE_NAME"], await aws.tableName());
  assert.equal(told["EVENT_BUS_NAME"], "flashmm");
  assert.match(told["FILLS_QUEUE_URL"] ?? "", /\/fills$/);
}

async function deployAgain(place: Place): Promise<undefined> {
  const { code, output } = await deploy(place);
  assert.equal(code, 0, output);
  for (const stack of STACKS) assert.match(output, new RegExp(`${stack} \\(no changes\\)`));
}

async function deployBroken(place: Place): Promise<undefined> {
  const { aws } = place;
  const { code, output } = await deployApp(place, "broken");
  assert.notEqual(code, 0, output);
  assert.equal((await aws.stacks()).get(BROKEN), "ROLLBACK_COMPLETE", output);
  await assert.rejects(aws.attributes("broken-queue"), { name: "QueueDoesNotExist" });
  for (const stack of STACKS) assert.match((await aws.stacks()).get(stack) ?? "", /^(CREATE|UPDATE)_COMPLETE$/);
}

async function updateBroken(place: Place): Promise<undefined> {
  const { aws } = place;
  const whole = await deployApp(place, "whole", "-c", "whole=true");
  assert.equal(whole.code, 0, whole.output);
  const { code, output } = await deployApp(place, "broken");
  assert.notEqual(code, 0, output);
  assert.equal((await aws.stacks()).get(BROKEN), "UPDATE_ROLLBACK_COMPLETE", output);
  assert.equal((await aws.attributes("broken-queue"))["VisibilityTimeout"], "30");
  await assert.rejects(aws.attributes("broken-queue-2"), { name: "QueueDoesNotExist" });
}

/** Deploys `broken-app.ts`. */
async function deployApp({ ministack, folder }: Place, name: string, ...args: readonly string[]) {
  const app = `${process.execPath} ${join(ROOT, "test/deploy/broken-app.ts")}`;
  const passed = ["--method=direct", "--require-approval", "never", "--output", join(folder, name)];
  return await runProgram("cdk", ["deploy", "--app", app, ...passed, ...args], ministack.environment);
}

async function rollBack(place: Place): Promise<undefined> {
  const ask = () => command(place, "rollback.ts", ["HEAD", "--stage", "testnet", "--dry-run"]);
  const first = await ask();
  assert.equal(first.code, 0, first.output);
  const { aws } = place;
  const { Table } = await aws.dynamodb.send(new DescribeTableCommand({ TableName: await aws.tableName() }));
  const tag = (Value: string) =>
    aws.dynamodb.send(new TagResourceCommand({ ResourceArn: Table?.TableArn, Tags: [{ Key: FORMAT_TAG, Value }] }));
  await tag("1000");
  const second = await ask();
  assert.equal(second.code, 64, second.output);
  assert.match(second.output, /version HEAD must know the ledger's format 1000, knows \d+/);
  const third = await deploy(place);
  assert.equal(third.code, 64, third.output);
}

/** As a person would, but for what an emulator wants. */
async function deploy(place: Place) {
  const passed = ["--method=direct", "--require-approval", "never", "-c", "emulator=true"];
  const own = ["--stage", "testnet", "--out", join(place.folder, "cdk.out")];
  return await command(place, "deploy.ts", [...own, "--", ...passed]);
}

async function command({ ministack }: Place, name: string, args: readonly string[]) {
  return await runProgram(process.execPath, [join(ROOT, "infra/commands", name), ...args], ministack.environment);
}
