/**
 * Each chart is the picture that stands in `docs/reports/` and was looked at, to the byte: the renderer is WebAssembly, and the same on every
 * machine. `UPDATE_REPORTS=1` draws them anew, to be looked at again.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { chartPng } from "../../../lambdas/chart-png.ts";
import { REPORT_SIZE, reportChart } from "../../../lambdas/hourly-report/report-chart.ts";
import { CASES } from "./report-cases.ts";

const folder = resolve(import.meta.dirname, "../../../docs/reports");
const isUpdate = process.env["UPDATE_REPORTS"] === "1";

it.each(Object.entries(CASES))("the chart of %s is the one that was looked at", async (name, figures) => {
  const png = await chartPng(reportChart(figures), REPORT_SIZE);
  const path = join(folder, `${name}.png`);
  if (isUpdate) writeFileSync(path, png);
  expect(Buffer.from(png).equals(readFileSync(path))).toBe(true);
});

it("text is really drawn: there are dark pixels where the title stands, and none where nothing does", async () => {
  const png = Buffer.from(await chartPng(reportChart(CASES["one-market"]), REPORT_SIZE));
  const darkIn = darkPixels(png);
  const title = { left: 30, top: 22, right: 548, bottom: 60 };
  expect(darkIn(title)).toBeGreaterThan(2_000);
  expect(darkIn({ ...title, left: 560, right: 880 })).toBe(0);
  // The figure of each panel, and the count beside the donut.
  for (const left of [470, 1_050])
    expect(darkIn({ left, top: 90, right: left + 110, bottom: 125 })).toBeGreaterThan(300);
  expect(darkIn({ left: 380, top: 545, right: 430, bottom: 572 })).toBeGreaterThan(50);
});

type Area = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** Counts nearly black pixels of a PNG of eight bits a channel with alpha, whatever its filters. */
function darkPixels(png: Buffer): (area: Area) => number {
  const { width, height } = REPORT_SIZE;
  const bytesPerPixel = 4;
  const stride = width * bytesPerPixel;
  const raw = inflateSync(Buffer.concat(chunksOf(png, "IDAT")));
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = raw[row * (stride + 1)] ?? 0;
    for (let at = 0; at < stride; at++) {
      const here = raw[row * (stride + 1) + 1 + at] ?? 0;
      const left = at < bytesPerPixel ? 0 : (pixels[row * stride + at - bytesPerPixel] ?? 0);
      const above = row === 0 ? 0 : (pixels[(row - 1) * stride + at] ?? 0);
      const corner = row === 0 || at < bytesPerPixel ? 0 : (pixels[(row - 1) * stride + at - bytesPerPixel] ?? 0);
      pixels[row * stride + at] = here + predict(filter, left, above, corner);
    }
  }
  return ({ left, top, right, bottom }) => {
    let dark = 0;
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const at = y * stride + x * bytesPerPixel;
        if ([0, 1, 2].every((channel) => (pixels[at + channel] ?? 255) < 80)) dark++;
      }
    }
    return dark;
  };
}

/** PNG specification, 9.2. */
function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  if (filter === 0) return 0;
  const estimate = left + above - corner;
  const [toLeft, toAbove, toCorner] = [estimate - left, estimate - above, estimate - corner];
  if (Math.abs(toLeft) <= Math.abs(toAbove) && Math.abs(toLeft) <= Math.abs(toCorner)) return left;
  return Math.abs(toAbove) <= Math.abs(toCorner) ? above : corner;
}

function chunksOf(png: Buffer, type: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === type) found.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return found;
}
