/**
 * `npm run operator`: a person's halt or resume, put on the bus of AWS or of a local run, or other strategy parameters, which are
 * `operator-strategy.ts`'s. Owns the sending alone: whether and why it was obeyed stands on the engine's page. Exit code 0: it was
 * sent; 64: bad usage, or parameters that are no good; 1: it was not sent.
 */
import { InputError } from "../../core/errors.ts";
import { messageOf, openBus, PATIENCE, sendRequest } from "./operator-bus.ts";
import { type HaltOptions, OPERATOR_HELP, parseOperatorOptions, type StrategyOptions } from "./operator-options.ts";

const EXIT_NOT_SENT = 1;
const EXIT_USAGE = 64;

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
  const { action, market, reason } = options;
  const bus = openBus(options.dataDir);
  const detailType = action === "halt" ? "Quoting Halt Requested" : "Quoting Resume Requested";
  return await told(bus, () => sendRequest(bus, detailType, { market, reason }));
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
    process.stderr.write(`not sent to ${place}: ${messageOf(error)}\n`);
    return EXIT_NOT_SENT;
  } finally {
    client.destroy();
  }
}

process.exit(await main(process.argv.slice(2)));
