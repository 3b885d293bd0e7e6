import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STACK_TRACES } from "../../infra/bundled/path.ts";

/** A fault on line 4 of `faulty.ts`. */
const SOURCE = `type Fill = { readonly price: string };
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
    buildSync({
      entryPoints: [join(folder, "faulty.ts")],
      outfile: bundle,
      bundle: true,
      inject: [STACK_TRACES],
      minify: true,
      sourcemap: true,
      sourcesContent: false,
      format: "esm",
      platform: "node",
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function stackOf(): readonly string[] {
    return spawnSync(process.execPath, [bundle], { encoding: "utf8" }).stdout.split("\n");
  }

  it("names the file and the line of the source", () => {
    const [message, fault, caller] = stackOf();
    expect(message).toBe("TypeError: a fill must be there, was absent");
    expect(fault).toMatch(/faulty\.ts:4:\d+\)$/);
    expect(caller).toMatch(/faulty\.ts:8:\d+$/);
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
