/** One step of the deployment's test: what holds when it has ended. It throws when it does not, and may say a figure. */
import type { Aws } from "./aws.ts";
import type { MiniStack } from "./ministack.ts";

export type Place = {
  readonly ministack: MiniStack;
  readonly aws: Aws;
  /** Of this run, for whatever is written. */
  readonly folder: string;
};

export type Step = readonly [what: string, act: (place: Place) => Promise<string | undefined>];

/** Waits until it is so, looking five times a second; answers after how many milliseconds. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<number> {
  const startedMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedMs > withinMs) throw new Error(`waited ${withinMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return Math.round(performance.now() - startedMs);
}
