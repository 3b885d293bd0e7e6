/**
 * Drives the engine over a tape's market as `npm run compare` does, and says and draws how it went. Owns what is put together; the
 * market, the venue and the measures are the comparison's.
 */
import { writeFileSync } from "node:fs";
import { readSettings, runJob } from "../compare/job.ts";
import { assertWritable } from "../compare/output-file.ts";
import { OURS } from "../compare/strategies.ts";
import { describeTape, type TapeFiles } from "../exchange/tape.ts";
import type { SimulateOptions } from "./options.ts";
import { qualityText } from "./quality-report.ts";
import { RUN_CHART_SIZE, runChart } from "./run-chart.ts";
import { RunHistory } from "./run-history.ts";

/** Longer than any tape: it is played to its end. */
const HOURS = 24 * 366;

/** Writes the picture, then tells the text. Throws `InputError` for what can not be read, played or written. */
export async function simulate(
  files: TapeFiles,
  options: SimulateOptions,
  tell: (text: string) => void,
): Promise<void> {
  const { symbol, config, roundTripMs, png } = options;
  const where = { type: "tape", files, ...(symbol === undefined ? {} : { symbol }) } as const;
  const { market } = await readSettings(config, where);
  assertWritable(png, "--png");
  const { startMs } = await describeTape(...files);
  const history = new RunHistory();
  const startedMs = performance.now();
  const job = { strategy: OURS, market: where, config, hours: HOURS, roundTripMs };
  const { figures, notes } = await runJob(job, (sample) => history.take(sample));
  const tookSeconds = (performance.now() - startedMs) / 1_000;
  const run = { market: market.market, startMs, roundTripMs, figures };
  // The charts take most of a second to load, which a repetition, or a slip in the arguments, need not wait for.
  const { chartPng } = await import("../../lambdas/chart-png.ts");
  writeFileSync(png, await chartPng(runChart({ ...run, samples: history.samples }), RUN_CHART_SIZE));
  tell(qualityText({ ...run, notes, tookSeconds, png }));
}
