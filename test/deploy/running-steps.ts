/** What was deployed, at work: fills through the queue and the function into the table, halts and resumes to a task that obeys. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DeployedTask, startDeployedTask } from "./deployed-task.ts";
import { freePort } from "./ministack.ts";
import { type Place, type Step, until } from "./step.ts";

export const RUNNING_STEPS: readonly Step[] = [
  ["a fill on the queue ends in the table, one that comes twice once", bookFill],
  ["a message that can not be read goes to the dead letters and holds nothing up", setAside],
  ["a halt and a resume on the bus change the control item, and the task obeys", haltAndResume],
];

const FILL = {
  version: 1,
  engineId: "deploy-test",
  market: "ATOM/USDC",
  fillId: "F-1",
  orderId: "O-1",
  clientOrderId: "fm-1-ATOMUSDC-b0-1",
  side: "buy",
  price: "8.4213",
  size: "40",
  fee: "0.0016",
  feeAsset: "USDC",
  liquidity: "maker",
  venueTime: "2026-01-02T03:04:05.678Z",
  midAtFill: "8.42145",
};

async function bookFill({ aws }: Place): Promise<string> {
  const table = await aws.tableName();
  await aws.send("fills", JSON.stringify(FILL));
  await aws.send("fills", JSON.stringify(FILL));
  await aws.send(
    "fills",
    JSON.stringify({ ...FILL, fillId: "F-2", venueTime: "2026-01-02T03:04:06.000Z", side: "sell" }),
  );
  const position = async () =>
    (await aws.items(table)).find((each) => each["pk"]?.S === "MARKET#ATOM/USDC" && each["sk"]?.S === "POSITION");
  const tookMs = await until("two fills are booked", async () => (await position())?.["fillCount"]?.N === "2");
  assert.equal((await position())?.["position"]?.N, "0");
  const keys = (await aws.items(table)).map((each) => each["sk"]?.S ?? "");
  assert.equal(keys.filter((key) => key.startsWith("FILL#")).length, 2);
  return `after ${tookMs} ms`;
}

async function setAside({ aws }: Place): Promise<string> {
  // Five receives a minute apart would be five minutes.
  await aws.hideFor("fills", 1);
  await aws.send("fills", "no fill at all");
  const tookMs = await until(
    "it is among the dead letters",
    async () => (await aws.attributes("fills-dead-letters"))["ApproximateNumberOfMessages"] === "1",
    60_000,
  );
  await aws.hideFor("fills", 60);
  return `after ${tookMs} ms, with a second between its five tries`;
}

async function haltAndResume({ aws, ministack, folder }: Place): Promise<string> {
  const port = await freePort();
  const container = await aws.container();
  await using task = await startDeployedTask({
    folder: join(folder, "cdk.out/task-image"),
    container,
    ministack,
    port,
  });
  await until(
    "the task is healthy and has orders",
    async () => (await isHealthy(task)) && task.openOrders() > 0,
    60_000,
  );
  assert.equal(healthCheck(join(folder, "cdk.out"), port), 0, "the health check of the task definition must succeed");

  const table = await aws.tableName();
  const control = async () =>
    (await aws.items(table)).find((each) => each["pk"]?.S === "CONTROL" && each["sk"]?.S === "ALL")?.["state"]?.S;
  await aws.say("Quoting Halt Requested", { reason: "deployment test" });
  // Between two quotes there is a moment without orders too: it has halted when it says so.
  const hasHalted = async () => task.openOrders() === 0 && !(await isQuoting(task));
  const haltMs = await until("the task has halted", hasHalted);
  assert.equal(await control(), "halted");
  // Events carry whole seconds, and of two in one second the one delivered last stands.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(task.openOrders(), 0);
  assert.equal(await isHealthy(task), true, "a task that was halted on purpose is healthy");

  await aws.say("Quoting Resume Requested", { reason: "looked, all well" });
  const resumeMs = await until("the task quotes again", async () => task.openOrders() > 0 && (await isQuoting(task)));
  assert.equal(await control(), "running");
  await until("the exchange has filled an order of the task", () => task.fillCount() > 0, 60_000);
  assert.equal(await task.stop(), 0, task.lines().slice(-3).join("\n"));
  await assertBooked({ aws, table, task });
  assertFigures(task);
  return `halted after ${haltMs} ms, resumed after ${resumeMs} ms, ${task.fillCount()} fills booked`;
}

/** Runs the very command that ECS would run in the container, but for the port; answers its exit code. */
function healthCheck(templates: string, port: number): number | null {
  const { Resources } = JSON.parse(readFileSync(join(templates, "FlashMM-testnet-Trading.template.json"), "utf8"));
  const resources: readonly { readonly Type: string; readonly Properties: Definition }[] = Object.values(Resources);
  const definition = resources.find((each) => each.Type === "AWS::ECS::TaskDefinition");
  const command = definition?.Properties.ContainerDefinitions[0].HealthCheck.Command ?? [];
  const [, program = "", ...args] = command.map((part) => part.replace("/8080", `/${port}`));
  return spawnSync(program, args).status;
}

type Definition = {
  readonly ContainerDefinitions: readonly [{ readonly HealthCheck: { readonly Command: readonly string[] } }];
};

async function isQuoting({ url }: DeployedTask): Promise<boolean> {
  const state = JSON.parse(await (await fetch(`${url}/api/state`)).text());
  return state.markets[0]?.quoting === true;
}

async function isHealthy({ url }: DeployedTask): Promise<boolean> {
  return await fetch(`${url}/healthz`).then(
    (answer) => answer.status === 200,
    () => false,
  );
}

/** The task handed every fill to the queue before it ended; the function books them. */
async function assertBooked(of: {
  readonly aws: Place["aws"];
  readonly table: string;
  readonly task: DeployedTask;
}): Promise<void> {
  const booked = async () =>
    (await of.aws.items(of.table)).find(
      (each) => each["pk"]?.S === "MARKET#SEI/USDC" && each["sk"]?.S === "POSITION",
    )?.["fillCount"]?.N;
  await until("the ledger has every fill of the exchange", async () => (await booked()) === `${of.task.fillCount()}`);
}

/** Alarms stand on these lines. */
function assertFigures(task: DeployedTask): void {
  const figures = task.lines().filter((line) => line.startsWith('{"_aws"'));
  assert.ok(figures.length >= 2, "the task must write its figures for CloudWatch");
  const last = JSON.parse(figures.at(-1) ?? "{}");
  assert.equal(last._aws.CloudWatchMetrics[0].Namespace, "FlashMM");
  assert.ok(last.flashmm_orders_placed_total > 0);
}
