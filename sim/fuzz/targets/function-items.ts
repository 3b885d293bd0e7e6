/** What the functions read of the table: fills, books, hours, the task's minutes and markouts, the lease as the dead man sees it. */
import { emptyLedger, foldFill, type LedgerState } from "../../../core/accounting/hourly.ts";
import { parseFillMessage, splitSymbol } from "../../../core/messages.ts";
import { encodeMarkouts, encodeMinute } from "../../../fargate/minute-item.ts";
import { lastMinuteAtOrBefore, readMarkouts } from "../../../lambdas/engine-items.ts";
import { toBeat } from "../../../lambdas/health-sweep/heartbeat.ts";
import {
  decodeFill,
  decodeHour,
  decodeState,
  encodeClosedHour,
  encodeFill,
  encodeState,
  type Item,
} from "../../../lambdas/ledger-items.ts";
import { decodePosition } from "../../../lambdas/ledger-table.ts";
import { fromItem, makeAnsweringClient, toItem } from "../item-answers.ts";
import { requireCount, requireLedgerFill, requirePlain, requireSame, requireWord } from "../laws.ts";
import { type IsRefusal, isInputRefusal, judge, judgeLater, requireLaw, type Target } from "../target.ts";

const MARKET = "SEI/USDC";
const AT = "2026-01-02T03:04:05.678Z";
const MINUTE = "2026-01-02T03:04";

/** `bodies` are fill messages of one market or more; the books are folded from those of the first one. */
export function makeFunctionItemTargets(bodies: readonly string[]): readonly Target[] {
  const fills = bodies.map((body) => parseFillMessage(JSON.parse(body)));
  const ours = fills.filter(({ market }) => market === MARKET);
  const state = ours.reduce<LedgerState>((folded, fill) => foldFill(folded, fill, splitSymbol(MARKET)), emptyLedger());
  const position: Item = {
    ...encodeState(state),
    version: { N: "3" },
    pending: { SS: [`${AT}#F-9`] },
    checkpoints: { L: [{ M: { ...encodeState(state) } }] },
  };
  return [
    makeItemTarget({
      name: "ledger-fill",
      items: fills.map(encodeFill),
      read: decodeFill,
      laws: (fill) => {
        requireLedgerFill(fill);
        requireSame(decodeFill(encodeFill(fill)), fill, "a fill written again is read the same");
      },
    }),
    makeItemTarget({
      name: "ledger-books",
      items: [position, { pending: { SS: [`${AT}#F-9`] } }],
      read: decodePosition,
      laws: (read) => {
        requirePlain(read);
        requireLaw(Number.isSafeInteger(read.version), "a version is a whole number", () => `${read.version}`);
        requireSame(decodeState(encodeState(read.state)), read.state, "books written again are read the same");
      },
    }),
    makeItemTarget({
      name: "ledger-hour",
      items: [{ sk: { S: "HOUR#2026-01-02T03" }, ...encodeClosedHour(state) }],
      read: decodeHour,
      laws: (hour) => {
        requireLaw(Number.isSafeInteger(hour.fillCount), "fills are counted", () => `${hour.fillCount}`);
        const closed = encodeClosedHour({ ...state, hour });
        requireSame(decodeHour(closed), hour, "an hour written again is read the same");
      },
    }),
    makeMinuteTarget(),
    makeMarkoutsTarget(),
    makeItemTarget({
      name: "lease-heartbeat",
      items: [
        {
          sk: { S: "main" },
          owner: { S: "engine-1" },
          epoch: { N: "7" },
          version: { N: "42" },
          termMs: { N: "10000" },
          heartbeatAt: { S: AT },
        },
      ],
      read: (item) => toBeat([item]),
      // A beat is read of whatever stands there, since a broken item must not keep the dead man away.
      isRefusal: () => false,
      laws: ({ epoch, termMs, atMs }) => {
        requireLaw(epoch >= 0 && termMs > 0, "an epoch and a term are never negative", () => `${epoch}, ${termMs}`);
        requireLaw(
          atMs === undefined || Number.isSafeInteger(atMs),
          "a beat is at whole milliseconds",
          () => `${atMs}`,
        );
      },
    }),
  ];
}

function makeItemTarget<Value>(parts: {
  readonly name: string;
  readonly items: readonly Item[];
  readonly read: (item: Item) => Value;
  readonly isRefusal?: IsRefusal;
  readonly laws: (value: Value) => void;
}): Target {
  const { name, items, read, isRefusal = isInputRefusal, laws } = parts;
  return {
    name,
    share: 2,
    recordings: items.map(fromItem),
    run: (input) => {
      const item = toItem(input);
      return item === undefined ? "refused" : judge(() => read(item), { isRefusal, laws });
    },
  };
}

function makeMinuteTarget(): Target {
  let item: Item = {};
  const table = { client: makeAnsweringClient(() => ({ Items: [item] })), tableName: "ledger" };
  const closing = {
    mid: 4_213n * 10n ** 14n,
    position: -5n,
    realizedPnl: 7n,
    unrealizedPnl: -3n,
    drawdownMicroPercent: 12,
  };
  const counts = { measuredMs: 60_000, twoSidedMs: 58_500, ordersPlaced: 12, ordersCancelled: 9, ordersFilled: 1 };
  const figures = { ...counts, spreads: { othersMicroBps: 44_000_000, selfMicroBps: 21_000_000 }, closing };
  const minute = { sk: { S: `MINUTE#${MINUTE}` }, ...encodeMinute([{ epoch: 7, run: 0, figures }]) };
  return {
    name: "engine-minute",
    share: 2,
    recordings: [fromItem(minute)],
    run: (input) => {
      const read = toItem(input);
      if (read === undefined) return "refused";
      item = read;
      return judgeLater(() => lastMinuteAtOrBefore(table, MARKET, MINUTE), {
        laws: (each) => {
          requireLaw(each !== undefined, "an item is a minute", () => "nothing");
          for (const seconds of [each.measuredSeconds, each.twoSidedSeconds]) {
            requireLaw(seconds >= 0 && seconds <= 60, "a minute has 0 to 60 seconds", () => `${seconds}`);
          }
          requireLaw(Number.isFinite(each.drawdownPercent), "a figure is finite", () => `${each.drawdownPercent}`);
        },
      });
    },
  };
}

function makeMarkoutsTarget(): Target {
  let item: Item = {};
  const table = { client: makeAnsweringClient(() => ({ Items: [item] })), tableName: "ledger" };
  const amount = 4_213n * 10n ** 14n;
  const fill = {
    fillId: "F-1",
    venueTime: AT,
    price: amount,
    size: amount,
    midAtFill: amount,
    mids: [amount, undefined, amount],
  };
  const fills = encodeMarkouts([
    { ...fill, side: "buy", level: 0 },
    { ...fill, side: "sell", level: undefined },
  ]);
  return {
    name: "engine-markouts",
    share: 2,
    recordings: [fromItem({ sk: { S: `MARKOUTS#${MINUTE}#7-0` }, fills })],
    run: (input) => {
      const read = toItem(input);
      if (read === undefined) return "refused";
      item = read;
      return judgeLater(() => readMarkouts(table, MARKET, { from: MINUTE, to: MINUTE }), {
        laws: (markouts) => {
          for (const markout of markouts) {
            requireWord(markout.side, ["buy", "sell"]);
            requireCount(markout.mids.length, 3, "a fill has a mid a horizon");
          }
        },
      });
    },
  };
}
