/** Writes `config/schema.json` from the grammar of the configuration: run `node config/write-schema.ts` after a change. */
import { writeFileSync } from "node:fs";
import { makeConfigJsonSchema } from "../fargate/config-schema.ts";

writeFileSync(new URL("./schema.json", import.meta.url), `${JSON.stringify(makeConfigJsonSchema(), null, 2)}\n`);
