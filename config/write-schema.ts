/**
 * Writes `config/schema.json` from the grammar of the configuration, and `config/events.schema.json` from those of the events: run
 * `node config/write-schema.ts` after a change.
 */
import { writeFileSync } from "node:fs";
import { makeConfigJsonSchema } from "../fargate/config-schema.ts";
import { makeEventsJsonSchema } from "../lambdas/event-schemas.ts";

for (const [file, schema] of [
  ["./schema.json", makeConfigJsonSchema()],
  ["./events.schema.json", makeEventsJsonSchema()],
] as const) {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}
