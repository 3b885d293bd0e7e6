import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, type Environment, loadConfig } from "../../fargate/config.ts";

const ENV: Environment = {
  CAMBRIAN_API_KEY: "key-1",
  CAMBRIAN_SECRET_KEY: "secret-1",
  FILLS_QUEUE_URL: "http://127.0.0.1:4566/000000000000/fills",
  TABLE_NAME: "flashmm-ledger",
};
const LOCAL = readFileSync("config/local.json", "utf8");

/** A copy of the local configuration with one value set (or, without a value, taken out) at a dotted path. */
function withValue(path: string, ...values: readonly unknown[]): string {
  const file: unknown = JSON.parse(LOCAL);
  const keys = path.split(".");
  let target: unknown = file;
  for (const key of keys.slice(0, -1)) target = Reflect.get(Object(target), key);
  const last = keys.at(-1) ?? "";
  if (values.length === 0) Reflect.deleteProperty(Object(target), last);
  else Reflect.set(Object(target), last, values[0]);
  return JSON.stringify(file);
}

function load(file: string, env: Environment = {}) {
  return loadConfig({ env: { ...ENV, ...env }, readFile: () => file });
}

function faultsOf(file: string, env: Environment = {}): readonly string[] {
  try {
    load(file, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const MARKET = JSON.parse(LOCAL).markets[0];
const marketOf = (symbol: string) => ({ ...MARKET, symbol });
const M = "markets.0";

/** Each bad file has exactly this one fault. */
const BAD_FILES: readonly (readonly [string, string, string])[] = [
  ["an unknown key", withValue("colour", "red"), "colour is not a known key"],
  ["a near miss", withValue("statusprt", 1), 'statusprt is not a known key, did you mean "statusPort"?'],
  [
    "a near miss deep down",
    withValue(`${M}.strategy.halfSpreadBp`, 1),
    'markets[0].strategy.halfSpreadBp is not a known key, did you mean "halfSpreadBps"?',
  ],
  [
    "a near miss among limits",
    withValue(`${M}.limits.posision`, "1"),
    'markets[0].limits.posision is not a known key, did you mean "position"?',
  ],
  [
    "a secret in the file",
    withValue("cambrian.secretKey", "hunter2"),
    "cambrian.secretKey is not a known key; secrets come from the environment alone",
  ],
  ["an absent stage", withValue("stage"), "stage must be a lower-case name"],
  ["a bad shard", withValue("shard", "Main Shard"), "shard must be a lower-case name"],
  ["a bad engine id", withValue("engineId", "a b"), "engineId must be 1 to 64 letters"],
  ["no endpoint", withValue("sei.wsUrls", []), "sei.wsUrls must be a list of 1 to 10 addresses, was []"],
  ["one endpoint, no list", withValue("sei.wsUrls", "wss://a.b"), "sei.wsUrls must be a list"],
  ["an http WebSocket", withValue("sei.wsUrls.1", "http://a.b"), "sei.wsUrls[1] must be a ws:// or wss:// address"],
  [
    "a bad REST address",
    withValue("sei.restUrls", ["rest"]),
    'sei.restUrls[0] must be an http:// or https:// address, was "rest"',
  ],
  ["a bad RPC address", withValue("sei.rpcUrls", ["ftp://a"]), "sei.rpcUrls[0] must be"],
  ["a bad wallet", withValue("sei.address", "0xabc"), "sei.address must be a Sei address"],
  ["no patience", withValue("sei.stalenessMs", 1), "sei.stalenessMs must be an integer from 500 to 120000, was 1"],
  ["a fraction", withValue("sei.stalenessMs", 3_000.5), "sei.stalenessMs must be an integer"],
  [
    "keys in clear over the network",
    withValue("cambrian.baseUrl", "http://api.cambrian.com"),
    "cambrian.baseUrl must be an https:// address",
  ],
  ["a base without a host", withValue("cambrian.baseUrl", "https://"), "cambrian.baseUrl must be an https://"],
  ["a query in the base", withValue("cambrian.baseUrl", "https://a.b/?x=1"), "cambrian.baseUrl must be"],
  [
    "an odd network",
    withValue("cambrian.network", "devnet"),
    'cambrian.network must be "testnet" or "mainnet", was "devnet"',
  ],
  [
    "above the venue's rate",
    withValue("cambrian.requestsPerSecond", 11),
    "cambrian.requestsPerSecond must be an integer from 6 to 10, was 11",
  ],
  [
    "above the venue's placements",
    withValue("cambrian.placementsInFlight", 6),
    "cambrian.placementsInFlight must be an integer from 2 to 5, was 6",
  ],
  ["no time-out", withValue("cambrian.requestTimeoutMs", 0), "cambrian.requestTimeoutMs must be"],
  [
    "a time-out that a stop cannot wait for",
    withValue("cambrian.requestTimeoutMs", 5_001),
    "cambrian.requestTimeoutMs must be an integer from 100 to 5000, was 5001",
  ],
  ["no markets", withValue("markets", []), "markets must be a list of 1 to 10 markets"],
  ["markets absent", withValue("markets"), "markets must be a list of 1 to 10 markets, was absent"],
  [
    "markets whose count is none",
    withValue("markets", { length: { toString: 0 } }),
    "markets must be a list of 1 to 10",
  ],
  ["endpoints whose count is none", withValue("sei.wsUrls", { length: {} }), "sei.wsUrls must be a list of 1 to 10"],
  [
    "a value too deep to be shown",
    LOCAL.replace(/"stage":\s*"local"/, `"stage":${"[".repeat(20_000)}${"]".repeat(20_000)}`),
    "stage must be a lower-case name of at most 32 letters, digits and hyphens, was a value that cannot be written",
  ],
  ["a file that is none", `{"a":"${"a".repeat(131_072)}"}`, "must have at most 131072 characters, had 131080"],
  ["a market of another kind", withValue(M, "SEI/USDC"), 'markets[0] must be an object, was "SEI/USDC"'],
  ["a symbol in small letters", withValue(`${M}.symbol`, "sei/usdc"), "markets[0].symbol must be BASE/QUOTE"],
  [
    "a symbol too long for order ids",
    withValue(`${M}.symbol`, "ABCDEFGH/IJKLMNO"),
    "markets[0].symbol must be of at most 14",
  ],
  ["a market twice", withValue("markets", [MARKET, MARKET]), "markets[1].symbol must be another market than SEI/USDC"],
  [
    "another quote asset",
    withValue("markets", [marketOf("SEI/USDC"), marketOf("ETH/USDT")]),
    "markets[1].symbol must be quoted in USDC as the first one",
  ],
  ["a tick that is a JSON number", withValue(`${M}.tickSize`, 0.0001), "markets[0].tickSize must be a price step"],
  ["a tick of zero", withValue(`${M}.tickSize`, "0.000"), "markets[0].tickSize must be a price step"],
  ["a lot with an exponent", withValue(`${M}.lotSize`, "1e3"), "markets[0].lotSize must be a size step"],
  [
    "tick and lot too fine together",
    withValue(`${M}.tickSize`, "0.000000000000000001").replace('"lotSize":"1"', '"lotSize":"0.1"'),
    "markets[0].tickSize and lotSize must be of at most 18 decimals together",
  ],
  ["a bad contract", withValue(`${M}.contractAddr`, "x"), "markets[0].contractAddr must be a Sei address"],
  [
    "an unknown venue",
    withValue(`${M}.venue`, "vortex"),
    'markets[0].venue must be "cambrian" or "sei-chain", was "vortex"',
  ],
  [
    "an unknown strategy",
    withValue(`${M}.strategy.type`, "hope"),
    'markets[0].strategy.type must be the name of a strategy: "pure-market-making" or "avellaneda-stoikov", was "hope"',
  ],
  [
    "a strategy without a half-spread",
    withValue(`${M}.strategy.halfSpreadBps`),
    "markets[0].strategy.halfSpreadBps must be a number from 0.1 to 1000, was absent",
  ],
  [
    "a half-spread of zero",
    withValue(`${M}.strategy.halfSpreadBps`, 0),
    "markets[0].strategy.halfSpreadBps must be a number",
  ],
  [
    "eleven levels",
    withValue(`${M}.strategy.levels`, 11),
    "markets[0].strategy.levels must be an integer from 1 to 10, was 11",
  ],
  ["a negative spacing", withValue(`${M}.strategy.levelSpacingBps`, -1), "markets[0].strategy.levelSpacingBps must be"],
  ["a negative skew", withValue(`${M}.strategy.inventorySkewBps`, -1), "markets[0].strategy.inventorySkewBps must be"],
  [
    "a fraction of a tick to tolerate",
    withValue(`${M}.strategy.refreshToleranceTicks`, 0.5),
    "markets[0].strategy.refreshToleranceTicks must be",
  ],
  [
    "a tolerance above everything",
    withValue(`${M}.strategy.refreshTolerancePercent`, 101),
    "markets[0].strategy.refreshTolerancePercent must be",
  ],
  [
    "an order size off the lot",
    withValue(`${M}.strategy.orderSize`, "500.5"),
    'markets[0].strategy.orderSize must be a positive multiple of 1, was "500.5"',
  ],
  [
    "an order size above its limit",
    withValue(`${M}.strategy.orderSize`, "1001"),
    'markets[0].strategy.orderSize must be at most limits.orderSize (1000), was "1001"',
  ],
  ["a negative size", withValue(`${M}.strategy.orderSize`, "-500"), "markets[0].strategy.orderSize must be a size"],
  ["no limits at all", withValue(`${M}.limits`), "markets[0].limits must be an object, was absent"],
  [
    "a position limit off the lot",
    withValue(`${M}.limits.position`, "5000.1"),
    "markets[0].limits.position must be a positive multiple of 1",
  ],
  [
    "a position limit below one side's quotes",
    withValue(`${M}.limits.position`, "999"),
    "markets[0].limits.position must be at least strategy.levels × strategy.orderSize (2 × 500)",
  ],
  ["no limits of the shard", withValue("shardLimits"), "shardLimits must be an object, was absent"],
  [
    "orders on a book that is too old to quote on",
    withValue(`${M}.limits.placeBookAgeMs`, 2_001),
    "markets[0].limits.placeBookAgeMs must be at most limits.bookAgeMs (2000), was 2001",
  ],
  [
    "reducing before the alarm",
    withValue("shardLimits.drawdownReducePercent", 2.9),
    "shardLimits.drawdownReducePercent must be at least drawdownAlertPercent (3), was 2.9",
  ],
  [
    "halting before reducing",
    withValue("shardLimits.drawdownHaltPercent", 3.9),
    "shardLimits.drawdownHaltPercent must be at least drawdownReducePercent (4), was 3.9",
  ],
  ["a bad log level", withValue("logLevel", "chatty"), "logLevel must be one of DEBUG, INFO, WARN, ERROR, SILENT"],
  ["a port out of range", withValue("statusPort", 65_536), "statusPort must be an integer from 0 to 65535, was 65536"],
];

const BAD_VARIABLES: readonly (readonly [string, string, string])[] = [
  ["SEI_WS_URLS", "wss://a.b,https://c.d", 'SEI_WS_URLS[1] must be a ws:// or wss:// address, was "https://c.d"'],
  ["SEI_WS_URLS", "wss://a.b,", 'SEI_WS_URLS[1] must be a ws:// or wss:// address, was ""'],
  ["SEI_REST_URL", "rest.sei", "SEI_REST_URL[0] must be an http:// or https:// address"],
  ["SEI_RPC_URL", "rpc", "SEI_RPC_URL[0] must be an http:// or https:// address"],
  ["CAMBRIAN_BASE_URL", "http://example.com", "CAMBRIAN_BASE_URL must be an https:// address"],
  ["CAMBRIAN_BASE_URL", "http://127.0.0.1.example.com", "CAMBRIAN_BASE_URL must be an https:// address"],
  ["CAMBRIAN_TESTNET", "yes", 'CAMBRIAN_TESTNET must be true or false, was "yes"'],
  ["FILLS_QUEUE_URL", "fills", "FILLS_QUEUE_URL must be the http:// or https:// address of an SQS queue"],
  ["TABLE_NAME", "a table", "TABLE_NAME must be the name of a DynamoDB table"],
  ["EVENT_BUS_NAME", "a bus", "EVENT_BUS_NAME must be the name of an EventBridge bus"],
  ["STATUS_PORT", "http", 'STATUS_PORT must be an integer from 0 to 65535, was "http"'],
  ["STATUS_PORT", "-1", "STATUS_PORT must be an integer"],
  ["STATUS_PORT", "99999", "STATUS_PORT must be an integer"],
  ["LOG_LEVEL", "loud", 'LOG_LEVEL must be one of DEBUG, INFO, WARN, ERROR, SILENT, was "loud"'],
  ["FLASHMM_STAGE", "testnet", 'stage must be the "testnet" of FLASHMM_STAGE, was "local"'],
  ["FLASHMM_STAGE", "../secret", "FLASHMM_STAGE must be a lower-case name"],
  ["CAMBRIAN_API_KEY", "", "CAMBRIAN_API_KEY must be 1 to 1024 printable characters without spaces, was absent"],
  ["CAMBRIAN_SECRET_KEY", "a b", "CAMBRIAN_SECRET_KEY must be 1 to 1024 printable characters without spaces"],
  ["TABLE_NAME", "", "TABLE_NAME (or tableName in the file) must be given, was absent"],
  ["FILLS_QUEUE_URL", "", "FILLS_QUEUE_URL (or fillsQueueUrl in the file) must be given, was absent"],
];

describe("configuration", () => {
  it("the local file with the environment of the local run is whole", () => {
    const config = load(LOCAL);
    expect(config).toMatchObject({
      stage: "local",
      shard: "main",
      sei: { stalenessMs: 3_000 },
      cambrian: { network: "testnet", requestsPerSecond: 9, placementsInFlight: 5 },
      fillsQueueUrl: ENV["FILLS_QUEUE_URL"],
      tableName: "flashmm-ledger",
      logLevel: "INFO",
    });
    expect(config.markets[0]).toMatchObject({ symbol: "SEI/USDC", tickSize: "0.0001", lotSize: "1" });
    expect("$schema" in config).toBe(false);
  });

  it.each(BAD_FILES)("%s is one fault that says so", (_, file, fault) => {
    const faults = faultsOf(file);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it.each(BAD_VARIABLES)("the variable %s of %j is named", (name, value, fault) => {
    const faults = faultsOf(LOCAL, { [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it("two markets with the same letters are told apart by nothing in an order id", () => {
    const faults = faultsOf(withValue("markets", [marketOf("AB/CUSD"), marketOf("ABC/USD")]));
    expect(faults.join("\n")).toContain(
      "markets[1].symbol must be another market than AB/CUSD, also without the slash",
    );
  });

  it("all faults of file, fields that must agree and environment are told at once", () => {
    const file = JSON.parse(withValue(`${M}.strategy.orderSize`, "1000.5"));
    const faults = faultsOf(JSON.stringify({ ...file, sei: { ...file.sei, stalenessMs: -1 }, colour: "red" }), {
      STATUS_PORT: "x",
      CAMBRIAN_API_KEY: "",
      TABLE_NAME: "",
    });
    expect(faults.map((fault) => fault.split(" ")[0]).sort()).toEqual([
      "CAMBRIAN_API_KEY",
      "STATUS_PORT",
      "TABLE_NAME",
      "colour",
      "markets[0].strategy.orderSize",
      "sei.stalenessMs",
    ]);
    expect(() => load("{}")).toThrow(/^the configuration has \d+ faults:\n- /);
  });

  it.each([
    ["no JSON", () => "{", "config/local.json must be a readable JSON file"],
    ["a list", () => "[]", "config/local.json must hold a JSON object"],
    [
      "no file",
      () => {
        throw new Error("ENOENT: no such file");
      },
      "config/local.json must be a readable JSON file: ENOENT",
    ],
  ])("a file of %s is a fault, told with those of the environment", (_, readFile, fault) => {
    const read = () => loadConfig({ env: {}, readFile });
    expect(read).toThrow(fault);
    expect(read).toThrow("CAMBRIAN_SECRET_KEY must be");
  });

  it("the variables win over the file", () => {
    const config = load(withValue("statusPort", 1), {
      SEI_WS_URLS: "ws://127.0.0.1:1/websocket, ws://127.0.0.1:2/websocket",
      SEI_REST_URL: "http://127.0.0.1:3",
      SEI_RPC_URL: "http://127.0.0.1:4,http://127.0.0.1:6",
      CAMBRIAN_BASE_URL: "http://127.0.0.1:5/",
      CAMBRIAN_TESTNET: "FALSE",
      EVENT_BUS_NAME: "flashmm",
      STATUS_PORT: "0",
      LOG_LEVEL: "debug",
    });
    expect(config).toMatchObject({
      sei: {
        wsUrls: ["ws://127.0.0.1:1/websocket", "ws://127.0.0.1:2/websocket"],
        restUrls: ["http://127.0.0.1:3"],
        rpcUrls: ["http://127.0.0.1:4", "http://127.0.0.1:6"],
      },
      cambrian: { baseUrl: "http://127.0.0.1:5", network: "mainnet" },
      eventBusName: "flashmm",
      statusPort: 0,
      logLevel: "DEBUG",
    });
  });

  it("an empty variable counts as absent", () => {
    const config = load(withValue("statusPort", 9_000), { STATUS_PORT: "", SEI_WS_URLS: "", FLASHMM_STAGE: "" });
    expect(config.statusPort).toBe(9_000);
    expect(config.sei.wsUrls).toHaveLength(3);
  });

  it("the stage picks the file, and a path of one's own wins", () => {
    const paths: string[] = [];
    const readFile = (path: string) => {
      paths.push(path);
      return LOCAL.replace('"stage": "local"', '"stage": "testnet"');
    };
    loadConfig({ env: { ...ENV, FLASHMM_STAGE: "testnet" }, readFile });
    loadConfig({ env: { ...ENV, FLASHMM_CONFIG: "/etc/flashmm.json" }, readFile });
    expect(paths).toEqual(["config/testnet.json", "/etc/flashmm.json"]);
  });

  it("no way of printing the configuration shows a secret", () => {
    const config = load(LOCAL);
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      `${config.cambrian.secretKey}`,
    ];
    for (const text of shown) expect(text).not.toMatch(/key-1|secret-1/);
    expect(config.cambrian.secretKey.reveal()).toBe("secret-1");
  });

  it("no fault shows a secret", () => {
    const faults = faultsOf(withValue("cambrian.secretKey", "hunter2"), { CAMBRIAN_API_KEY: "pass word" });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toMatch(/hunter2|pass word/);
  });

  it("whatever the file holds, the answer is a configuration or a ConfigError", () => {
    const key = fc.constantFrom("stage", "sei", "cambrian", "markets", "logLevel", "statusPort", "__proto__", "other");
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (over) => {
        const file = JSON.stringify({ ...JSON.parse(LOCAL), ...over });
        expect(faultsOf(file, { SEI_RPC_URL: "http://a", CAMBRIAN_TESTNET: "true" })).toBeInstanceOf(Array);
      }),
      { numRuns: 60 },
    );
  });
});

it("of a thousand unknown keys the first fifty are named and the others counted", () => {
  const odd = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`odd${index}`, 1]));
  const faults = faultsOf(JSON.stringify({ ...JSON.parse(LOCAL), ...odd }));
  expect(faults).toHaveLength(51);
  expect(faults.at(-1)).toBe("the configuration has 950 more keys that are not known");
});

it("of fifty thousand markets that are none two hundred faults are told and the others counted", () => {
  const faults = faultsOf(
    withValue(
      "markets",
      Array.from({ length: 50_000 }, () => 0),
    ),
  );
  expect(faults).toHaveLength(201);
  expect(faults.at(-1)).toBe("and 49800 more faults");
});
