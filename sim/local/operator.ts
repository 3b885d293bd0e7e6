/**
 * `npm run operator`: a person's halt or resume, put on the bus of AWS or of a local run, or other strategy parameters, which are
 * `operator-strategy.ts`'s. Owns the sending alone: whether and why it was obeyed stands on the engine's page. Exit code 0: it was
 * sent; 64: bad usage, or parameters that are no good; 1: it was not sent.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { z } from "zod";
import { InputError } from "../../core/errors.ts";
import { CLOUD_FILE } from "./cloud-file.ts";
import { localClientSettings } from "./local-client.ts";
import { type HaltOptions, OPERATOR_HELP, parseOperatorOptions, type StrategyOptions } from "./operator-options.ts";

const EXIT_NOT_SENT = 1;
const EXIT_USAGE = 64;

const DEFAULT_BUS = "flashmm";

/** A person waits for this. */
const PATIENCE = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
} satisfies EventBridgeClientConfig;

type Bus = { readonly client: EventBridgeClient; readonly name: string; readonly place: string };

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOperatorOptions(args);
    if (options === "help") {
      process.stdout.write(OPERATOR_HELP);
      return 0;
    }
    return options.action === "strategy" ? await changeParameters(options) : await haltOrResume(options);
  } catch (error) {
    if (!isComplaint(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_USAGE;
  }
}

async function haltOrResume(options: HaltOptions): Promise<number> {
  const bus = options.dataDir === undefined ? awsBus() : localBus(options.dataDir);
  return await told(bus, () => send(bus, options));
}

async function changeParameters(options: StrategyOptions): Promise<number> {
  // Not before it is needed: a halt is in a hurry.
  const { changeStrategy, findTarget, readStrategyFile } = await import("./operator-strategy.ts");
  const target = findTarget(options, PATIENCE);
  const { file, market: symbol } = options;
  const strategy = file === undefined ? undefined : readStrategyFile(file, { symbol, markets: target.markets });
  return await told(target, () => changeStrategy(target, options, strategy));
}

/** What was asked is no good, and the message says why: an `InputError`, or the configuration's `ConfigError`. */
function isComplaint(error: unknown): error is Error {
  return error instanceof InputError || (error instanceof Error && "code" in error && error.code === "BAD_CONFIG");
}

/** Says what became of it. */
async function told(
  { client, place }: { readonly client: { destroy(): void }; readonly place: string },
  act: () => Promise<string>,
): Promise<number> {
  try {
    process.stdout.write(`${await act()}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`not sent to ${place}: ${error instanceof Error ? messageOf(error) : String(error)}\n`);
    return EXIT_NOT_SENT;
  } finally {
    client.destroy();
  }
}

async function send(bus: Bus, { action, market, reason }: HaltOptions): Promise<string> {
  const detailType = action === "halt" ? "Quoting Halt Requested" : "Quoting Resume Requested";
  const detail = JSON.stringify({ market, reason });
  const answer = await bus.client.send(
    new PutEventsCommand({
      Entries: [{ EventBusName: bus.name, Source: "flashmm.operator", DetailType: detailType, Detail: detail }],
    }),
  );
  const [entry] = answer.Entries ?? [];
  if (entry?.EventId === undefined) throw new Error(`${entry?.ErrorCode ?? "no answer"}: ${entry?.ErrorMessage ?? ""}`);
  return `sent to ${bus.place}: ${detailType} ${detail}, event ${entry.EventId}`;
}

function awsBus(): Bus {
  const name = process.env["EVENT_BUS_NAME"] || DEFAULT_BUS;
  return { client: new EventBridgeClient(PATIENCE), name, place: `bus ${name}` };
}

const cloudFile = z.object({ eventsUrl: z.string(), eventBusName: z.string() });

/** The bus of the run that has written its addresses into the folder. Throws `InputError` when there is none. */
function localBus(dataDir: string): Bus {
  const path = join(resolve(dataDir), CLOUD_FILE);
  try {
    const { eventsUrl, eventBusName } = cloudFile.parse(JSON.parse(readFileSync(path, "utf8")));
    const client = new EventBridgeClient({ ...PATIENCE, ...localClientSettings(eventsUrl) });
    return { client, name: eventBusName, place: `bus ${eventBusName} of the run in ${dataDir}` };
  } catch (cause) {
    throw new InputError({
      what: "--data-dir",
      expected: "the folder of a local run that is running",
      was: dataDir,
      cause,
    });
  }
}

/** Connection errors of Node may have no message of their own, only a code. */
function messageOf(error: Error): string {
  return error.message || ("code" in error ? String(error.code) : error.name);
}

process.exit(await main(process.argv.slice(2)));
