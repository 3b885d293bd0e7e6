/**
 * Writes recorded lines into gzip files of one folder, off the hot path, and begins a new file when one has lasted long enough.
 * Owns the files and the bound on what waits; a disk that cannot keep up costs the recording, never the quoting.
 */
import { createWriteStream, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createGzip, type Gzip } from "node:zlib";
import type { Market } from "../../core/market.ts";
import { withDeadline } from "../deadline.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../seams.ts";
import { type JournalLine, toLineText } from "./journal.ts";
import type { LineSink } from "./recorder.ts";

/** So much of a recording a killed process loses at most: what was written is flushed to the file each time. */
const WRITE_INTERVAL_MS = 1_000;

/** Lines turned into text in one go: a few milliseconds; and the pause before the next go. */
const LINES_A_GO_MAX = 50;
const NEXT_GO_MS = 20;

/** Lines that wait at most: over ten minutes of a market with ten books a second. */
const WAITING_MAX = 8_192;

export type TapeWriterOptions = {
  readonly folder: string;
  /** By symbol. */
  readonly markets: ReadonlyMap<string, Market>;
  readonly rotateMs: number;
  /** Files of the folder that are kept, the one being written among them; at least 1. */
  readonly filesMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

type OpenFile = { readonly gzip: Gzip; readonly openedMs: number };

export class TapeWriter implements LineSink {
  readonly #options: TapeWriterOptions;
  /** Says of each start which one it was, so that names sort in the order of writing. */
  readonly #start: string;
  #waiting: JournalLine[] = [];
  #file: OpenFile | undefined;
  /** Settled once every file that was opened is closed. */
  #closed: Promise<unknown> = Promise.resolve();
  #part = 0;
  #lost = 0;
  #isBlocked = false;
  #failure: unknown;
  #cancel: () => void = () => undefined;

  /** Makes the folder. Throws when it can not be made. */
  constructor(options: TapeWriterOptions) {
    this.#options = options;
    mkdirSync(options.folder, { recursive: true });
    this.#start = new Date(options.clock.now().epochMs).toISOString().replaceAll(/[-:]/g, "").slice(0, 15);
    this.#later();
  }

  /** Steps that found no room since the start. */
  get lost(): number {
    return this.#lost;
  }

  write(line: JournalLine): void {
    if (this.#failure !== undefined) return;
    if (this.#waiting.length >= WAITING_MAX) {
      this.#drop();
      return;
    }
    this.#waiting.push(line);
  }

  /** Writes what waits and ends the file, within `withinMs`; what does not fit into that time is lost. */
  async close(withinMs: number): Promise<void> {
    this.#cancel();
    while (this.#waiting.length > 0 && this.#failure === undefined) this.#writeSome();
    this.#file?.gzip.end();
    try {
      await withDeadline(this.#options.clock, withinMs, "close the recording", () => this.#closed);
    } catch (error) {
      this.#options.log.warn("the recording could not be ended in time", { error });
    }
  }

  /** A busy market's lines are written in several goes, so that none holds the loop up for long. */
  #later(): void {
    const delayMs = this.#waiting.length > 0 && !this.#isBlocked ? NEXT_GO_MS : WRITE_INTERVAL_MS;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      if (!this.#isBlocked) this.#writeSome();
      if (this.#failure === undefined) this.#later();
    });
  }

  #drop(): void {
    const { log } = this.#options;
    const steps = this.#waiting.reduce((sum, line) => sum + line.steps.length, 0);
    if (this.#lost === 0) log.error("the disk does not keep up, the recording has a gap", { steps });
    this.#lost += steps;
    const atMs = this.#waiting.at(-1)?.atMs ?? 0;
    this.#waiting = [{ atMs, steps: [{ type: "gap", steps }] }];
  }

  /** What can not be written, for whatever reason, costs the recording alone. */
  #writeSome(): void {
    try {
      this.#writeLines();
    } catch (error) {
      this.#fail(error, this.#options.folder);
    }
  }

  #writeLines(): void {
    const lines = this.#waiting.splice(0, LINES_A_GO_MAX);
    const gzip = lines.length > 0 ? this.#openFile() : undefined;
    if (gzip === undefined) return;
    const isBlocked = !gzip.write(lines.map((line) => `${toLineText(line, this.#options.markets)}\n`).join(""));
    gzip.flush();
    if (!isBlocked || this.#isBlocked) return;
    this.#isBlocked = true;
    gzip.once("drain", () => {
      this.#isBlocked = false;
    });
  }

  /** The file to write to, a new one when it is time; undefined when none can be opened. */
  #openFile(): Gzip | undefined {
    const { clock, folder, rotateMs } = this.#options;
    const { monotonicMs } = clock.now();
    if (this.#file !== undefined && monotonicMs - this.#file.openedMs < rotateMs) return this.#file.gzip;
    this.#file?.gzip.end();
    this.#part += 1;
    const path = join(folder, `${this.#start}-${String(this.#part).padStart(4, "0")}.jsonl.gz`);
    try {
      this.#removeOldest();
      const gzip = createGzip();
      const output = createWriteStream(path, { fd: openSync(path, "w") });
      const { promise, resolve } = Promise.withResolvers<void>();
      output.once("close", resolve);
      gzip.once("error", (error) => this.#fail(error, path));
      output.once("error", (error) => this.#fail(error, path));
      gzip.pipe(output);
      this.#closed = Promise.all([this.#closed, promise]);
      this.#file = { gzip, openedMs: monotonicMs };
      return gzip;
    } catch (error) {
      this.#fail(error, path);
      return undefined;
    }
  }

  /** Room for the file that is about to be opened. */
  #removeOldest(): void {
    const { folder, filesMax, log } = this.#options;
    const names = readdirSync(folder).filter((name) => /^\d{8}T\d{6}-\d{4}\.jsonl\.gz$/.test(name));
    for (const name of names.sort().slice(0, Math.max(0, names.length - filesMax + 1))) {
      rmSync(join(folder, name), { force: true });
      log.info("an old recording was removed", { name });
    }
  }

  /** A recording is worth less than quoting: it ends, and the task goes on. */
  #fail(error: unknown, path: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#waiting = [];
    this.#options.log.error("recording has ended, its file could not be written", { path, error });
  }
}
