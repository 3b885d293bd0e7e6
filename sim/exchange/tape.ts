/**
 * Reads a tape (CONTRACTS 10): gzip JSON lines in time order, streamed, so that a long one needs no more memory than a
 * short one. Owns file, gzip, line ends and time order; what a line may hold is `tape-line.ts`'s, and playing it is not here.
 */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { InputError } from "../../core/errors.ts";
import type { WireEvent } from "../../core/sei/wire-event.ts";
import { parseTapeLine, type TapeLine } from "./tape-line.ts";
import { MarketTally, type TapeMarket } from "./tape-tally.ts";

/** One tape, in the order its files were written. */
export type TapeFiles = readonly [string, ...string[]];

export type TapeDescription = {
  readonly lines: number;
  readonly events: number;
  /** Of the first line, epoch milliseconds. */
  readonly startMs: number;
  /** From the first line to the last. */
  readonly durationMs: number;
  /** In the order the tape first names them. */
  readonly markets: readonly TapeMarket[];
};

/** A line of the real tape has 40 kB at most; longer than this is no tape and would fill the memory. */
const LINE_CHARACTERS_MAX = 8 * 1024 * 1024;
/** One task quotes a handful; a tape of more is not one of ours. */
const MARKETS_MAX = 100;

/**
 * Yields the lines of a tape in order, of several files first to last. Throws `InputError` naming file, line and fault: a missing or
 * torn file, a line that is not of the grammar, time going backwards, a tape without a line.
 */
export function readTape(...files: TapeFiles): AsyncGenerator<TapeLine, void, undefined> {
  return readTapeAs(files, parseTapeLine);
}

/** The same, where a line holds more than a tape's does. `parse` throws for a line that does not fit. */
export async function* readTapeAs<Line extends TapeLine>(
  files: TapeFiles,
  parse: (text: string, where: string) => Line,
): AsyncGenerator<Line, void, undefined> {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const file of files) {
    let number = 0;
    for await (const text of readLines(file)) {
      number += 1;
      const where = toWhere(file, number);
      const line = parse(text, where);
      if (line.atMs < lastMs) {
        throw new InputError({
          what: `${where}: atMs`,
          expected: `at least ${lastMs}, the line before`,
          was: line.atMs,
        });
      }
      lastMs = line.atMs;
      yield line;
    }
    if (number === 0) {
      throw new InputError({ what: `tape ${file}`, expected: "at least one line", was: "an empty tape" });
    }
  }
}

/** Reads the whole tape once. Throws the `InputError` of `readTape`, or of too many markets. */
export async function describeTape(...files: TapeFiles): Promise<TapeDescription> {
  const markets = new Map<string, MarketTally>();
  let lines = 0;
  let events = 0;
  let startMs = 0;
  let endMs = 0;
  for await (const line of readTape(...files)) {
    if (lines === 0) startMs = line.atMs;
    endMs = line.atMs;
    lines += 1;
    events += line.events.length;
    for (const event of line.events) tallyOf(markets, event, files[0]).add(event);
  }
  const described = [...markets].map(([symbol, tally]) => tally.describe(symbol));
  return { lines, events, startMs, durationMs: endMs - startMs, markets: described };
}

function tallyOf(markets: Map<string, MarketTally>, event: WireEvent, file: string): MarketTally {
  const symbol = event.attributes["market_id"] ?? "";
  const known = markets.get(symbol);
  if (known !== undefined) return known;
  if (markets.size >= MARKETS_MAX) {
    throw new InputError({ what: `tape ${file}`, expected: `of at most ${MARKETS_MAX} markets`, was: symbol });
  }
  const tally = new MarketTally();
  markets.set(symbol, tally);
  return tally;
}

async function* readLines(file: string): AsyncGenerator<string, void, undefined> {
  const raw = createReadStream(file);
  const gunzip = createGunzip();
  raw.once("error", (error) => gunzip.destroy(error));
  raw.pipe(gunzip);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  let rest = "";
  try {
    for await (const chunk of gunzip) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        number += 1;
        yield line;
      }
      if (rest.length > LINE_CHARACTERS_MAX) {
        throw new InputError({
          what: toWhere(file, number + 1),
          expected: `at most ${LINE_CHARACTERS_MAX} characters`,
          was: "more",
        });
      }
    }
    rest += decoder.decode();
    if (rest !== "") yield rest;
  } catch (error) {
    throw toInputError(error, toWhere(file, number + 1));
  } finally {
    raw.destroy();
    gunzip.destroy();
  }
}

function toInputError(error: unknown, where: string): unknown {
  if (error instanceof InputError || !(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  const isInput = code.startsWith("Z_") || code.startsWith("ERR_ENCODING") || ["ENOENT", "EISDIR"].includes(code);
  if (!isInput) return error;
  return new InputError({ what: where, expected: "whole gzip of UTF-8 JSON lines", was: error.message, cause: error });
}

function toWhere(file: string, line: number): string {
  return `tape ${file} line ${line}`;
}
