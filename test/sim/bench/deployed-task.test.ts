import { expect, test } from "vitest";
import { imageEnvironment } from "../../../sim/bench/deployed/deployed-task.ts";

test("the deployed task is measured with the variables of its image, and with no others of the Dockerfile's lines", () => {
  const dockerfile =
    'ARG NODE_IMAGE=node:24\nFROM node\n# ENV NOT=1\nENV NODE_ENV=production\nENV LIMIT=2\nCMD ["main.js"]\n';
  expect(imageEnvironment(dockerfile)).toEqual({ NODE_ENV: "production", LIMIT: "2" });
});
