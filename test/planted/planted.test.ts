import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EVERY_BUG } from "./bugs/every-bug.ts";
import { assertPlantable, type PlantedBug, plantInto, RottedPatchError, urlOf } from "./planted-bug.ts";

const PRELOAD = new URL("./plant.ts", import.meta.url).href;
const BUDGET = new URL("../../core/execution/request-budget.ts", import.meta.url).href;
/** Asks a fresh budget for eleven cancels within a second, and says how many it granted. */
const ASK = `
  const { RequestBudget } = await import(${JSON.stringify(BUDGET)});
  const budget = new RequestBudget();
  const at = (monotonicMs) => ({ monotonicMs, epochMs: 0 });
  const granted = Array.from({ length: 11 }, (_, i) => budget.take("cancel", at(100_000 + i * 90)));
  process.stdout.write(String(granted.filter((id) => id !== undefined).length));
`;

function granted(bug: string | undefined): string {
  const hooks = bug === undefined ? [] : ["--import", PRELOAD];
  const env = { ...process.env, ...(bug === undefined ? {} : { FLASHMM_PLANTED_BUG: bug }) };
  const { stdout } = spawnSync(process.execPath, [...hooks, "--input-type=module", "--eval", ASK], {
    env,
    encoding: "utf8",
  });
  return stdout;
}

test("there are as many planted bugs as the page on reliability says, each with a name of its own", () => {
  expect(new Set(EVERY_BUG.map(({ name }) => name)).size).toBe(EVERY_BUG.length);
  const page = readFileSync(new URL("../../docs/reliability.md", import.meta.url), "utf8");
  const said = [...page.matchAll(/`npm run test:planted` plants (\d+) bugs/g)].map(([, count]) => Number(count));
  expect(said).toEqual([EVERY_BUG.length]);
});

test.each(EVERY_BUG)("the text of $name stands where it is planted, once, and is changed", (bug) => {
  expect(() => assertPlantable(bug)).not.toThrow();
  for (const { find, replace } of bug.edits) expect(replace).not.toBe(find);
});

test("a text that is gone, or there twice, is a rotted patch", () => {
  const file = "core/order.ts";
  const bug: PlantedBug = {
    name: "rotten",
    what: "",
    edits: [{ file, find: "a = 1", replace: "a = 2" }],
    rules: ["end"],
    minutes: 1,
  };
  const url = urlOf(bug.edits[0]);
  expect(plantInto(bug, url, "const a = 1;")).toBe("const a = 2;");
  expect(() => plantInto(bug, url, "const b = 1;")).toThrow(RottedPatchError);
  expect(() => plantInto(bug, url, "let a = 1; a = 1;")).toThrow(RottedPatchError);
  expect(plantInto(bug, `${url}.other`, "const b = 1;")).toBe("const b = 1;");
});

test("a program that is started with the hooks has the bug, and any other has not", () => {
  expect(granted(undefined)).toBe("10");
  expect(granted("token-bucket")).toBe("11");
});
