/**
 * What the deployment fixes and the world must obey: times out of sight, batch sizes, receive counts, time-outs, schedules. Owns their
 * reading from the synthesized templates; `deployment.json` beside it is what they said last, and a test holds the two together.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { InputError } from "../../../core/errors.ts";
import { parseSchedule } from "../../local/schedule-expression.ts";
import { readTemplates } from "../../local/template.ts";

const count = z.int().min(1);

const deployment = z.strictObject({
  fills: z.strictObject({
    visibilityMs: count,
    receivesMax: count,
    batchSize: count,
    batchingWindowMs: z.int().min(0),
    batchesAtOnce: count,
  }),
  /** By the function's folder. */
  timeoutsMs: z.record(z.string(), count),
  schedulesMs: z.record(z.string(), count),
  /** From the wish to stop a task to its end by force. */
  stopTimeoutMs: count,
});

export type Deployment = z.infer<typeof deployment>;

/** What the templates said when this was last written down. */
export function writtenDeployment(): Deployment {
  return deployment.parse(JSON.parse(readFileSync(new URL("./deployment.json", import.meta.url), "utf8")));
}

/** Reads a folder of `cdk synth`. Throws `InputError` on what is missing there. */
export function readDeployment(templateDir: string): Deployment {
  const { functions, mappings, queues, schedules } = readTemplates(templateDir, "http://127.0.0.1:1");
  const consumer = found(mappings[0], "a consumer of the fills");
  const queue = found(
    queues.find(({ arn }) => arn === consumer.queueArn),
    "the consumer's queue",
  );
  const folderOf = new Map(functions.map(({ name, entry }) => [name, entry.split("/").at(-2) ?? name]));
  return {
    fills: {
      visibilityMs: 1_000 * queue.visibilitySeconds,
      receivesMax: found(queue.redrive, "a dead-letter queue of the fills").receivesMax,
      batchSize: consumer.batchSize,
      batchingWindowMs: 1_000 * consumer.batchingWindowSeconds,
      batchesAtOnce: found(consumer.concurrencyMax, "the consumer's concurrency"),
    },
    timeoutsMs: Object.fromEntries(functions.map(({ name, timeoutMs }) => [folderOf.get(name) ?? name, timeoutMs])),
    schedulesMs: Object.fromEntries(
      schedules.map(({ target, expression }) => [
        folderOf.get(target.functionName) ?? target.functionName,
        periodMs(expression),
      ]),
    ),
    stopTimeoutMs: 1_000 * stopTimeoutSeconds(templateDir),
  };
}

const taskDefinition = z.object({
  Type: z.literal("AWS::ECS::TaskDefinition"),
  Properties: z.object({ ContainerDefinitions: z.array(z.object({ StopTimeout: z.int() })).min(1) }),
});

/** The local cloud runs no containers, so its reader passes task definitions over. */
function stopTimeoutSeconds(templateDir: string): number {
  for (const file of readdirSync(templateDir).filter((name) => name.endsWith(".template.json"))) {
    const { Resources = {} }: { Resources?: Record<string, unknown> } = JSON.parse(
      readFileSync(join(templateDir, file), "utf8"),
    );
    for (const resource of Object.values(Resources)) {
      const read = taskDefinition.safeParse(resource);
      if (read.success) return Math.max(...read.data.Properties.ContainerDefinitions.map((each) => each.StopTimeout));
    }
  }
  throw new InputError({ what: templateDir, expected: "a task definition with a stop time-out", was: "none" });
}

function found<Value>(value: Value | null | undefined, expected: string): Value {
  if (value !== undefined && value !== null) return value;
  throw new InputError({ what: "the templates", expected, was: "none" });
}

function periodMs(expression: string): number {
  const schedule = parseSchedule(expression);
  return schedule.kind === "rate" ? schedule.everyMs : 3_600_000;
}
