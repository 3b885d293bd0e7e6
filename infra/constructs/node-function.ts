/**
 * The one way in which FlashMM makes a Lambda function: Node 24 on arm64, one bundled file with its SDK inside, own log
 * group with retention, own role that may do nothing but write that log. Owns these defaults; grants are the caller's.
 */
import { join } from "node:path";
import { type Duration, RemovalPolicy } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, CfnFunction, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { type ICommandHooks, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { CREDENTIALS, STACK_TRACES } from "../bundled/path.ts";
import type { StageSettings } from "../stages.ts";

export type NodeFunctionProps = {
  readonly settings: StageSettings;
  /** The handler's folder under `lambdas/`, also the service name in its logs. */
  readonly folder: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Files of packages, such as `package/file.wasm`, that the code reads beside its bundle; none unless told. */
  readonly filesBeside?: readonly string[];
  /** Modules of the handler's folder that are loaded late, each a bundle of its own beside the function's. */
  readonly modulesBeside?: readonly string[];
};

const PROJECT_ROOT = join(import.meta.dirname, "../..");

/** CommonJS packages inside an ES module bundle still call `require` (Powertools' own CDK example). */
export const REQUIRE_BANNER = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * A function's credentials stand in its environment, where the SDK looks first: other ways to some are loaded only if that one fails,
 * and are a fifth of a bundle.
 */
export const UNUSED_CREDENTIALS: readonly string[] = [
  ...["http", "ini", "login", "process", "sso", "web-identity"].map((name) => `@aws-sdk/credential-provider-${name}`),
  // Asked where a machine of EC2 or a container has credentials; a function is neither.
  "@smithy/credential-provider-imds",
];

export class NodeFunction extends Construct {
  readonly function: NodejsFunction;
  /** The handler's folder, which people know it by. */
  readonly folder: string;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    this.folder = props.folder;
    const logGroup = new LogGroup(this, "Log", {
      retention: props.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    const entry = `lambdas/${props.folder}/handler.ts`;
    this.function = new NodejsFunction(this, "Function", {
      entry: join(PROJECT_ROOT, entry),
      projectRoot: PROJECT_ROOT,
      depsLockFilePath: join(PROJECT_ROOT, "package-lock.json"),
      handler: "handler",
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: props.timeout,
      memorySize: props.memoryMegabytes,
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      environment: { ...runtimeEnvironment(props), ...props.environment },
      bundling: {
        format: OutputFormat.ESM,
        target: "node24",
        mainFields: ["module", "main"],
        banner: REQUIRE_BANNER,
        minify: true,
        inject: [STACK_TRACES],
        sourceMap: true,
        sourcesContent: false,
        // The SDK comes along: the version tested is the version that runs.
        externalModules: [...UNUSED_CREDENTIALS],
        esbuildArgs: { "--alias:@aws-sdk/credential-provider-node": CREDENTIALS },
        commandHooks: besideHooks(props),
      },
    });
    // The local cloud starts the very same source.
    resourceOf(this.function).addMetadata("flashmm:entry", entry);
  }
}

function resourceOf(nodejsFunction: NodejsFunction): CfnFunction {
  const resource = nodejsFunction.node.defaultChild;
  if (!(resource instanceof CfnFunction)) throw new Error("a function must have its resource as default child");
  return resource;
}

/** Puts what a function reads or loads later to where its bundle is. */
function besideHooks({ folder, filesBeside = [], modulesBeside = [] }: NodeFunctionProps): ICommandHooks {
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (inputDir, outputDir) => [
      ...filesBeside.map((path) => `cp "${join(inputDir, "node_modules", path)}" "${outputDir}/"`),
      ...modulesBeside.map((name) =>
        bundleCommand(inputDir, `lambdas/${folder}/${name}.ts`, `${outputDir}/${name}.mjs`),
      ),
    ],
  };
}

/** The bundler's command for a module, with the settings of the functions' bundles. */
function bundleCommand(inputDir: string, entry: string, outfile: string): string {
  const bundler = join(inputDir, "node_modules/.bin/esbuild");
  const settings = ["bundle", "minify", "format=esm", "platform=node", "target=node24", "main-fields=module,main"];
  const maps = ["sourcemap", "sources-content=false"];
  const flags = [
    ...[...settings, ...maps].map((each) => `--${each}`),
    `--banner:js="${REQUIRE_BANNER}"`,
    "--log-level=warning",
  ];
  return `"${bundler}" "${join(inputDir, entry)}" ${flags.join(" ")} --outfile="${outfile}"`;
}

function runtimeEnvironment(props: NodeFunctionProps): Record<string, string> {
  return {
    POWERTOOLS_SERVICE_NAME: props.folder,
    POWERTOOLS_METRICS_NAMESPACE: "FlashMM",
    POWERTOOLS_LOG_LEVEL: props.settings.logLevel,
  };
}
