import { expect, test } from "vitest";
import { ConfigError } from "../../../fargate/config.ts";
import { loadPlainConfig } from "../plain-config.ts";

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadPlainConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test("the page is read-only and shows no charts unless the environment says otherwise", () => {
  expect(loadPlainConfig().status).toEqual({ operation: "off", reportsFolder: undefined, region: undefined });
  const env = { STATUS_OPERATION: "on", EVENT_BUS_NAME: "flashmm", STATUS_REPORTS_FOLDER: "/tmp/reports" };
  const { status } = loadPlainConfig({ ...env, AWS_REGION: "eu-west-1" });
  expect(status).toEqual({ operation: "on", reportsFolder: "/tmp/reports", region: "eu-west-1" });
  expect(loadPlainConfig({ STATUS_OPERATION: "off" }).status.operation).toBe("off");
  expect(loadPlainConfig({ STATUS_OPERATION: "" }).status.operation).toBe("off");
});

test.each([
  { env: { STATUS_OPERATION: "yes", EVENT_BUS_NAME: "b" }, faults: ['STATUS_OPERATION must be on or off, was "yes"'] },
  { env: { STATUS_OPERATION: "ON", EVENT_BUS_NAME: "b" }, faults: ['STATUS_OPERATION must be on or off, was "ON"'] },
  {
    env: { STATUS_OPERATION: "on" },
    faults: ["EVENT_BUS_NAME (or eventBusName in the file) must be given where STATUS_OPERATION is on, was absent"],
  },
  {
    env: { STATUS_REPORTS_FOLDER: "reports" },
    faults: ['STATUS_REPORTS_FOLDER must be an absolute path of at most 1024 characters, was "reports"'],
  },
])("$env is a fault of the configuration", ({ env, faults }) => {
  expect(faultsOf({ ...env })).toEqual(faults);
});
