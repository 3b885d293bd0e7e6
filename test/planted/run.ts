/**
 * `npm run test:planted`: the tests of the tests. Every bug of `bugs/` is planted and must be caught by the fault world. Owns what is
 * hunted, what is said, and the exit code.
 */
import { parseArgs } from "node:util";
import { InputError } from "../../core/errors.ts";
import { writtenDeployment } from "../../sim/world/swarm/deployment.ts";
import { bugNamed, EVERY_BUG } from "./bugs/every-bug.ts";
import { hunt, type Verdict } from "./hunt.ts";
import { assertPlantable, type PlantedBug } from "./planted-bug.ts";

const HELP = `npm run test:planted [-- OPTIONS]   plants each bug of test/planted/bugs; the fault world must catch it

  --only A,B     these bugs alone
  --seeds N      seeds a bug at most (200)
  --workers N    bugs hunted side by side (1)
  --list         what there is to hunt
  --help         this text

  Exit code 0 when all were caught, 1 when one was not, 64 for what cannot be read.
`;

const EXIT_NOT_CAUGHT = 1;
const EXIT_USAGE = 64;

type Options = { readonly bugs: readonly PlantedBug[]; readonly seedsMax: number; readonly workers: number };

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = optionsOf(args);
    if (typeof options !== "string") return await huntAll(options);
    process.stdout.write(options);
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_USAGE;
  }
}

async function huntAll({ bugs, seedsMax, workers }: Options): Promise<number> {
  for (const bug of bugs) assertPlantable(bug);
  const deployment = writtenDeployment();
  const left = [...bugs];
  const verdicts: Verdict[] = [];
  const work = async (): Promise<void> => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const beganMs = performance.now();
      const verdict = await hunt({ bug, seedsMax, deployment });
      verdicts.push(verdict);
      process.stdout.write(`${lineOf(bug, verdict)}, ${((performance.now() - beganMs) / 1_000).toFixed(1)} s\n`);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  const caught = verdicts.filter(({ type }) => type === "caught").map(({ seeds }) => seeds);
  const median = caught.toSorted((a, b) => a - b)[Math.floor(caught.length / 2)] ?? 0;
  const summary = `${caught.length} of ${bugs.length} planted bugs caught, after a median of ${median} seeds`;
  process.stdout.write(`${summary} and ${Math.max(0, ...caught)} at most\n`);
  return caught.length === bugs.length ? 0 : EXIT_NOT_CAUGHT;
}

function lineOf(bug: PlantedBug, { type, seeds, violation, why }: Verdict): string {
  const name = bug.name.padEnd(34);
  if (type === "missed") return `${name} NOT CAUGHT in ${seeds} seeds`;
  const by = `at seed ${seeds} by ${violation?.rule}`;
  return type === "caught" ? `${name} caught ${by}` : `${name} NOT CAUGHT: ${by}, but ${why}`;
}

/** Text is what is to be said in place of a hunt. */
function optionsOf(args: readonly string[]): Options | string {
  const { only, seeds, workers, list, help } = parse(args);
  if (help === true) return HELP;
  const bugs = only === undefined ? EVERY_BUG : only.split(",").map(bugNamed);
  if (list === true) return bugs.map(({ name, what }) => `${name.padEnd(34)} ${what}\n`).join("");
  return { bugs, seedsMax: count("--seeds", seeds ?? "200"), workers: count("--workers", workers ?? "1") };
}

function count(name: string, text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InputError({ what: name, expected: "a whole number of 1 to 99999", was: text });
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { only: text, seeds: text, workers: text, list: flag, help: flag };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InputError({ what: "options", expected: `those of --help (${reason})`, was: args, cause });
  }
}

process.exitCode = await main(process.argv.slice(2));
