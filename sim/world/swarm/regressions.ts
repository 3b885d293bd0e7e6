/**
 * Failures of the past, each with the plan that showed it, shrunk: they are run for ever. Owns the folder `sim/regressions` and the form of
 * its files: what it was, the fix, and the whole plan, so that a change of the drawing does not change them.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as z from "zod";
import type { Plan } from "./plan.ts";

const FOLDER = new URL("../../regressions/", import.meta.url);

const settings = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

const file = z.strictObject({
  /** What went wrong and what was done about it, in a sentence. */
  about: z.string().min(20),
  was: z.object({ rule: z.string(), atMs: z.number(), what: z.string() }),
  plan: z.strictObject({
    seed: z.int(),
    shape: z.custom<Plan["shape"]>((value) => typeof value === "object" && value !== null && "blockMs" in value),
    rounds: z.array(z.strictObject({ calmMs: z.number(), faultsMs: z.number() })).min(1),
    episodes: z.array(
      z.strictObject({
        round: z.int(),
        atMs: z.number(),
        lastsMs: z.number(),
        kind: z.string(),
        parameters: settings,
      }),
    ),
  }),
});

export type Regression = z.infer<typeof file> & { readonly name: string };

/** All of them, by name. */
export function readRegressions(): readonly Regression[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  return names
    .toSorted()
    .map((name) => ({ name, ...file.parse(JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"))) }));
}
