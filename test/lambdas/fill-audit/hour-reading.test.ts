import { expect, it } from "vitest";
import { proveHour } from "../../../core/accounting/hour-proof.ts";
import { splitSymbol } from "../../../core/messages.ts";
import { readHour, readStoredHours } from "../../../lambdas/fill-audit/hour-reading.ts";
import { makeMemoryTableHost } from "../../../sim/world/table-host.ts";
import { connect } from "../fill-accounting/faulty-table.ts";
import { deliverOnce, nextMarket } from "../fill-accounting/ledger-laws.ts";
import { makeMessage } from "../fill-accounting/make-messages.ts";

const HOUR = "2026-01-02T03";
const host = makeMemoryTableHost();

/** A market with fills in three hours, and a late one of the first whose delivery ended after so many requests. */
async function withLateFill(requests: number) {
  const market = nextMarket();
  const toFill = (id: string, time: string, price: string) =>
    makeMessage({ market, fillId: `${market}-${id}`, venueTime: `2026-01-02T${time}.000Z`, price });
  const fills = [toFill("a", "03:10:00", "0.42"), toFill("b", "03:40:00", "0.43"), toFill("c", "04:10:00", "0.44")];
  await deliverOnce(connect(host), [...fills, toFill("d", "05:10:00", "0.45")]);
  const late = toFill("late", "03:20:00", "0.41");
  const ending = connect(host, { fault: { at: requests, how: "lost", kills: true } });
  await deliverOnce(ending, [late]);
  return { market, late, isWhole: !ending.isDead() };
}

/** Reads the hour as the audit does, while the late fill is brought to its end before the reader's request of a number. */
async function readMeanwhile(requests: number, at: number) {
  const { market, late, isWhole } = await withLateFill(requests);
  const { hours } = await readStoredHours(connect(host), market, { from: HOUR, to: HOUR, limit: 1 });
  const [stored] = hours;
  if (stored === undefined) throw new Error("the hour must be stored");
  let asked = 0;
  const reader = connect(host, {
    hold: async (number) => {
      asked = number;
      if (number === at) await deliverOnce(connect(host), [late]);
    },
  });
  const reading = await readHour(reader, market, stored);
  const faults =
    reading === undefined
      ? []
      : proveHour({ ...reading, hour: stored.figures, closing: stored.closing, assets: splitSymbol(market) }).faults;
  return { faults, isRead: reading !== undefined, isWhole, asked };
}

it("an hour is read as of one moment, wherever a late fill of it stands and whenever it is brought to its end", async () => {
  let read = 0;
  for (let requests = 1, isWhole = false; !isWhole; requests += 1) {
    for (let at = 1, asked = at; asked >= at; at += 1) {
      const outcome = await readMeanwhile(requests, at);
      expect(outcome.faults, `delivery ended at request ${requests}, went on before request ${at}`).toEqual([]);
      if (outcome.isRead) read += 1;
      ({ isWhole, asked } = outcome);
    }
  }
  expect(read).toBeGreaterThan(0);
});
