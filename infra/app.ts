/**
 * The CDK app: one stage a synthesis (`-c stage=testnet|mainnet`), split by what may be lost. Owns which stacks there are.
 * `cdk deploy` bundles the functions; `node infra/app.ts` alone writes the same templates without bundling, in seconds
 * and offline: that is what the local run reads.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, Aspects } from "aws-cdk-lib";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import { ContainerImage } from "aws-cdk-lib/aws-ecs";
import { AlarmsTell } from "./constructs/alarm-topic.ts";
import { adaptToEmulator } from "./emulator.ts";
import { acknowledgeFindings, checkApp } from "./nag.ts";
import { ObservabilityStack } from "./stacks/observability.ts";
import { OperationsStack } from "./stacks/operations.ts";
import { StateStack } from "./stacks/state.ts";
import { TradingStack } from "./stacks/trading.ts";
import { type StageName, type StageSettings, stageSettings } from "./stages.ts";
import { writeTaskImage } from "./task-image.ts";

export type AppOptions = {
  /** Where the templates go. */
  readonly outdir: string;
  /**
   * False for templates nobody deploys: nothing is bundled or checked. The templates are the same but for the keys of the bundles.
   */
  readonly deploying: boolean;
  /** The CLI's rule engine, a WebAssembly module that takes seconds to start; on when deploying unless told. */
  readonly rules?: boolean;
  /** Defaults to `testnet`; the CLI's `-c stage=` wins. */
  readonly stage?: StageName;
  /** In place of those of a stage's files. */
  readonly settings?: StageSettings;
};

/** The app with all stacks of one stage, not yet synthesized. */
export function makeApp(options: AppOptions): App {
  const app = new App({
    outdir: options.outdir,
    analyticsReporting: false,
    builtinCloudFormationValidation: options.rules ?? options.deploying,
    context: {
      ...featureFlags(),
      ...(options.deploying ? {} : { "aws:cdk:bundling-stacks": [] }),
      ...(options.stage === undefined ? {} : { stage: options.stage }),
    },
  });
  const settings = options.settings ?? stageSettings(app.node.tryGetContext("stage"));
  makeStacks(app, settings, taskImage(options, settings));
  if (app.node.tryGetContext("emulator") === "true") adaptToEmulator(app);
  if (options.deploying) checkApp(app);
  return app;
}

function makeStacks(app: App, settings: StageSettings, image: ContainerImage): void {
  const props = { env: deployEnvironment(), settings };
  const named = (name: string) => `FlashMM-${settings.name}-${name}`;
  const state = new StateStack(app, named("State"), { ...props, terminationProtection: true });
  const { ledger, fills, bus, reports, cambrianSecretArn, twitterSecretArn, grafanaSecretArn } = state;
  const { shardSecretArns, walletSecretArns, alarmTopic } = state;
  const operations = new OperationsStack(app, named("Operations"), {
    ...props,
    ...{ ledger, fills, bus, reports, cambrianSecretArn, twitterSecretArn, grafanaSecretArn },
  });
  const trading = new TradingStack(app, named("Trading"), {
    ...props,
    ...{ ledger, bus, image, shardSecretArns, walletSecretArns, grafanaSecretArn },
    fills: fills.queue,
  });
  // Whoever books the fills is there before whoever makes them.
  trading.addStackDependency(operations);
  const { cluster } = trading;
  new ObservabilityStack(app, named("Observability"), {
    ...props,
    ...{ ledger, fills, bus, cluster, alarmTopic, operations, trading },
  });
  Aspects.of(app).add(new AlarmsTell(alarmTopic));
  acknowledgeFindings(app);
}

/** Built by `cdk deploy`, from a folder written here. Templates that nobody deploys have its Dockerfile alone as their asset. */
function taskImage({ deploying, outdir }: AppOptions, { shards }: StageSettings): ContainerImage {
  const platform = Platform.LINUX_ARM64;
  if (!deploying) {
    const exclude = ["*", "!Dockerfile"];
    return ContainerImage.fromAsset(join(import.meta.dirname, "../fargate"), { platform, exclude });
  }
  const folder = join(outdir, "task-image");
  writeTaskImage(folder, shards);
  return ContainerImage.fromAsset(folder, { platform });
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
