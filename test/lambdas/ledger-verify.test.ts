import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FillMessage } from "../../core/messages.ts";
import { encodeState, type Item, toClaimKey, toFillText, toMarketKey } from "../../lambdas/ledger-items.ts";
import type { LedgerClock } from "../../lambdas/ledger-snapshot.ts";
import { type LedgerTable, readPosition } from "../../lambdas/ledger-table.ts";
import { deliver, deliverAll, expectBooks } from "./fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud } from "./fill-accounting/ledger-cloud.ts";
import { makeMessage } from "./fill-accounting/make-messages.ts";
import {
  announce,
  beforeCall,
  copyLedger,
  factName,
  figuresOf,
  isFactsQuery,
  isHoursQuery,
  LONG_AFTER,
  makeHistory,
  putFactItem,
  putItem,
  readLedger,
  rebuild,
  remove,
  sentences,
  spoil,
  verify,
} from "./made-ledger.ts";

let cloud: LedgerCloud;
let table: LedgerTable;
let markets = 100;
const TEMPLATE = "V100/USDC";
let template: readonly Item[] = [];
beforeAll(async () => {
  cloud = await startLedgerCloud();
  table = cloud.connect();
  const history = makeHistory(TEMPLATE);
  for (let at = 0; at < history.length; at += 3) await deliverAll(table, history.slice(at, at + 3));
  template = await readLedger(table, TEMPLATE, history);
});
afterAll(async () => await cloud.close());

/** A market of its own, with the history that the accounting booked. */
async function book() {
  markets++;
  const market = `V${markets}/USDC`;
  const before = await copyLedger(table, template, { from: TEMPLATE, to: market });
  return { market, history: makeHistory(market), before };
}

const PROVEN = { lost: 0, doubled: 0, unclaimed: 0, unreadable: 0, driftUnits: 0n, waiting: 0, stuck: 0, conflicts: 0 };

describe("a ledger", () => {
  it("that the accounting made is proven", async () => {
    const { market } = await book();
    const proof = await verify(table, market);
    expect(sentences(proof)).toEqual([]);
    expect(proof).toMatchObject({ ...PROVEN, market, facts: 8, hours: 3 });
    expect(proof.version).toBe((await readPosition(table, market))?.version);
  });

  it("without any fill is proven", async () => {
    const proof = await verify(table, "NONE/USDC");
    expect(proof).toMatchObject({ ...PROVEN, facts: 0, hours: 0, version: 0 });
    expect(proof.differences.count).toBe(0);
  });

  it("with a fill kept aside is proven, and says so", async () => {
    const { market, history } = await book();
    await deliverAll(table, [{ ...history[0]!, price: "0.5" }]);
    expect(await verify(table, market)).toMatchObject({ ...PROVEN, conflicts: 1 });
  });
});

type Spoiler = (market: string, history: readonly FillMessage[]) => Promise<void>;
type Case = readonly [name: string, spoiler: Spoiler, found: object, said: readonly (string | RegExp)[]];

const HOUR = "HOUR#2026-01-02T04";
const FIGURES = ["position", "averageCost", "realizedPnl", "fees", "volume", "buyVolume", "sellVolume"];
const HOUR_FIGURES = ["volume", "fees", "realizedPnl", "fillCount", "buyVolume", "sellVolume"];
const UNIT = "0.000000000000000001";

/** What can go wrong with the books alone: the facts say it all. */
const SPOILED_BOOKS: readonly Case[] = [
  [
    "a position whose figures are others",
    async (market) => {
      for (const path of FIGURES) await spoil(table, market, { sk: "POSITION", path, value: { N: "12.5" } });
    },
    {},
    FIGURES.map((path) => new RegExp(`^POSITION ${path} must be \\S+, was 12.5$`)),
  ],
  [
    "a position that is one unit off",
    async (market) => {
      const position = await readPosition(table, market);
      const realizedPnl = (position?.state.books.realizedPnl ?? 0n) + 1n;
      const books = { ...position!.state.books, realizedPnl };
      const value = encodeState({ books, hour: undefined })["realizedPnl"]!;
      await spoil(table, market, { sk: "POSITION", path: "realizedPnl", value });
    },
    { driftUnits: 1n },
    [/^POSITION realizedPnl must be /],
  ],
  [
    "a fee of an asset that was never paid",
    (market) => spoil(table, market, { sk: "POSITION", path: "feesByAsset.DOGE", value: { N: UNIT } }),
    { driftUnits: 1n },
    [`POSITION feesByAsset.DOGE must be absent, was ${UNIT}`],
  ],
  [
    "a fill count that is off",
    (market) => spoil(table, market, { sk: "POSITION", path: "fillCount", value: { N: "9" } }),
    { driftUnits: 0n },
    ["POSITION fillCount must be 8, was 9"],
  ],
  [
    "a last fill of another time",
    (market) =>
      spoil(table, market, { sk: "POSITION", path: "lastFillTime", value: { S: "2026-01-02T06:00:00.000Z" } }),
    { driftUnits: 0n },
    ["POSITION lastFillTime must be 2026-01-02T05:31:02.125Z, was 2026-01-02T06:00:00.000Z"],
  ],
  [
    "a last fill with another id",
    (market) => spoil(table, market, { sk: "POSITION", path: "lastFillId", value: { S: "zzz" } }),
    {},
    [/^POSITION lastFillId must be V\d+\/USDC-7, was zzz$/],
  ],
  [
    "a figure of the hour within the position",
    (market) => spoil(table, market, { sk: "POSITION", path: "inHour.fees", value: { N: "1" } }),
    {},
    [/^POSITION inHour.fees must be \S+, was 1$/],
  ],
  [
    "an amount that is none",
    (market) => spoil(table, market, { sk: "POSITION", path: "position", value: { S: "much" } }),
    {},
    [/^POSITION position must be \S+, was much$/],
  ],
  [
    "a version that is none",
    (market) => spoil(table, market, { sk: "POSITION", path: "version", value: { S: "new" } }),
    {},
    ["POSITION must be readable, was unreadable"],
  ],
  [
    "a version behind that of its hours",
    (market) => spoil(table, market, { sk: "POSITION", path: "version", value: { N: "1" } }),
    {},
    [/^POSITION version must be at least that of its hours, \d+, was 1$/],
  ],
  [
    "a checkpoint that is no state of the fold",
    async (market) => {
      const position = await readPosition(table, market);
      const state = position!.checkpoints.at(-1)!;
      const books = { ...state.books, averageCost: state.books.averageCost + 1n };
      const checkpoints = [...position!.checkpoints.slice(0, -1), { ...state, books }];
      const value = { L: checkpoints.map((checkpoint) => ({ M: { ...encodeState(checkpoint) } })) };
      await spoil(table, market, { sk: "POSITION", path: "checkpoints", value });
    },
    {},
    ["POSITION checkpoints must be states of the fold, was 1 that are none"],
  ],
  [
    "no position",
    (market) => remove(table, toMarketKey(market, "POSITION")),
    {},
    ["POSITION must be there, was absent"],
  ],
  [
    "an hour whose figures are others",
    async (market) => {
      for (const path of HOUR_FIGURES) await spoil(table, market, { sk: HOUR, path, value: { N: "77" } });
    },
    {},
    HOUR_FIGURES.map((path) => new RegExp(`^${HOUR} ${path} must be \\S+, was 77$`)),
  ],
  [
    "a closing that is another",
    (market) => spoil(table, market, { sk: HOUR, path: "closing.averageCost", value: { N: "0.3" } }),
    {},
    [new RegExp(`^${HOUR} closing.averageCost must be \\S+, was 0.3$`)],
  ],
  [
    "an hour's version that is none",
    (market) => spoil(table, market, { sk: HOUR, path: "version", value: { S: "x" } }),
    {},
    [`${HOUR} version must be a whole number, was {"S":"x"}`],
  ],
  [
    "an hour that is missing",
    (market) => remove(table, toMarketKey(market, HOUR)),
    {},
    [`${HOUR} must be there, was absent`],
  ],
  [
    "the newest hour missing",
    (market) => remove(table, toMarketKey(market, "HOUR#2026-01-02T05")),
    { stuck: 1 },
    [/^HOUR#2026-01-02T05 must be of version \d+, as the position, was absent$/],
  ],
  ...["HOUR#2026-01-01T00", "HOUR#2026-01-02T06"].map(
    (sk): Case => [
      `an hour without fills, ${sk}`,
      async (market) => {
        await putItem(table, { ...toMarketKey(market, sk), hour: { S: sk.slice(5) }, version: { N: "1" } });
      },
      {},
      [`${sk} must be absent, was there`],
    ],
  ),
  [
    "an announcement that stayed behind",
    (market, history) => announce(table, market, [toFillText(history[1]!)]),
    { stuck: 1 },
    [/^FILL#2026-01-02T03:10:00.000Z#V\d+\/USDC-1 must be in the books, was announced alone$/],
  ],
];

/** What can go wrong with facts and claims, and can be put right from the others. */
const SPOILED_FACTS: readonly Case[] = [
  [
    "a fact that is missing",
    (market, history) => remove(table, toMarketKey(market, factName(history[2]!))),
    { facts: 7, lost: 1 },
    [/^FILL#2026-01-02T03:25:30.250Z#V\d+\/USDC-2 must be there, as its id is claimed, was absent$/],
  ],
  [
    "a claimed fill that was never written",
    async (market) => {
      await deliverClaimAlone(market);
    },
    { facts: 8, lost: 1, driftUnits: 0n },
    [/^FILL#2026-01-02T04:30:00.000Z#V\d+\/USDC-late must be there, as its id is claimed, was absent$/],
  ],
  [
    "an announced fill that was never written",
    async (market) => {
      const message = await deliverClaimAlone(market);
      await announce(table, market, [toFillText(message)]);
    },
    { facts: 8, lost: 0, stuck: 1 },
    [/-late must be in the books, was announced alone$/],
  ],
  [
    "a written fill that was never booked",
    async (market) => {
      const message = await deliverClaimAlone(market);
      await announce(table, market, [toFillText(message)]);
      await putFactItem(table, message);
    },
    { facts: 9, lost: 0, stuck: 1, driftUnits: 0n },
    [/-late must be in the books, was announced alone$/],
  ],
  [
    "a claim that is missing",
    (_, history) => remove(table, toClaimKey(history[3]!.fillId)),
    { unclaimed: 1, driftUnits: 0n },
    [/^FILLID#V\d+\/USDC-3 must be there, as its fact is, was absent$/],
  ],
  [
    "a fill that is two facts, the second later",
    (_, history) => putFactItem(table, { ...history[0]!, venueTime: "2026-01-02T04:10:00.000Z" }),
    { facts: 9, doubled: 1 },
    [
      /^FILL#2026-01-02T04:10:00.000Z#(V\d+\/USDC)-0 must be absent, was a second fact of the fill at \1 FILL#2026-01-02T03:10/,
    ],
  ],
  [
    "a fill that is two facts, the second earlier and in an hour of its own",
    (_, history) => putFactItem(table, { ...history[5]!, venueTime: "2026-01-02T01:00:00.000Z" }),
    { facts: 9, doubled: 1 },
    [/^FILL#2026-01-02T01:00:00.000Z#V\d+\/USDC-5 must be absent, was a second fact/],
  ],
];

function makeLate(market: string): FillMessage {
  return makeMessage({ market, fillId: `${market}-late`, venueTime: "2026-01-02T04:30:00.000Z" });
}

/** Claims a late fill, as a process that ended right after that. */
async function deliverClaimAlone(market: string): Promise<FillMessage> {
  const message = makeLate(market);
  await deliver(cloud.connect({ atWrite: 1, how: "after", kills: true }), [message]);
  return message;
}

describe("a ledger with", () => {
  const cases = [...SPOILED_BOOKS, ...SPOILED_FACTS].map((each) => [...each, SPOILED_BOOKS.includes(each)] as const);
  it.each(cases)("%s is found out by name, and mended by a rebuild", async (_, spoiler, found, said, isBooksAlone) => {
    const { market, history, before } = await book();
    await spoiler(market, history);
    const proof = await verify(table, market);
    expect(proof).toMatchObject(found);
    const told = sentences(proof);
    for (const text of said) {
      expect(told).toContainEqual(typeof text === "string" ? text : expect.stringMatching(text));
    }
    if (isBooksAlone) expect(told).toHaveLength(said.length);

    await rebuild(table, market);
    const mended = await verify(table, market);
    expect(sentences(mended)).toEqual([]);
    expect(mended).toMatchObject({ ...PROVEN, conflicts: proof.doubled });
    if (mended.facts > history.length) await expectBooks(table, market, [...history, makeLate(market)]);
    else if (mended.conflicts > 0) await expectBooks(table, market, history);
    else expect(figuresOf(await readLedger(table, market, history))).toEqual(figuresOf(before));
  });
});

describe("beside the accounting", () => {
  const fillAt = (market: string, time: string) =>
    makeMessage({ market, fillId: `${market}-at-${time}`, venueTime: `2026-01-02T${time}Z`, price: "0.4188" });

  it.each([
    ["an old fill while the facts are read", ["03:20:00.000"], { isIt: isFactsQuery }],
    ["a fill of a new hour while the facts are read", ["06:20:00.000"], { isIt: isFactsQuery }],
    ["an old and a new fill while the hours are read", ["04:10:00.000", "06:20:00.000"], { isIt: isHoursQuery }],
    ["an old fill while the claims are read", ["03:20:00.000"], { isIt: (name: string) => name === "ScanCommand" }],
  ])("%s is no drift, nor lost", async (_, times, call) => {
    const { market } = await book();
    const watched = cloud.connect();
    beforeCall(watched, call, () =>
      deliverAll(
        table,
        times.map((time) => fillAt(market, time)),
      ),
    );
    const proof = await verify(watched, market);
    expect(sentences(proof)).toEqual([]);
    expect(proof).toMatchObject({ ...PROVEN, facts: 8 + times.length });
  });

  it("some old fill that is on its way at each look is none that is stuck, unless it is the same one", async () => {
    const { market } = await book();
    const keys = ["A", "B", "C"].map((fillId) => `2026-01-02T01:00:00.000Z#${fillId}`);
    const setPending = async (text: string | undefined) =>
      await spoil(table, market, { sk: "POSITION", path: "pending", value: { SS: [text ?? ""] } });
    await setPending(keys[0]);
    let looks = 1;
    const busy: LedgerClock = { ...LONG_AFTER, wait: async () => await setPending(keys[looks++]) };
    expect(await verify(table, market, busy)).toMatchObject({ ...PROVEN, waiting: 1 });
    expect(looks).toBe(2);
    expect(await verify(table, market, LONG_AFTER)).toMatchObject({ ...PROVEN, stuck: 1 });
  });

  it("what a process left half-way is waited for while it is young, then named, and mended by a rebuild", async () => {
    // Three fills, one of them late: a claim, an announcement, a fact each, then the books of two hours again.
    const times = ["04:40:00.000", "05:31:05.000", "05:33:00.000"];
    const soon: LedgerClock = { ...LONG_AFTER, now: () => Date.parse("2026-01-02T05:33:10.000Z") };
    // One claim of the three, the announcement, the first fact and the last, the old hour's position, its hour, the new one's.
    for (const atWrite of [1, 4, 5, 7, 8, 9, 10]) {
      const { market, history } = await book();
      const messages = times.map((time) => fillAt(market, time));
      await deliver(cloud.connect({ atWrite, how: "after", kills: true }), messages);
      const young = await verify(table, market, soon);
      expect(young, `write ${atWrite}`).toMatchObject({ doubled: 0, unclaimed: 0, driftUnits: 0n });
      // The late fill is an old one by its time, as is its hour: nobody can tell that it came just now.
      const isLate = (text: string) => text.includes("04:40:00.000") || text.startsWith("HOUR#2026-01-02T04");
      expect(
        sentences(young).filter((text) => !isLate(text)),
        `write ${atWrite}`,
      ).toEqual([]);
      const old = await verify(table, market, LONG_AFTER);
      expect(old.differences.count, `write ${atWrite}`).toBeGreaterThan(0);
      await rebuild(table, market);
      expect(sentences(await verify(table, market)), `write ${atWrite}`).toEqual([]);
      await deliverAll(table, messages);
      await expectBooks(table, market, [...history, ...messages]);
    }
  });
});
