/** `npm run diff -- --stage testnet [-- CDK OPTIONS]`: what a deployment would change, and nothing is changed. */
import { main, run } from "./run-command.ts";
import { parseStageCommand } from "./stage-option.ts";

await main(async (args) => {
  const { settings, passed } = parseStageCommand(args);
  await run("cdk", ["diff", "--all", "-c", `stage=${settings.name}`, ...passed]);
});
