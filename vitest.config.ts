import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Handlers read the environment when they are loaded: each of these files has a process, and modules that it may load again. */
const HANDLERS = "handlers";
const HANDLER_FILES = ["test/lambdas/**/handler.test.ts"];

/** Whole runs of the local market, in real time, and then whatever else waits more than it works: all others fill that time. */
const WAITING = [/\/test\/sim\/local\/run/, /\/test\/sim\/local\/|\/(console|page|dynamodb-local)\.test\.ts/];

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}

/** Those that take a process each come last: one that is shared ends when the next file must have its own. */
function rank({ moduleId, project }: TestSpecification): number {
  if (project.name === HANDLERS) return WAITING.length + 1;
  const waiting = WAITING.findIndex((kind) => kind.test(moduleId));
  return waiting === -1 ? WAITING.length : waiting;
}

/** Tests run in forks, since some of them start real servers and the tasks of the local run. */
export default defineConfig({
  test: {
    pool: "forks",
    // The local runs wait more than they work: two more workers use that time of two cores.
    maxWorkers: 4,
    // What hangs is found out too; on a machine that does much else besides, what does not must not be cut off.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        extends: true,
        test: {
          // Nothing is kept in modules, so files share workers, which spares each its start.
          name: "sharing",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...HANDLER_FILES],
          isolate: false,
          // Node runs the sources as they are, in AWS too: without the runner's rewriting they start sooner and run faster.
          experimental: { viteModuleRunner: false, nodeLoader: false },
        },
      },
      { extends: true, test: { name: HANDLERS, include: HANDLER_FILES } },
    ],
  },
});
