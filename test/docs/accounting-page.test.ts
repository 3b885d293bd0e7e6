/** Holds docs/accounting.md to the code: its fills are read from the page, booked by the ledger, and every figure is compared. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addUpHour } from "../../core/accounting/hour-facts.ts";
import { type HourProof, type HourToProve, proveHour } from "../../core/accounting/hour-proof.ts";
import { emptyLedger, foldFill, type LedgerState } from "../../core/accounting/hourly.ts";
import { type Books, emptyBooks, unrealizedPnl } from "../../core/accounting/pnl.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { type FillMessage, parseFillMessage, splitSymbol } from "../../core/messages.ts";
import { readBooks, readClosingBefore, readFillsAfter, readHours } from "../../lambdas/ledger-table.ts";
import { deliverAll } from "../lambdas/fill-accounting/deliver.ts";
import { type LedgerCloud, startLedgerCloud } from "../lambdas/fill-accounting/ledger-cloud.ts";
import { makeMessage } from "../lambdas/fill-accounting/make-messages.ts";

const MARKET = "SEI/USDC";
const DAY = "2026-01-02T";
const ASSETS = splitSymbol(MARKET);
const page = readFileSync(new URL("../../docs/accounting.md", import.meta.url), "utf8");

/** The rows under the header that begins with `first`, each as its cells. */
function tableOf(first: string): readonly (readonly string[])[] {
  const lines = page.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`| ${first} `));
  expect(head, `a table of "${first}"`).toBeGreaterThan(0);
  const end = lines.findIndex((line, index) => index > head && !line.startsWith("|"));
  return lines.slice(head + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const text = (amount: bigint) => formatScaled(amount, MONEY_DECIMALS);

function toMessage([
  fillId = "",
  ,
  time,
  side,
  price = "",
  size = "",
  fee = "",
  mid = "",
]: readonly string[]): FillMessage {
  const { midAtFill: _, ...message } = makeMessage({
    fillId,
    market: MARKET,
    price,
    size,
    venueTime: `${DAY}${time}Z`,
  });
  const [amount = "", feeAsset = ""] = fee.split(" ");
  expect(["buy", "sell"]).toContain(side);
  return {
    ...message,
    side: side === "buy" ? "buy" : "sell",
    fee: amount,
    feeAsset,
    ...(mid === "none" ? {} : { midAtFill: mid }),
  };
}

const rows = tableOf("fill");
const inVenueOrder = rows.map(toMessage);
const asTheyArrive = rows.toSorted((a, b) => Number(a[1]) - Number(b[1])).map(toMessage);

let cloud: LedgerCloud;
/** The ledger's books and hours before the last fill arrived, and after. */
const ledgerRows: string[][] = [];
/** The hour as the ledger stores it, with the page's marks. */
let hour: HourToProve;
let proof: HourProof;

beforeAll(async () => {
  cloud = await startLedgerCloud();
  const table = cloud.connect();
  for (const [index, message] of asTheyArrive.entries()) {
    await deliverAll(table, [message]);
    if (index < asTheyArrive.length - 2) continue;
    const books = await readBooks(table, MARKET);
    const hours = await readHours(table, MARKET, { from: `${DAY}02`, to: `${DAY}03` });
    ledgerRows.push([
      index === asTheyArrive.length - 1 ? "after" : "before",
      `${books.fillCount}`,
      ...[books.position, books.averageCost, books.realizedPnl, ...hours.map((one) => one.realizedPnl)].map(text),
    ]);
  }
  const opening = (await readClosingBefore(table, MARKET, `${DAY}03`))?.books ?? emptyBooks();
  const closing = (await readClosingBefore(table, MARKET, `${DAY}04`))?.books ?? emptyBooks();
  const [figures] = await readHours(table, MARKET, { from: `${DAY}03`, to: `${DAY}03` });
  const { fills } = await readFillsAfter(table, MARKET, { after: opening.lastFill, limit: 100 });
  const marks = tableOf("event").map(([, mark]) => parseScaled(mark, MONEY_DECIMALS, "mark"));
  if (figures === undefined) throw new Error("the ledger has no such hour");
  hour = { hour: figures, opening, closing, fills, openingMark: marks[0], closingMark: marks.at(-1), assets: ASSETS };
  proof = proveHour(hour);
});
afterAll(async () => await cloud.close());

test("the books after each fill are those of the page, and in the end those of the ledger", async () => {
  let state: LedgerState = emptyLedger();
  const computed = inVenueOrder.map((message) => {
    const before = state.books;
    state = foldFill(state, parseFillMessage(message), ASSETS);
    const { books } = state;
    const fee = books.fees - before.fees;
    const gain = books.realizedPnl - before.realizedPnl + fee;
    const amounts = [books.position, books.averageCost, gain, fee, books.realizedPnl, books.fees];
    return [message.fillId, ...[...amounts, books.buyVolume, books.sellVolume].map(text)];
  });
  expect(tableOf("after")).toEqual(computed);
  expect(await readBooks(cloud.connect(), MARKET)).toEqual(state.books);
});

test("the late fill changes the ledger as the page says", () => {
  expect(asTheyArrive.at(-1)?.fillId).toBe("F-3");
  expect(tableOf("ledger")).toEqual(ledgerRows);
});

test("the hour's events are those of the page", () => {
  const upTo = (count: number, closingMark?: bigint) =>
    addUpHour({ ...hour, fills: hour.fills.slice(0, count), position: hour.opening.position, closingMark });
  const inQuote = (exact: bigint) => formatScaled(exact, 2 * MONEY_DECIMALS);
  const events = hour.fills.map(({ fillId }, index) => {
    const [before, after] = [upTo(index), upTo(index + 1)];
    const revaluation = after.revaluationExact - before.revaluationExact;
    const capture = after.spreadCaptureExact - before.spreadCaptureExact;
    return [fillId, text(after.marks.closing), text(before.position), inQuote(revaluation), inQuote(capture)];
  });
  const atLastFill = upTo(events.length);
  const atEnd = upTo(events.length, hour.closingMark);
  const lastMove = inQuote(atEnd.revaluationExact - atLastFill.revaluationExact);
  expect(tableOf("event")).toEqual([
    ["opening", text(proof.openingMark), "", "", ""],
    ...events,
    ["closing", text(proof.closingMark), text(atLastFill.position), lastMove, ""],
  ]);
});

test("the lines of the hour's proof are those of the page, and it has no fault", () => {
  const equity = (books: Books, mark: bigint) =>
    books.sellVolume - books.buyVolume - books.fees + unrealizedPnl({ ...books, averageCost: 0n }, mark);
  expect(proof.faults).toEqual([]);
  expect(tableOf("line").map(([line, amount]) => [line, amount])).toEqual([
    ["equity at the start", text(equity(hour.opening, proof.openingMark))],
    ["equity at the end", text(equity(hour.closing, proof.closingMark))],
    ["PnL by the books", text(proof.pnl)],
    ["spread capture", text(proof.spreadCapture)],
    ["revaluation", text(proof.revaluation)],
    ["fees", text(proof.fees)],
    ["difference, units", `${proof.differenceUnits}`],
    ["realised PnL of the hour", text(proof.realizedChange)],
    ["change of unrealised PnL", text(proof.unrealizedChange)],
    ["drift, units", `${proof.driftUnits}`],
    ["drift at most, units", `${proof.driftBoundUnits}`],
  ]);
});

test.each(tableOf("line"))("%s is %s by hand too", (_, amount = "", byHand = "") => {
  const [sum = "", rounding] = byHand.split(", ");
  const value = calculate(sum.replaceAll("−", "-").replaceAll("×", "*"));
  expect(rounding === "rounded down" ? Math.floor(value) : value).toBeCloseTo(Number(amount), 9);
});

test("the page is short enough to be read", () => {
  expect(page.split("\n").length).toBeLessThanOrEqual(200);
});

/** The value of a sum such as `(3 + 4) / 2 - 5 * 6`. */
function calculate(sum: string): number {
  const tokens = sum.match(/[\d.]+|[-+*/()]/g) ?? [];
  const atom = (): number => {
    const token = tokens.shift();
    if (token !== "(") return Number(token);
    const value = terms();
    expect(tokens.shift()).toBe(")");
    return value;
  };
  const factors = (): number => {
    let value = atom();
    while (tokens[0] === "*" || tokens[0] === "/") value = tokens.shift() === "*" ? value * atom() : value / atom();
    return value;
  };
  const terms = (): number => {
    let value = factors();
    while (tokens[0] === "+" || tokens[0] === "-") value += tokens.shift() === "+" ? factors() : -factors();
    return value;
  };
  const value = terms();
  expect(tokens).toEqual([]);
  return value;
}
