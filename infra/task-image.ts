/**
 * The folder that the task's image is built of: the task bundled, its page, the plotting library's files that the page loads, and the
 * stage's configuration. Owns what goes into the image; the rest is `fargate/Dockerfile`'s.
 */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync, type Metafile } from "esbuild";
import { STACK_TRACES } from "./bundled/path.ts";
import type { ShardSettings } from "./stages.ts";

const PROJECT_ROOT = join(import.meta.dirname, "..");

/** CommonJS packages inside an ES module bundle still call `require`; the name is none of the bundle's. */
const REQUIRE_BANNER = "import{createRequire as toRequire}from'node:module';const require=toRequire(import.meta.url);";

/** What the page loads of its one package; `fargate/status/assets.ts` finds them where the package is installed. */
const PLOTTING_FILES = ["package.json", "dist/uPlot.esm.js", "dist/uPlot.min.css"];

/**
 * Writes the context of `docker build` into `folder`, which is emptied first. Answers what the bundle was made of, by its sources
 * relative to the repository.
 */
export function writeTaskImage(folder: string, shards: readonly ShardSettings[]): Metafile {
  const app = join(folder, "app");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  const metafile = bundleTask(app);
  const copy = (from: string, to: string) => cpSync(join(PROJECT_ROOT, from), join(folder, to), { recursive: true });
  copy("fargate/Dockerfile", "Dockerfile");
  copy("fargate/.dockerignore", ".dockerignore");
  copy("fargate/status/page", "app/page");
  for (const file of PLOTTING_FILES) copy(`node_modules/uplot/${file}`, `app/node_modules/uplot/${file}`);
  for (const { file } of shards) copy(`config/${file}`, `app/config/${file}`);
  return metafile;
}

/**
 * As it is, not minified: what is measured on the sources holds, and a stack trace can be read. `main.ts` sets the heap before it
 * loads the rest, so its import stays an import of its own (`splitting`). The thread of the calls to AWS is a file of its own, which
 * `fargate/aws-thread.ts` finds beside itself.
 */
function bundleTask(outdir: string): Metafile {
  return buildSync({
    absWorkingDir: PROJECT_ROOT,
    entryPoints: { main: "fargate/main.ts", "aws-worker": "fargate/aws-worker.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE_BANNER },
    inject: [STACK_TRACES],
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
    metafile: true,
  }).metafile;
}
