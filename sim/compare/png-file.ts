/** Draws a chart into a file. Owns the file; the drawing is `lambdas/chart-png.ts`'s, which takes most of a second to load. */
import { writeFileSync } from "node:fs";
import type { EChartsCoreOption } from "echarts/core";
import { InputError } from "../../core/errors.ts";
import { type ChartSize, chartPng } from "../../lambdas/chart-png.ts";

/** Throws `InputError` where the file can not be written. */
export async function drawPng(
  file: string,
  { option, size }: { readonly option: EChartsCoreOption; readonly size: ChartSize },
): Promise<void> {
  const bytes = await chartPng(option, size);
  try {
    writeFileSync(file, bytes);
  } catch (cause) {
    const was = cause instanceof Error ? cause.message : String(cause);
    throw new InputError({ what: `--png ${file}`, expected: "a file that can be written", was, cause });
  }
}
