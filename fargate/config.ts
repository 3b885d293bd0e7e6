/**
 * The task's configuration: one file a stage, the environment over it, checked as a whole before anything starts.
 * Owns the merge and the one message that names every fault; the grammar is `config-schema.ts`'s.
 */

import { InputError } from "../core/errors.ts";
import { chainFaults, isAtCambrian, isOnChain } from "./chain-faults.ts";
import { grammarFaults, marketFaults, shardFaults } from "./config-faults.ts";
import { type ConfigFile, configFileSchema } from "./config-schema.ts";
import { LOG_LEVELS } from "./log.ts";
import { type PushSource, readPushSource } from "./otlp/target.ts";
import { Secret } from "./secret.ts";
import { readStatusSettings, type StatusSettings } from "./status/status-settings.ts";

type DeepReadonly<Value> = Value extends object ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> } : Value;

type FileParts = DeepReadonly<Omit<ConfigFile, "$schema" | "cambrian">>;

export type Config = FileParts & {
  readonly cambrian: Readonly<ConfigFile["cambrian"]> & { readonly apiKey: Secret; readonly secretKey: Secret };
  /** The wallet's words; undefined where no market is traded on chain. */
  readonly mnemonic?: Secret | undefined;
  readonly fillsQueueUrl: string;
  readonly tableName: string;
  readonly status: StatusSettings;
  /** Where the metrics are pushed to; undefined when nowhere. */
  readonly metricsPush?: PushSource | undefined;
};

export type MarketConfig = Config["markets"][number];

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with a configuration; `main.ts` prints the message and exits with 78. */
export class ConfigError extends Error {
  readonly code = "BAD_CONFIG";
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault${faults.length === 1 ? "" : "s"}:\n- ${faults.join("\n- ")}`);
    this.name = "ConfigError";
    this.faults = faults;
  }
}

type ConfigInput = { readonly env: Environment; readonly readFile: (path: string) => string };

/**
 * Reads the configuration (CONTRACTS 8). An empty variable counts as absent. `readFile` gives a file's text and throws
 * when it cannot. Throws `ConfigError` with every fault at once.
 */
export function loadConfig(input: ConfigInput): Config {
  const env = (name: string) => (input.env[name] === "" ? undefined : input.env[name]);
  const faults: string[] = [];
  const file = readConfigFile(input, env, faults);
  const needsApi = file === null || isAtCambrian(file);
  const secrets = {
    apiKey: secretOf(env, "CAMBRIAN_API_KEY", needsApi ? faults : null),
    secretKey: secretOf(env, "CAMBRIAN_SECRET_KEY", needsApi ? faults : null),
    mnemonic: file !== null && isOnChain(file) ? mnemonicOf(env, faults) : undefined,
  };
  const metricsPush = readPushSource(env, faults);
  if (file === null) throw new ConfigError(faults);

  const overlay = overlayEnvironment(file, env, faults);
  const parsed = configFileSchema.safeParse(overlay.raw);
  if (!parsed.success) faults.push(...grammarFaults(parsed.error.issues, overlay.raw, overlay.namePath));
  faults.push(...marketFaults(overlay.raw["markets"]), ...shardFaults(overlay.raw["shardLimits"]));
  faults.push(...chainFaults(overlay.raw));
  faults.push(...stageFaults(overlay.raw, env));
  faults.push(...absentFaults(overlay.raw));
  const status = readStatusSettings(env, overlay.raw["eventBusName"], faults);
  const { apiKey, secretKey, mnemonic } = secrets;
  if (faults.length > 0 || !parsed.success || apiKey === null || secretKey === null) throw new ConfigError(faults);

  const { $schema: _, cambrian, fillsQueueUrl = "", tableName = "", ...rest } = parsed.data;
  const baseUrl = cambrian.baseUrl.replace(/\/+$/, "");
  const open = { ...rest, mnemonic, fillsQueueUrl, tableName, status, metricsPush };
  return { ...open, cambrian: { ...cambrian, baseUrl, apiKey, secretKey } };
}

type ReadEnv = (name: string) => string | undefined;
type RawConfig = Record<string, unknown>;

/** The file that the environment names: `FLASHMM_CONFIG`, or that of the stage. */
export function configPath(env: Environment): string {
  return env["FLASHMM_CONFIG"] || `config/${env["FLASHMM_STAGE"] || "local"}.json`;
}

/** Ten markets take thirty thousand; a task that quotes must not be held up by a changed file that is none. */
const FILE_CHARACTERS_MAX = 131_072;

function readConfigFile(input: ConfigInput, env: ReadEnv, faults: string[]): RawConfig | null {
  const stage = env("FLASHMM_STAGE") ?? "local";
  if (env("FLASHMM_CONFIG") === undefined && !/^[a-z][a-z0-9-]{0,31}$/.test(stage)) {
    faults.push(
      `FLASHMM_STAGE must be a lower-case name such as local, testnet or mainnet, was ${JSON.stringify(stage)}`,
    );
    return null;
  }
  const path = configPath(input.env);
  try {
    const text = input.readFile(path);
    if (text.length > FILE_CHARACTERS_MAX) {
      faults.push(`${path} must have at most ${FILE_CHARACTERS_MAX} characters, had ${text.length}`);
      return null;
    }
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
    faults.push(`${path} must hold a JSON object`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    faults.push(`${path} must be a readable JSON file: ${reason}`);
  }
  return null;
}

/** The variables that win over the file: where each stands in it, and how its text becomes that value (null: it cannot). */
const VARIABLES: readonly {
  readonly name: string;
  readonly path: readonly [string] | readonly [string, string];
  readonly toValue: (text: string) => unknown;
}[] = [
  { name: "SEI_WS_URLS", path: ["sei", "wsUrls"], toValue: splitList },
  { name: "SEI_REST_URL", path: ["sei", "restUrls"], toValue: splitList },
  { name: "SEI_RPC_URL", path: ["sei", "rpcUrls"], toValue: splitList },
  { name: "CAMBRIAN_BASE_URL", path: ["cambrian", "baseUrl"], toValue: (text) => text },
  { name: "CAMBRIAN_TESTNET", path: ["cambrian", "network"], toValue: toNetwork },
  { name: "FILLS_QUEUE_URL", path: ["fillsQueueUrl"], toValue: (text) => text },
  { name: "TABLE_NAME", path: ["tableName"], toValue: (text) => text },
  { name: "EVENT_BUS_NAME", path: ["eventBusName"], toValue: (text) => text },
  { name: "STATUS_PORT", path: ["statusPort"], toValue: (text) => (/^\d{1,5}$/.test(text) ? Number(text) : text) },
  { name: "LOG_LEVEL", path: ["logLevel"], toValue: toLogLevel },
];

/** Lays the variables over a copy of the file, and names a path by the variable that its value came from. */
function overlayEnvironment(file: RawConfig, env: ReadEnv, faults: string[]) {
  const raw: RawConfig = { ...file };
  const nameOfPath = new Map<string, string>();
  for (const { name, path, toValue } of VARIABLES) {
    const text = env(name);
    if (text === undefined) continue;
    const [first, second] = path;
    const value = toValue(text);
    if (value === null) {
      faults.push(new InputError({ what: name, expected: "true or false", was: text }).message);
      continue;
    }
    if (second === undefined) {
      raw[first] = value;
    } else {
      // A part of the file that is absent or no object is left to the grammar to complain of, unless the variable makes it.
      const part = raw[first] ?? {};
      if (!isObject(part)) continue;
      raw[first] = { ...part, [second]: value };
    }
    nameOfPath.set(path.join("."), name);
  }
  const namePath = (path: readonly PropertyKey[]) => {
    const variable = nameOfPath.get(path.slice(0, 2).join(".")) ?? nameOfPath.get(path.slice(0, 1).join("."));
    const depth = nameOfPath.has(path.slice(0, 2).join(".")) ? 2 : 1;
    return variable === undefined ? pathText(path) : `${variable}${pathText(path.slice(depth))}`;
  };
  return { raw, namePath };
}

function stageFaults(raw: RawConfig, env: ReadEnv): string[] {
  const stage = env("FLASHMM_STAGE");
  if (stage === undefined || typeof raw["stage"] !== "string" || raw["stage"] === stage) return [];
  return [`stage must be the ${JSON.stringify(stage)} of FLASHMM_STAGE, was ${JSON.stringify(raw["stage"])}`];
}

/** What the file may leave to the environment, but one of both must say. */
function absentFaults(raw: RawConfig): string[] {
  const wanted = [
    { key: "fillsQueueUrl", variable: "FILLS_QUEUE_URL" },
    { key: "tableName", variable: "TABLE_NAME" },
  ];
  return wanted
    .filter(({ key }) => raw[key] === undefined)
    .map(({ key, variable }) => `${variable} (or ${key} in the file) must be given, was absent`);
}

/**
 * A secret travels in an HTTP header or a key: printable ASCII without spaces. Its value stands in no message. One that nobody needs
 * (no `faults` to tell) may be absent, and is empty then.
 */
function secretOf(env: ReadEnv, name: string, faults: string[] | null): Secret | null {
  const value = env(name);
  if (value !== undefined && /^[\x21-\x7e]{1,1024}$/.test(value)) return new Secret(value);
  if (faults === null) return new Secret("");
  const was = value === undefined ? "absent" : "something else (not shown)";
  faults.push(`${name} must be 1 to 1024 printable characters without spaces, was ${was}`);
  return null;
}

/** Whether the words are those of a wallet, and of ours, is seen when it is opened. */
function mnemonicOf(env: ReadEnv, faults: string[]): Secret | undefined {
  const value = env("SEI_MNEMONIC")?.trim().split(/\s+/);
  if (
    value !== undefined &&
    [12, 15, 18, 21, 24].includes(value.length) &&
    value.every((word) => /^[a-z]+$/.test(word))
  )
    return new Secret(value.join(" "));
  const was = value === undefined ? "absent" : "something else (not shown)";
  faults.push(`SEI_MNEMONIC must be 12 to 24 lower-case words, since a market's venue is sei-chain, was ${was}`);
  return undefined;
}

/** `true` is the testnet, `false` the mainnet; null is neither. */
function toNetwork(text: string): string | null {
  const word = text.toLowerCase();
  if (word === "true") return "testnet";
  return word === "false" ? "mainnet" : null;
}

function toLogLevel(text: string): string {
  return LOG_LEVELS.find((level) => level === text.toUpperCase()) ?? text;
}

function splitList(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim());
}

/** A path for people, such as `markets[0].limits.position`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
}

function isObject(value: unknown): value is RawConfig {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
