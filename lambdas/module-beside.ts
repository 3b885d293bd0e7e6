/** Where a module is that is loaded late. Owns the difference between a bundle and its sources. */
import { existsSync } from "node:fs";

/** The address of a module beside the one at `here` (its `import.meta.url`): its own bundle where there is one, else its source. */
export function moduleBeside(here: string, name: string): string {
  const bundle = new URL(`./${name}.mjs`, here);
  return existsSync(bundle) ? bundle.href : new URL(`./${name}.ts`, here).href;
}
