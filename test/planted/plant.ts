/**
 * Loaded in front of a program (`node --import`): plants the bug that the environment names into its modules as they load. Owns the
 * hooks; processes that the program forks are started the same way, so that they have it too.
 */
import { registerHooks } from "node:module";
import { bugNamed } from "./bugs/every-bug.ts";
import { plantInto, urlOf } from "./planted-bug.ts";

const bug = bugNamed(process.env["FLASHMM_PLANTED_BUG"] ?? "");
const urls = new Set(bug.edits.map(urlOf));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!urls.has(url)) return loaded;
    const { source } = loaded;
    const text = typeof source === "string" ? source : new TextDecoder().decode(source ?? undefined);
    return { ...loaded, source: plantInto(bug, url, text) };
  },
});
