import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../../fargate/config.ts";
import { changesBetween } from "../../../fargate/config-changes.ts";
import { authorizationOf } from "../../../fargate/otlp/target.ts";
import { ACCOUNT, SECRET_ARN, URL_OF_CARD } from "./push-world.ts";

const LOCAL = readFileSync("config/local.json", "utf8");
const ENV = {
  CAMBRIAN_API_KEY: "key-1",
  CAMBRIAN_SECRET_KEY: "secret-1",
  FILLS_QUEUE_URL: "http://127.0.0.1:4566/000000000000/fills",
  TABLE_NAME: "flashmm-ledger",
};
const WORDS = { OTLP_URL: URL_OF_CARD, OTLP_INSTANCE_ID: ACCOUNT.instanceId, OTLP_TOKEN: ACCOUNT.token };

function load(env: Readonly<Record<string, string>>) {
  return loadConfig({ env: { ...ENV, ...env }, readFile: () => LOCAL });
}

function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("where the metrics are pushed to", () => {
  test("is nowhere unless the environment says it", () => {
    expect(load({}).metricsPush).toBeUndefined();
    expect(
      load({ OTLP_URL: "", OTLP_INSTANCE_ID: "", OTLP_TOKEN: "", GRAFANA_SECRET_ARN: "" }).metricsPush,
    ).toBeUndefined();
  });

  test.each([
    ["as Grafana Cloud's page shows it", URL_OF_CARD, `${URL_OF_CARD}/v1/metrics`],
    ["with a slash at its end", `${URL_OF_CARD}/`, `${URL_OF_CARD}/v1/metrics`],
    ["whole", `${URL_OF_CARD}/v1/metrics`, `${URL_OF_CARD}/v1/metrics`],
    ["of this machine", "http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/metrics"],
  ])("may be given by an address %s", (_name, OTLP_URL, url) => {
    const { metricsPush } = load({ ...WORDS, OTLP_URL });
    expect(metricsPush).toMatchObject({ type: "given", target: { url } });
  });

  test("is proven by name and token (RFC 7617), and neither is shown", () => {
    const config = load(WORDS);
    if (config.metricsPush?.type !== "given") throw new Error("a target must be given");
    const pair = Buffer.from(`${ACCOUNT.instanceId}:${ACCOUNT.token}`).toString("base64");
    expect(authorizationOf(config.metricsPush.target)).toBe(`Basic ${pair}`);
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9 })]) {
      expect(text).not.toContain(ACCOUNT.token);
      expect(text).not.toContain(pair);
    }
  });

  test("is no change of the configuration when that is read again", () => {
    expect(changesBetween(load(WORDS), load(WORDS))).toEqual([]);
    expect(changesBetween(load({ GRAFANA_SECRET_ARN: SECRET_ARN }), load({ GRAFANA_SECRET_ARN: SECRET_ARN }))).toEqual(
      [],
    );
  });

  test("may be a secret's to say; variables win over it", () => {
    const GRAFANA_SECRET_ARN = SECRET_ARN;
    expect(load({ GRAFANA_SECRET_ARN }).metricsPush).toEqual({ type: "secret", arn: SECRET_ARN });
    expect(load({ GRAFANA_SECRET_ARN, ...WORDS }).metricsPush?.type).toBe("given");
  });

  test.each([
    ["a word alone", { OTLP_URL: URL_OF_CARD }, ["OTLP_INSTANCE_ID must be 1 to 128", "OTLP_TOKEN must be 1 to 1024"]],
    ["no address", { ...WORDS, OTLP_URL: "grafana.net" }, ["OTLP_URL must be an https:// address"]],
    ["an address in clear", { ...WORDS, OTLP_URL: "http://grafana.net/otlp" }, ["OTLP_URL must be"]],
    [
      "one that only begins like this machine's",
      { ...WORDS, OTLP_URL: "http://localhost.evil.net/otlp" },
      ["OTLP_URL must be"],
    ],
    ["a name and password in it", { ...WORDS, OTLP_URL: "https://a:b@grafana.net/otlp" }, ["OTLP_URL must be"]],
    ["a query in it", { ...WORDS, OTLP_URL: `${URL_OF_CARD}?x=1` }, ["OTLP_URL must be"]],
    ["a port that is none", { ...WORDS, OTLP_URL: "https://grafana.net:99999/otlp" }, ["OTLP_URL must be"]],
    ["the token in the address' place", { ...WORDS, OTLP_URL: ACCOUNT.token }, ["OTLP_URL must be"]],
    ["a colon in the id, where the token begins", { ...WORDS, OTLP_INSTANCE_ID: "1:2" }, ["OTLP_INSTANCE_ID must be"]],
    ["a token with a line end", { ...WORDS, OTLP_TOKEN: `${ACCOUNT.token}\n` }, ["OTLP_TOKEN must be"]],
    [
      "an ARN of something else",
      { GRAFANA_SECRET_ARN: "arn:aws:s3:::x" },
      ['GRAFANA_SECRET_ARN must be the ARN of a secret, was "arn:aws:s3:::x"'],
    ],
    [
      "a token in the ARN's place",
      { GRAFANA_SECRET_ARN: ACCOUNT.token },
      ["GRAFANA_SECRET_ARN must be the ARN of a secret, was something else (not shown)"],
    ],
  ])("is refused with %s, the token not shown", (_name, env, faults) => {
    const found = faultsOf(env);
    expect(found).toEqual(faults.map((fault) => expect.stringContaining(fault)));
    expect(found.join()).not.toContain(ACCOUNT.token);
  });
});
