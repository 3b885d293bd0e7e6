/**
 * Charts as PNG: ECharts draws SVG without a browser, resvg makes pixels of it in WebAssembly, so that the same bytes come out on x64 and
 * arm64 and nothing native is installed. Owns the font and the two steps; what is drawn is the caller's.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";
import { BarChart, LineChart, PieChart } from "echarts/charts";
import {
  GraphicComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

/** The one font that is drawn. resvg draws no text at all, and says nothing, where a font is missing. */
export const CHART_FONT = "Inter";

export type ChartSize = { readonly width: number; readonly height: number };

use([
  BarChart,
  LineChart,
  PieChart,
  GraphicComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  LabelLayout,
  SVGRenderer,
]);

const WASM = "@resvg/resvg-wasm/index_bg.wasm";
const FONTS = ["400", "700"].map((weight) => `@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);

/** The files a bundle must lie beside: packages' paths, copied under their base names. */
export const CHART_FILES: readonly string[] = [WASM, ...FONTS];

/** The renderer is loaded once in a process: a second `initWasm` throws. */
let fonts: Promise<readonly Uint8Array[]> | undefined;

/**
 * Draws the chart. The text must be of the Latin alphabet: other letters and emoji come out as boxes.
 * @throws Error when the option is not one ECharts can draw.
 */
export async function chartPng(option: EChartsCoreOption, size: ChartSize): Promise<Uint8Array> {
  fonts ??= loadRenderer();
  const fontBuffers = [...(await fonts)];
  const resvg = new Resvg(chartSvg(option, size), {
    font: { fontBuffers, loadSystemFonts: false, defaultFontFamily: CHART_FONT },
  });
  const image = resvg.render();
  try {
    return image.asPng();
  } finally {
    image.free();
    resvg.free();
  }
}

function chartSvg(option: EChartsCoreOption, size: ChartSize): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: CHART_FONT }, ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

async function loadRenderer(): Promise<readonly Uint8Array[]> {
  await initWasm(readAsset(WASM));
  return FONTS.map(readAsset);
}

/** Beside the bundle where there is one, else in its package. */
function readAsset(path: string): Buffer {
  const beside = new URL(`./${path.slice(path.lastIndexOf("/") + 1)}`, import.meta.url);
  return readFileSync(existsSync(beside) ? beside : createRequire(import.meta.url).resolve(path));
}
