/**
 * Comes with every bundle (esbuild's `inject`): from its start on, each error's stack names files and lines of the sources, where its module
 * has a map beside it. Owns the reading of the maps, at the first error instead of at each start: Node's own `--enable-source-maps` reads
 * every map as soon as its module is loaded, which is up to a fifth of a function's start.
 */
import { readFileSync } from "node:fs";
import { SourceMap, type SourceOrigin } from "node:module";
import { fileURLToPath } from "node:url";

const PLACE = /(file:\/\/[^\s()]+\.m?js):(\d+):(\d+)/g;

const maps = new Map<string, SourceMap | undefined>();

// As V8 itself writes a stack: `Error: message`, and a line a call.
Error.prepareStackTrace = (error, calls) => {
  const lines = calls.map((call) => `\n    at ${call}`.replace(PLACE, sourcePlace));
  return `${Error.prototype.toString.call(error)}${lines.join("")}`;
};

function sourcePlace(place: string, module: string, line: string, column: string): string {
  if (!maps.has(module)) maps.set(module, readMap(module));
  const origin: Partial<SourceOrigin> = maps.get(module)?.findOrigin(Number(line), Number(column)) ?? {};
  return origin.fileName === undefined ? place : `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
}

/** Undefined where there is none: a stack is for people, and must not be lost for want of its map. */
function readMap(module: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(module)}.map`, "utf8")));
  } catch {
    return undefined;
  }
}
