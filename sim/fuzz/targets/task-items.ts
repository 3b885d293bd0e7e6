/** What the task reads of the table: lease, control words, an operator's strategy, fills checkpoint, risk, parts of a minute. */
import { emptyBooks } from "../../../core/accounting/pnl.ts";
import { InputError } from "../../../core/errors.ts";
import { booksToText, overlapToText } from "../../../fargate/books-text.ts";
import { ALL_MARKETS, ControlTable } from "../../../fargate/control-table.ts";
import { LeaseTable } from "../../../fargate/lease-record.ts";
import { decodeParts, encodeMinute, type MinuteParts } from "../../../fargate/minute-item.ts";
import { RiskStore } from "../../../fargate/risk-store.ts";
import { StateTable } from "../../../fargate/state-table.ts";
import { STRATEGY_CHARACTERS_MAX, toStrategyAttributes } from "../../../fargate/strategy-item.ts";
import type { Item } from "../../../lambdas/ledger-items.ts";
import { fromItem, makeAnsweringClient, toItem } from "../item-answers.ts";
import { requireFaults, requirePlain, requireSame, requireTime, requireWord } from "../laws.ts";
import { STILL_CLOCK } from "../recordings.ts";
import { judge, judgeLater, requireLaw, type Target } from "../target.ts";

const MARKET = "SEI/USDC";
const AT = "2026-01-02T03:04:05.678Z";

export function makeTaskItemTargets(): readonly Target[] {
  return [
    makeLeaseTarget(),
    makeControlTarget(),
    makeCheckpointTarget(),
    makeLedgerPositionTarget(),
    makeRiskTarget(),
    makePartsTarget(),
  ];
}

/** A table whose every reading is the fuzzed item. */
function makeItemTable() {
  let answer: unknown;
  const client = makeAnsweringClient(() => answer);
  return {
    options: { client, tableName: "ledger", clock: STILL_CLOCK },
    holdItem: (item: Item) => {
      answer = { Item: item };
    },
    holdItems: (items: readonly Item[]) => {
      answer = { Items: items };
    },
  };
}

function makeLeaseTarget(): Target {
  const table = makeItemTable();
  const lease = new LeaseTable({ ...table.options, shard: "main", callTimeoutMs: 1_000 });
  return {
    name: "lease-item",
    share: 2,
    recordings: [
      fromItem({
        owner: { S: "engine-1" },
        epoch: { N: "7" },
        version: { N: "4211" },
        termMs: { N: "10000" },
        heartbeatAt: { S: AT },
        feed: { S: "connected wss://rpc.sei-apis.com/websocket" },
        openOrders: { N: "4" },
      }),
    ],
    run: (input) => {
      const item = toItem(input);
      if (item === undefined) return "refused";
      table.holdItem(item);
      return judgeLater(() => lease.read(), {
        laws: ({ epoch, version, termMs }) => {
          for (const count of [epoch, version, termMs]) {
            const holds = count === undefined || (Number.isSafeInteger(count) && count >= 0);
            requireLaw(holds, "a count is a whole number of at least 0", () => `${count}`);
          }
        },
      });
    },
  };
}

function makeControlTarget(): Target {
  const table = makeItemTable();
  const control = new ControlTable(table.options);
  const words = { reason: { S: "spread too wide" }, by: { S: "flashmm.operator" }, at: { S: AT } };
  const strategy = { strategy: '{"type":"pure-market-making","levels":2}', by: "operator", at: AT, reason: "calmer" };
  return {
    name: "control-items",
    share: 2,
    recordings: [
      { pk: { S: "CONTROL" }, sk: { S: ALL_MARKETS }, state: { S: "halted" }, ...words },
      { pk: { S: "CONTROL" }, sk: { S: MARKET }, state: { S: "running" }, ...words },
      toStrategyAttributes(MARKET, strategy),
      toStrategyAttributes(MARKET, { ...strategy, reason: null }),
    ].map(fromItem),
    run: (input) => {
      const item = toItem(input);
      if (item === undefined) return "refused";
      table.holdItems([item]);
      let isRefused = false;
      const verdict = judgeLater(() => control.read(), {
        laws: ({ items, strategies }) => {
          requireLaw(items.size + strategies.size === 1, "one item is one word", () => `${items.size}`);
          for (const word of [...items.values(), ...strategies.values()]) {
            isRefused = word instanceof InputError;
            if (word instanceof InputError) requireFaults([word]);
            else requireTime(word.atMs);
            if (word instanceof InputError) continue;
            if ("state" in word) requireWord(word.state, ["halted", "running"]);
            else requireLaw(word.strategy.length <= STRATEGY_CHARACTERS_MAX, "a strategy is short", () => word.by);
          }
        },
      });
      return verdict.then((type) => (isRefused ? "refused" : type));
    },
  };
}

function makeCheckpointTarget(): Target {
  const table = makeItemTable();
  const state = new StateTable(table.options);
  const lastFill = { venueTime: AT, fillId: "F-3" };
  const books = {
    ...emptyBooks(),
    position: 15n * 10n ** 17n,
    feesByAsset: { USDC: 3n, SEI: -1n },
    fillCount: 3,
    lastFill,
  };
  const overlap = { cursor: "c-2", after: { venueTime: AT, fillId: "F-2" }, fills: [lastFill] };
  return {
    name: "fills-checkpoint",
    share: 2,
    recordings: [
      fromItem({
        cursor: { S: "c-3" },
        books: { S: booksToText(books) },
        overlap: { S: overlapToText(overlap) },
        epoch: { N: "7" },
      }),
      fromItem({ books: { S: booksToText(emptyBooks()) }, epoch: { N: "1" } }),
    ],
    run: (input) => {
      const item = toItem(input);
      if (item === undefined) return "refused";
      table.holdItem(item);
      return judgeLater(() => state.loadFills(MARKET), {
        laws: (checkpoint) => {
          requireLaw(checkpoint !== null, "an item is a checkpoint", () => "null");
          requirePlain(checkpoint);
          const { fillCount } = checkpoint.books;
          requireLaw(Number.isSafeInteger(fillCount) && fillCount >= 0, "fills are counted", () => `${fillCount}`);
        },
      });
    },
  };
}

function makeLedgerPositionTarget(): Target {
  const table = makeItemTable();
  const state = new StateTable(table.options);
  return {
    name: "ledger-position",
    share: 1,
    recordings: [
      fromItem({ fillCount: { N: "3" }, position: { N: "-701.25" } }),
      fromItem({ pending: { SS: [`${AT}#F-1`] } }),
    ],
    run: (input) => {
      const item = toItem(input);
      if (item === undefined) return "refused";
      table.holdItem(item);
      return judgeLater(() => state.readLedger(MARKET), {
        laws: ({ fillCount }) =>
          requireLaw(Number.isSafeInteger(fillCount) && fillCount >= 0, "fills are counted", () => `${fillCount}`),
      });
    },
  };
}

function makeRiskTarget(): Target {
  const table = makeItemTable();
  const store = new RiskStore({ ...table.options, shard: "main" });
  const loss = {
    peak: "12.5",
    day: 20455,
    dayStart: "-3",
    latch: { reason: "drawdown of 6 %", atMs: 1_767_323_045_678 },
  };
  const memory = { loss, baselines: { "SEI/USDC": "1000", "ETH/USDC": "-0.5" }, differing: [MARKET], writtenAtMs: 1 };
  return {
    name: "risk-item",
    share: 2,
    recordings: [
      fromItem({ memory: { S: JSON.stringify(memory) }, epoch: { N: "7" }, version: { N: "3" } }),
      fromItem({ memory: { S: JSON.stringify({ baselines: {}, differing: [], writtenAtMs: 0 }) } }),
    ],
    run: (input) => {
      const item = toItem(input);
      if (item === undefined) return "refused";
      table.holdItem(item);
      return judgeLater(() => store.load(), {
        laws: (read) => {
          requirePlain(read);
          for (const amount of read.baselines.values()) {
            requireLaw(typeof amount === "bigint", "a baseline is an amount", () => `${amount}`);
          }
        },
      });
    },
  };
}

function makePartsTarget(): Target {
  const figures = {
    measuredMs: 60_000,
    spreads: { othersMicroBps: 44_000_000, selfMicroBps: 21_000_000 },
    twoSidedMs: 58_500,
    ordersPlaced: 12,
    ordersCancelled: 9,
    ordersFilled: 1,
    closing: {
      mid: 4_213n * 10n ** 14n,
      position: -5n * 10n ** 18n,
      realizedPnl: 7n,
      unrealizedPnl: -3n,
      drawdownMicroPercent: 12,
    },
  };
  const bare = {
    ...figures,
    spreads: undefined,
    closing: { ...figures.closing, mid: undefined, unrealizedPnl: undefined },
  };
  const parts: readonly MinuteParts[] = [
    [{ epoch: 7, run: 0, figures }],
    [
      { epoch: 6, run: 1, figures: bare },
      { epoch: 7, run: 0, figures },
    ],
  ];
  return {
    name: "minute-parts",
    share: 2,
    recordings: parts.map((each) => fromItem(encodeMinute(each))),
    run: (input) => {
      const item = toItem(input);
      if (item === undefined) return "refused";
      return judge(() => decodeParts({ ...item }, "parts"), {
        laws: (read) =>
          requireSame(decodeParts(encodeMinute(read), "parts").length, read.length, "parts written again are as many"),
      });
    },
  };
}
