/**
 * The CDK app: one stage a synthesis (`-c stage=testnet|mainnet`), split by what may be lost. Owns which stacks there are.
 * `cdk deploy` bundles the functions; `node infra/app.ts` alone writes the same templates without bundling, in seconds
 * and offline: that is what the local run reads.
 */
import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { OperationsStack } from "./stacks/operations.ts";
import { StateStack } from "./stacks/state.ts";
import { type StageName, stageSettings } from "./stages.ts";

export type AppOptions = {
  /** Where the templates go. */
  readonly outdir: string;
  /**
   * False for templates nobody deploys: nothing is bundled, and the CLI's rule engine (a WebAssembly module that takes
   * seconds to start) stays out. The templates are the same but for the keys of the bundles.
   */
  readonly deploying: boolean;
  /** Defaults to `testnet`; the CLI's `-c stage=` wins. */
  readonly stage?: StageName;
};

/** The app with all stacks of one stage, not yet synthesized. */
export function makeApp(options: AppOptions): App {
  const app = new App({
    outdir: options.outdir,
    analyticsReporting: false,
    builtinCloudFormationValidation: options.deploying,
    context: {
      ...featureFlags(),
      ...(options.deploying ? {} : { "aws:cdk:bundling-stacks": [] }),
      ...(options.stage === undefined ? {} : { stage: options.stage }),
    },
  });
  const settings = stageSettings(app.node.tryGetContext("stage"));
  const env = deployEnvironment();
  const state = new StateStack(app, `FlashMM-${settings.name}-State`, { env, terminationProtection: true });
  new OperationsStack(app, `FlashMM-${settings.name}-Operations`, {
    env,
    settings,
    ledger: state.ledger,
    fills: state.fills,
    bus: state.bus,
    cambrianSecretArn: state.cambrianSecretArn,
    reports: state.reports,
    twitterSecretArn: state.twitterSecretArn,
    grafanaSecretArn: state.grafanaSecretArn,
  });
  return app;
}

/** The flags of `cdk.json`, so that the templates are the same whoever starts the app. */
function featureFlags(): Record<string, unknown> {
  const file = new URL("../cdk.json", import.meta.url);
  const parsed: { context: Record<string, unknown> } = JSON.parse(readFileSync(file, "utf8"));
  return parsed.context;
}

/** The account and region the CLI found; empty without credentials, which leaves the templates free of both. */
function deployEnvironment(): { account?: string; region?: string } {
  const account = process.env["CDK_DEFAULT_ACCOUNT"];
  const region = process.env["CDK_DEFAULT_REGION"];
  return { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) };
}

if (import.meta.main) {
  // The CLI tells its version and its folder; without it only the templates are wanted.
  const deploying = process.env["CDK_CLI_VERSION"] !== undefined;
  makeApp({ outdir: process.env["CDK_OUTDIR"] ?? "cdk.out", deploying }).synth();
}
