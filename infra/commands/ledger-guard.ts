/**
 * No code of an older ledger format is deployed over newer data (`core/ledger-format.ts`). Owns the comparison and where both numbers
 * are read: the data's is a tag of the table, the code's stands in its source.
 */
import {
  DescribeTableCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  paginateListTables,
} from "@aws-sdk/client-dynamodb";
import { FORMAT_TAG } from "../ledger-tag.ts";
import type { StageName } from "../stages.ts";
import { UsageError } from "./stage-option.ts";

const FORMAT_LINE = /^export const LEDGER_FORMAT = ([1-9][0-9]{0,8});$/m;

/** The format of a version by the text of its `core/ledger-format.ts`; undefined when it has none that can be read. */
export function formatOfSource(text: string): number | undefined {
  const [, digits] = FORMAT_LINE.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The newest format among the tables of a stage, a retained one of an earlier stack included; undefined before the first deployment. */
export async function formatOfData(client: DynamoDBClient, stage: StageName): Promise<number | undefined> {
  // CloudFormation's names: stack, logical id, something at random.
  const prefix = `FlashMM-${stage}-State-Ledger`;
  const formats: number[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client }, {})) {
    for (const TableName of TableNames.filter((name) => name.startsWith(prefix))) {
      formats.push(await formatOfTable(client, TableName));
    }
  }
  return formats.length === 0 ? undefined : Math.max(...formats);
}

async function formatOfTable(client: DynamoDBClient, TableName: string): Promise<number> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const { Tags = [] } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table?.TableArn }));
  const value = Tags.find((tag) => tag.Key === FORMAT_TAG)?.Value;
  // A table from before there was a tag is of the first format.
  const format = Number(value ?? 1);
  if (Number.isSafeInteger(format) && format >= 1) return format;
  throw new UsageError(
    `tag ${FORMAT_TAG} of table ${TableName} must be a number from 1 on, was ${JSON.stringify(value)}`,
  );
}

/** Throws `UsageError` when code of that format must not run on that data. */
export function assertFormat(what: string, code: number | undefined, data: number | undefined): void {
  if (code === undefined) {
    throw new UsageError(
      `${what} must say its ledger format in core/ledger-format.ts; it says none: it is older than the number`,
    );
  }
  if (data === undefined || code >= data) return;
  throw new UsageError(
    `${what} must know the ledger's format ${data}, knows ${code}: it could misread what is stored. Roll forward instead (docs/operations.md)`,
  );
}
