/** Which parameters count: the file's, or an operator's item; and what is told and logged of each change and refusal. */
import { describe, expect, it } from "vitest";
import { InputError } from "../../core/errors.ts";
import type { ParametersChanged } from "../../core/events.ts";
import type { StrategyItem, StrategyItems } from "../../fargate/strategy-item.ts";
import { StrategyReload } from "../../fargate/strategy-reload.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { makeRecorder } from "./driven-world.ts";
import { loadPlainConfig, PLAIN_TEXT, withStrategy } from "./plain-config.ts";

const SYMBOL = "SEI/USDC";
const NONE: StrategyItems = new Map();
const REFUSED = "configuration refused, the parameters stay as they are";
const config = loadPlainConfig();
const [market] = config.markets;

function itemOf(change: object, second = 1, fields: Partial<StrategyItem> = {}): StrategyItem {
  const at = `2026-01-02T00:00:0${second}.000Z`;
  const strategy = JSON.stringify({ ...market!.strategy, ...change });
  return { strategy, by: "ana@desk", at, atMs: Date.parse(at), reason: "a test", ...fields };
}

const standing = (item: StrategyItem | InputError): StrategyItems => new Map([[SYMBOL, item]]);

function makeCase(items: StrategyItems = NONE, text: string = PLAIN_TEXT) {
  const time = new VirtualTime();
  const { log, records } = makeRecorder();
  const pushed: ParametersChanged[] = [];
  const file = { text };
  const reload = new StrategyReload({
    config,
    source: { read: () => file.text, check: (each) => loadPlainConfig({}, each) },
    clock: time.clock,
    log,
    push: (event) => pushed.push(event),
  });
  reload.start(items);
  const save = async (saved: string) => {
    file.text = saved;
    await time.pass(2_100);
  };
  return {
    reload,
    time,
    pushed,
    save,
    state: () => reload.state(SYMBOL),
    half: () => Reflect.get(reload.state(SYMBOL).strategy, "halfSpreadBps"),
    logged: (message: string) => records.filter((record) => record.message === message).map(({ fields }) => fields),
  };
}

describe("strategy parameters", () => {
  it("are those of the start until somebody changes them", async () => {
    const { state, time, pushed } = makeCase();
    await time.pass(5_000);
    expect(state()).toEqual({
      strategy: market!.strategy,
      strategySource: "file",
      strategyChangedAt: null,
      strategyBy: null,
      strategyRefused: [],
    });
    expect(pushed).toEqual([]);
  });

  it("of a changed file are told the engine, logged and shown", async () => {
    const { save, state, pushed, logged } = makeCase();
    await save(withStrategy({ halfSpreadBps: 8, refreshToleranceTicks: 3, orderSize: "400" }));
    expect(pushed).toEqual([
      {
        type: "parameters-changed",
        market: SYMBOL,
        strategy: expect.objectContaining({ halfSpreadBps: 8, orderSize: 400 }),
        tolerance: { priceTicks: 3, sizePercent: 50 },
        by: "the configuration file",
        at: expect.objectContaining({ monotonicMs: expect.any(Number) }),
      },
    ]);
    expect(logged("strategy parameters changed")).toEqual([
      {
        market: SYMBOL,
        by: "the configuration file",
        changedAt: state().strategyChangedAt,
        reason: null,
        changes: ["halfSpreadBps 6 → 8", 'orderSize "500" → "400"', "refreshToleranceTicks 1 → 3"],
        isStanding: false,
      },
    ]);
    expect(state()).toMatchObject({ strategySource: "file", strategyBy: "the configuration file" });
    expect(state().strategyChangedAt).toMatch(/^2026-01-02T00:00:0[12]\.\d{3}Z$/);
  });

  it("of a file that was changed while the task waited for its lease are taken at the start", () => {
    const { pushed } = makeCase(NONE, withStrategy({ halfSpreadBps: 8 }));
    expect(pushed).toMatchObject([{ strategy: { halfSpreadBps: 8 } }]);
  });

  it("of a bad file change nothing; it is told once, and no longer shown when it is mended", async () => {
    const { save, time, state, pushed, logged } = makeCase();
    await save(withStrategy({ levels: 12 }));
    await time.pass(10_000);
    expect(pushed).toEqual([]);
    expect(state().strategyRefused).toEqual([
      "the configuration file: markets[0].strategy.levels must be an integer from 1 to 10, was 12",
    ]);
    expect(logged(REFUSED)).toHaveLength(1);
    await save(PLAIN_TEXT);
    expect(state().strategyRefused).toEqual([]);
    expect(logged("the configuration is no longer refused")).toHaveLength(1);
    expect(pushed).toEqual([]);
  });

  it("of an item count over the file, which waits and counts again when the item is gone", async () => {
    const { reload, save, half, state, pushed, logged } = makeCase();
    reload.takeItems(standing(itemOf({ halfSpreadBps: 9 })));
    expect(state()).toMatchObject({
      strategySource: "item",
      strategyBy: "ana@desk",
      strategyChangedAt: "2026-01-02T00:00:01.000Z",
    });
    expect(logged("strategy parameters changed")).toEqual([
      expect.objectContaining({ by: "ana@desk", reason: "a test", changes: ["halfSpreadBps 6 → 9"] }),
    ]);
    await save(withStrategy({ halfSpreadBps: 7 }));
    expect(half()).toBe(9);
    expect(logged("the file's parameters wait, an operator's item stands")).toEqual([
      { market: SYMBOL, by: "ana@desk", changes: ["halfSpreadBps 6 → 7"] },
    ]);
    reload.takeItems(NONE);
    expect(half()).toBe(7);
    expect(state()).toMatchObject({ strategySource: "file", strategyBy: "the configuration file" });
    expect(logged("strategy parameters changed").at(-1)).toMatchObject({
      reason: "the operator's item was removed",
      changes: ["halfSpreadBps 9 → 7"],
    });
    expect(pushed.map(({ strategy, by }) => [strategy.type, by])).toEqual([
      ["pure-market-making", "ana@desk"],
      ["pure-market-making", "the configuration file"],
    ]);
  });

  it("of an item that is read again and again are told once", () => {
    const { reload, pushed, logged } = makeCase();
    for (let reading = 0; reading < 5; reading += 1) reload.takeItems(standing(itemOf({ halfSpreadBps: 9 })));
    reload.takeItems(standing(itemOf({ halfSpreadBps: 9 }, 2)));
    expect(pushed).toHaveLength(1);
    // Said anew, though nothing differs: who stands behind them has changed.
    expect(logged("strategy parameters changed").map(({ changes }) => changes)).toEqual([["halfSpreadBps 6 → 9"], []]);
  });

  it("of an item that stands at a start are told before the first quote, and that they stood there", () => {
    const { pushed, logged, state } = makeCase(standing(itemOf({ halfSpreadBps: 9 })));
    expect(pushed).toMatchObject([{ strategy: { halfSpreadBps: 9 }, by: "ana@desk" }]);
    expect(logged("strategy parameters changed")).toMatchObject([{ by: "ana@desk", isStanding: true }]);
    expect(state().strategySource).toBe("item");
  });

  it("of items read before the start are passed over: there is no engine yet", () => {
    const reload = new StrategyReload({
      config,
      source: undefined,
      clock: new VirtualTime().clock,
      log: makeRecorder().log,
      push: () => expect.unreachable(),
    });
    reload.takeItems(standing(itemOf({ halfSpreadBps: 9 })));
    expect(reload.state(SYMBOL).strategy).toMatchObject({ halfSpreadBps: 6 });
  });

  it.each<[string, StrategyItem | InputError, string]>([
    [
      "malformed",
      new InputError({ what: "control item", expected: "good", was: 1 }),
      "control item must be good, was 1",
    ],
    ["no JSON", itemOf({}, 2, { strategy: "{" }), "strategy must be JSON text"],
    ["out of range", itemOf({ levels: 12 }, 2), "strategy.levels must be an integer from 1 to 10, was 12"],
    ["beyond a limit", itemOf({ orderSize: "1001" }, 2), "strategy.orderSize must be at most limits.orderSize"],
    ["deeply nested", itemOf({}, 2, { strategy: "[".repeat(4_000) + "]".repeat(4_000) }), "strategy must be an object"],
    [
      "older than the one that counts",
      itemOf({ halfSpreadBps: 7 }, 0),
      "at must not be before 2026-01-02T00:00:01.000Z, the one that counts, was 2026-01-02T00:00:00.000Z",
    ],
  ])("of an item that is %s change nothing, however often it is read; shown until it is gone", (_, bad, fault) => {
    const { reload, half, state, pushed, logged } = makeCase(standing(itemOf({ halfSpreadBps: 9 })));
    for (let reading = 0; reading < 3; reading += 1) reload.takeItems(standing(bad));
    expect(half()).toBe(9);
    expect(pushed).toHaveLength(1);
    expect(state().strategyRefused).toEqual([expect.stringContaining(`the operator's item: ${fault}`)]);
    expect(logged(REFUSED)).toEqual([
      expect.objectContaining({
        market: SYMBOL,
        faults: state().strategyRefused.map((each) => each.replace("the operator's item: ", "")),
      }),
    ]);
    reload.takeItems(standing(itemOf({ halfSpreadBps: 9 }, 3)));
    expect(state().strategyRefused).toEqual([]);
    reload.takeItems(NONE);
    expect(half()).toBe(6);
  });

  it("of the file are still followed while only a bad item stands", async () => {
    const { save, half, state } = makeCase(standing(itemOf({ levels: 12 })));
    expect(state().strategySource).toBe("file");
    await save(withStrategy({ halfSpreadBps: 8 }));
    expect(half()).toBe(8);
    expect(state().strategyRefused).toHaveLength(1);
  });

  it("of a market that is another shard's are passed over", () => {
    const { reload, state, logged } = makeCase();
    reload.takeItems(new Map([["BTC/USDC", itemOf({ levels: 12 })]]));
    expect(state().strategyRefused).toEqual([]);
    expect(logged(REFUSED)).toEqual([]);
  });
});
