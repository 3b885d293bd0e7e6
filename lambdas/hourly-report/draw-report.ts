/**
 * A report's chart as PNG. A module that is bundled by itself (`infra/constructs/hourly-report.ts`): the libraries that draw are three quarters
 * of the function's code, and a start does not load them.
 */
import { chartPng } from "../chart-png.ts";
import { REPORT_SIZE, reportChart } from "./report-chart.ts";
import type { ReportFigures } from "./report-figures.ts";

export async function drawReport(figures: ReportFigures): Promise<Uint8Array> {
  return await chartPng(reportChart(figures), REPORT_SIZE);
}
