/** `npm run image -- --stage testnet --out FOLDER`: the context of `docker build` for a stage's task, as a deployment makes it. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { stageSettings } from "../stages.ts";
import { writeTaskImage } from "../task-image.ts";

const { values } = parseArgs({
  options: { stage: { type: "string" }, out: { type: "string", default: "task-image" } },
});
const { shards, name } = stageSettings(values.stage);
const folder = resolve(values.out);
writeTaskImage(folder, shards);
process.stdout.write(`the image of ${name} is made of ${folder}: docker build --platform linux/arm64 ${folder}\n`);
