import { configDefaults, defineConfig } from "vitest/config";

/**
 * Tests of what keeps nothing in its modules and changes nothing of the process: they share workers, which spares each file its start.
 * Handlers read the environment when they are loaded, so each of theirs needs a process of its own.
 */
const SHARING = [
  "test/core/**/*.test.ts",
  "test/lambdas/**/!(handler).test.ts",
  "test/sim/{cambrian-api,compare,exchange,sei-node}/**/*.test.ts",
];

/** Tests run in forks, since some of them start real servers and the tasks of the local run. */
export default defineConfig({
  test: {
    pool: "forks",
    // The local runs wait more than they work: a third worker uses that time of two cores.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      { extends: true, test: { name: "sharing", include: SHARING, isolate: false } },
      {
        extends: true,
        test: { name: "alone", include: ["test/**/*.test.ts"], exclude: [...configDefaults.exclude, ...SHARING] },
      },
    ],
  },
});
