/**
 * `npm run synth [-- --stage mainnet]`: the templates of a stage with everything that would be deployed, in `cdk.out`; offline, without
 * an account and without Docker. cdk-nag looks at all of it; the CDK's own rules, which take seconds to load, are left to the deployment.
 */
import { parseArgs } from "node:util";
import { makeApp } from "../app.ts";
import { stageSettings } from "../stages.ts";

const { values } = parseArgs({ options: { stage: { type: "string" }, out: { type: "string", default: "cdk.out" } } });
const settings = stageSettings(values.stage);
const assembly = makeApp({ outdir: values.out, deploying: true, rules: false, settings }).synth();
for (const { stackName } of assembly.stacks) process.stdout.write(`${stackName}\n`);
