/** The files of the status page, read once into memory: no request ever names a path of the disk. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export type Asset = { readonly contentType: string; readonly body: Buffer };

const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const SVG = "image/svg+xml";

/** Our own files, by address. */
const PAGE: Readonly<Record<string, readonly [file: string, contentType: string]>> = {
  "/": ["index.html", HTML],
  "/page.css": ["page.css", CSS],
  "/cards.css": ["cards.css", CSS],
  "/console.css": ["console.css", CSS],
  "/head.css": ["head.css", CSS],
  "/page.js": ["page.js", SCRIPT],
  "/alarms.js": ["alarms.js", SCRIPT],
  "/ask.js": ["ask.js", SCRIPT],
  "/asked.js": ["asked.js", SCRIPT],
  "/audit.js": ["audit.js", SCRIPT],
  "/breakers.js": ["breakers.js", SCRIPT],
  "/elements.js": ["elements.js", SCRIPT],
  "/figures.js": ["figures.js", SCRIPT],
  "/format.js": ["format.js", SCRIPT],
  "/integrations.js": ["integrations.js", SCRIPT],
  "/ladder.js": ["ladder.js", SCRIPT],
  "/markouts.js": ["markouts.js", SCRIPT],
  "/operate.js": ["operate.js", SCRIPT],
  "/plots.js": ["plots.js", SCRIPT],
  "/reports.js": ["reports.js", SCRIPT],
  "/why.js": ["why.js", SCRIPT],
  "/tables.js": ["tables.js", SCRIPT],
  "/favicon.svg": ["favicon.svg", SVG],
};

const require = createRequire(import.meta.url);

/** The plotting library's files, by address; found where the package is installed. */
const UPLOT: Readonly<Record<string, readonly [file: string, contentType: string]>> = {
  "/uplot.js": [require.resolve("uplot/dist/uPlot.esm.js"), SCRIPT],
  "/uplot.css": [require.resolve("uplot/dist/uPlot.min.css"), CSS],
};

/** All files by address. Rejects when one is missing: a task whose page is incomplete was not installed whole. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const loads = [
    ...Object.entries(PAGE).map(([address, [file, contentType]]) =>
      load(address, fileURLToPath(new URL(`./page/${file}`, import.meta.url)), contentType),
    ),
    ...Object.entries(UPLOT).map(([address, [file, contentType]]) => load(address, file, contentType)),
  ];
  return new Map(await Promise.all(loads));
}

async function load(address: string, file: string, contentType: string): Promise<readonly [string, Asset]> {
  return [address, { contentType, body: await readFile(file) }];
}
