/** The plain strategy through the engine. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { quotesOf } from "../../core/quoting/quoter.ts";
import { loadConfig } from "../../fargate/config.ts";
import { toMarketSettings } from "../../fargate/market-settings.ts";
import { Desk } from "../core/desk.ts";
import { makeBook } from "../core/make-events.ts";
import { QUIET } from "../core/quoting/make-input.ts";

const ENV = {
  CAMBRIAN_API_KEY: "k",
  CAMBRIAN_SECRET_KEY: "s",
  FILLS_QUEUE_URL: "http://127.0.0.1/q",
  TABLE_NAME: "ledger",
};

describe("a market with fixed distances alone", () => {
  it("is quoted as its strategy says of the microprice alone, since it has none of the rest", () => {
    const [config] = loadConfig({
      env: ENV,
      readFile: () => readFileSync("sim/world/plain-config.json", "utf8"),
    }).markets;
    const plain = toMarketSettings(config!);
    const desk = new Desk([plain]);
    for (let ms = 0; ms <= 20_000; ms += 400) {
      const mid = 4_200 + ((ms / 400) % 7);
      desk.tell(makeBook({ bids: [[mid - 10, 100 + ms]], asks: [[mid + 10, 700]], ms }));
      desk.decideAndAnswer(ms + 1);
      const { others } = desk.market.watch;
      const { quotes } = quotesOf(plain.strategy, {
        fairValue: desk.market.watch.fairValue()!,
        others,
        rivals: others,
        inventory: 0,
        volatility: undefined,
        intensity: { isFitted: false, note: "few-trades" },
        buy: QUIET,
        sell: QUIET,
        nowMs: ms,
      });
      const asked = { inventory: 0, markouts: { buy: undefined, sell: undefined }, nowMs: ms + 1 };
      expect(desk.market.quoter.wanted(asked).quotes).toEqual(quotes);
      expect(quotes).toHaveLength(4);
    }
  });
});
