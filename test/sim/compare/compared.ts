/** Short runs for the tests: every strategy, the local configuration, a few minutes of market. */
import { fileURLToPath } from "node:url";
import type { Job } from "../../../sim/compare/job.ts";
import type { RegimeName } from "../../../sim/compare/regimes.ts";

export const CONFIG = fileURLToPath(new URL("../../../config/local.json", import.meta.url));

export function makeJob(strategy: string, changes: Partial<Job> & { regime?: RegimeName; seed?: number } = {}): Job {
  const { regime = "volatile", seed = 1, ...rest } = changes;
  return {
    strategy,
    market: { type: "simulated", regime, seed },
    config: CONFIG,
    hours: 0.06,
    roundTripMs: 5,
    ...rest,
  };
}
