/** What a whole task asks of the table, from its start over a kill to its stop, held against what its role may do in AWS. */
import { readFileSync } from "node:fs";
import { type AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, test, vi } from "vitest";
import { SYMBOL, startScenarioWorld } from "../../../sim/world/scenario-world.ts";
import { endHalted, logged, startQuoting, withMarket } from "./scenario.ts";

type Input = {
  readonly Key?: Readonly<Record<string, AttributeValue>>;
  readonly Item?: Readonly<Record<string, AttributeValue>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>>;
};

/** Every request of a client, as an action of IAM and the leading key it is of. */
type Asked = Map<DynamoDBClient, Set<string>>;

function askedOf(command: { readonly input: Input }): string {
  const action = command.constructor.name.replace(/Command$/, "");
  const { Key, Item, ExpressionAttributeValues } = command.input;
  const key = Key?.["pk"] ?? Item?.["pk"] ?? ExpressionAttributeValues?.[":pk"];
  return `${action} ${key?.S}`;
}

/** The task role's line of an action in the list of every right, as the keys it names. */
function allowed(): ReadonlySet<string> {
  const lines = readFileSync(new URL("../../infra/permissions.txt", import.meta.url), "utf8").split("\n");
  const own = lines.filter((line) => line.includes("DefinitionTaskRole") && line.includes("dynamodb:"));
  return new Set(
    own.flatMap((line) => {
      const [, action = ""] = /dynamodb:(\w+)/.exec(line) ?? [];
      const keys: readonly string[] = JSON.parse(line.split(" | ").at(-1) ?? "{}")["ForAllValues:StringEquals"][
        "dynamodb:LeadingKeys"
      ];
      return keys.map((key) => `${action} ${key}`);
    }),
  );
}

test("a task asks the table for nothing that its role may not, and its role may nothing that no task asks for", async () => {
  const asked: Asked = new Map();
  const send = DynamoDBClient.prototype.send;
  const spy = vi.spyOn(DynamoDBClient.prototype, "send").mockImplementation(function (
    this: DynamoDBClient,
    ...args: unknown[]
  ) {
    const [command] = args as [{ readonly input: Input }];
    const ofClient = asked.get(this) ?? new Set();
    asked.set(this, ofClient.add(askedOf(command)));
    return Reflect.apply(send, this, args);
  });
  try {
    await using world = await startScenarioWorld({ seed: 611 });
    const task = await startQuoting(world, { configured: withMarket({ limits: { executionsInARow: 1 } }) });
    const hand = world.exchange.hand(SYMBOL);
    // Two orders of one side fill: the market is halted, and that is written.
    await world.time.until(
      () => {
        hand.refill();
        hand.hit("sell", "400");
        return logged(task, "risk limit breached").length > 0;
      },
      "the limit is breached",
      60_000,
    );
    // Over the end of a minute and a checkpoint.
    await world.time.pass(70_000);
    await endHalted(world, task);
  } finally {
    spy.mockRestore();
  }
  const [ofTask] = [...asked.values()].filter((requests) => requests.has("UpdateItem LEASE"));
  const may = allowed();
  expect([...(ofTask ?? [])].filter((request) => !may.has(request))).toEqual([]);
  expect([...may].filter((request) => !ofTask?.has(request))).toEqual([]);
});
