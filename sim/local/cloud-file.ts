/**
 * Where a running local cloud can be reached, for programs started beside it: one file in its data folder, there while it
 * runs. A run that was killed leaves it behind; its addresses then answer to nobody.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const CLOUD_FILE = "cloud.json";

export type CloudAddresses = {
  readonly dynamodbUrl: string;
  readonly sqsUrl: string;
  readonly eventsUrl: string;
  readonly tableName: string;
  readonly eventBusName: string;
};

/** Writes the file; returns what removes it. */
export function writeCloudFile(folder: string, addresses: CloudAddresses): () => void {
  const path = join(folder, CLOUD_FILE);
  writeFileSync(path, `${JSON.stringify(addresses, null, 2)}\n`);
  return () => rmSync(path, { force: true });
}
