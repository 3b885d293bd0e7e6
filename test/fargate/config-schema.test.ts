import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeConfigJsonSchema } from "../../fargate/config-schema.ts";

describe("the schema of the configuration", () => {
  it("config/schema.json is what the grammar says (after a change: node config/write-schema.ts)", () => {
    expect(JSON.parse(readFileSync("config/schema.json", "utf8"))).toEqual(makeConfigJsonSchema());
  });

  it("every field of the schema says what it is for", () => {
    const silent: string[] = [];
    const visit = (node: unknown, path: string) => {
      if (typeof node !== "object" || node === null) return;
      const properties: unknown = Reflect.get(node, "properties") ?? {};
      for (const [name, field] of Object.entries(Object(properties))) {
        if (typeof Reflect.get(Object(field), "description") !== "string") silent.push(`${path}.${name}`);
        visit(field, `${path}.${name}`);
      }
      visit(Reflect.get(node, "items"), `${path}[]`);
      for (const choice of [Reflect.get(node, "oneOf") ?? []].flat()) visit(choice, path);
    };
    visit(makeConfigJsonSchema(), "");
    expect(silent).toEqual([]);
  });
});
