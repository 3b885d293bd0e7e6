import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** A function whose fault is on line 6 of `faulty.ts`. */
const SOURCE = `import { nameSourcesInStacks } from "${ROOT}/lambdas/stack-traces.ts";
nameSourcesInStacks();
type Fill = { readonly price: string };
function readPrice(fill: Fill | undefined): string {
  // A comment, which the bundle has not.
  if (fill === undefined) throw new TypeError("a fill must be there, was absent");
  return fill.price;
}
try {
  readPrice(undefined);
} catch (error) {
  process.stdout.write((error as Error).stack ?? "");
}
`;

describe("the stack of an error in a bundle", () => {
  let folder: string;
  let bundle: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "flashmm-stack-"));
    writeFileSync(join(folder, "faulty.ts"), SOURCE);
    bundle = join(folder, "index.mjs");
    const flags = { bundle: true, minify: true, sourcemap: true, sourcesContent: false } as const;
    buildSync({ entryPoints: [join(folder, "faulty.ts")], outfile: bundle, format: "esm", platform: "node", ...flags });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function stackOf(): readonly string[] {
    return spawnSync(process.execPath, [bundle], { encoding: "utf8" }).stdout.split("\n");
  }

  it("names the file and the line of the source", () => {
    const [message, fault, caller] = stackOf();
    expect(message).toBe("TypeError: a fill must be there, was absent");
    expect(fault).toMatch(/faulty\.ts:6:\d+\)$/);
    expect(caller).toMatch(/faulty\.ts:10:\d+$/);
  });

  it.each([
    ["broken", (map: string) => writeFileSync(map, "{")],
    ["gone", (map: string) => rmSync(map, { force: true })],
  ])("is V8's own where the map is %s", (_how, spoil) => {
    spoil(`${bundle}.map`);
    const [message, fault] = stackOf();
    expect(message).toBe("TypeError: a fill must be there, was absent");
    expect(fault).toMatch(/index\.mjs:\d+:\d+\)$/);
  });
});
