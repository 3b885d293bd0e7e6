import { defineConfig } from "vitest/config";

/** Tests run in forks, since some of them start real servers and the tasks of the local run. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
