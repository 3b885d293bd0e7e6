import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Tests that need a process of their own: handlers read the environment when they are loaded, and the local cloud and its runs start
 * servers and processes. All others keep nothing in their modules and share workers, which spares each file its start.
 */
const ALONE = ["test/lambdas/**/handler.test.ts", "test/sim/local/**/*.test.ts"];

/** Whole runs of the local market, in real time: most of theirs is waiting, so they begin first and the others fill it. */
const WHOLE_RUNS = /\/test\/sim\/local\/run/;

class WholeRunsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isWholeRun = (file: TestSpecification) => WHOLE_RUNS.test(file.moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isWholeRun), ...sorted.filter((file) => !isWholeRun(file))];
  }
}

/** Tests run in forks, since some of them start real servers and the tasks of the local run. */
export default defineConfig({
  test: {
    pool: "forks",
    // The local runs wait more than they work: two more workers use that time of two cores.
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    sequence: { sequencer: WholeRunsFirst },
    projects: [
      {
        extends: true,
        test: {
          name: "sharing",
          include: ["test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...ALONE],
          isolate: false,
        },
      },
      { extends: true, test: { name: "alone", include: ALONE } },
    ],
  },
});
