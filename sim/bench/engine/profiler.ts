/** The sampling profiler of V8, in this process. Owns its session; what a profile says is read elsewhere. */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

/** Microseconds: a tick is about as long, so that thousands of ticks give as many samples. */
const SAMPLE_MICROS = 40;

export class Profiler {
  readonly #session = new Session();
  #path: string | undefined;

  async start(path: string): Promise<void> {
    this.#path = path;
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", { interval: SAMPLE_MICROS });
    await this.#session.post("Profiler.start");
  }

  async end(): Promise<void> {
    if (this.#path === undefined) return;
    const { profile } = await this.#session.post("Profiler.stop");
    writeFileSync(this.#path, JSON.stringify(profile));
    this.#session.disconnect();
    this.#path = undefined;
  }
}
