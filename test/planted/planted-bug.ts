/**
 * A planted bug: named edits of source text, made while the modules load and nowhere else, so that nothing of it is in the product. Owns
 * the words and the making of the edits; a text that is not there exactly once means that the patch has rotted.
 */
import { readFileSync } from "node:fs";
import type { FaultParameters } from "../../sim/world/faults/kind.ts";
import type { SeedResult } from "../../sim/world/swarm/run-seed.ts";
import type { Shape } from "../../sim/world/swarm/shape.ts";

const ROOT = new URL("../../", import.meta.url);

type Rule = NonNullable<SeedResult["violation"]>["rule"];

export type Edit = {
  /** From the repository's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
};

export type PlantedBug = {
  readonly name: string;
  /** What somebody did, in a sentence. */
  readonly what: string;
  readonly edits: readonly [Edit, ...Edit[]];
  /** Those that may catch it: `bug` and `unhandled` among them only where the product's own assertions should. */
  readonly rules: readonly [Rule, ...Rule[]];
  /** Kinds of faults that suit it, prefixes with commas between; every kind of the swarm unless told. */
  readonly only?: string;
  /** Simulated minutes of a seed. */
  readonly minutes: number;
  /** Faults come so many times as often as in the swarm's own runs; six times unless told. */
  readonly haste?: number;
  /** On top of the busy market that all bugs are hunted in. */
  readonly shape?: Partial<Shape>;
  /** In place of what is drawn for the episodes of the kinds that have such a parameter. */
  readonly parameters?: FaultParameters;
};

export class RottedPatchError extends Error {
  readonly code = "PATCH_ROTTED";

  constructor(bug: string, { file, find }: Edit, count: number) {
    const [line = ""] = find.split("\n").filter((each) => each.trim() !== "");
    super(`planted bug ${bug}: ${file} must hold its text exactly once, was ${count} times: ${line.trim()}`);
    this.name = "RottedPatchError";
  }
}

/** The URLs of the modules that a bug changes. */
export function urlOf({ file }: Edit): string {
  return new URL(file, ROOT).href;
}

/** The text of the module at `url` with the bug in it; throws `RottedPatchError`. */
export function plantInto(bug: PlantedBug, url: string, source: string): string {
  let text = source;
  for (const edit of bug.edits) {
    if (urlOf(edit) !== url) continue;
    const count = text.split(edit.find).length - 1;
    if (count !== 1) throw new RottedPatchError(bug.name, edit, count);
    text = text.replace(edit.find, () => edit.replace);
  }
  return text;
}

/** Makes every edit on the files as they stand, and throws what is made away; throws `RottedPatchError`. */
export function assertPlantable(bug: PlantedBug): void {
  for (const url of new Set(bug.edits.map(urlOf))) plantInto(bug, url, readFileSync(new URL(url), "utf8"));
}
