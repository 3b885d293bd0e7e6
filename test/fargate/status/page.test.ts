/** The page in a real browser against a real status server whose task changes while it is watched. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StatusServer } from "../../../fargate/status/server.ts";
import type { HistoryPoint, TaskState } from "../../../fargate/status/state.ts";
import { type Browser, launchBrowser, NOT_RUN, watchedPage } from "./browser.ts";
import { startServer } from "./status-server.ts";
import { makeHistoryPoints, makeMarketState, makeTaskState, NOW_MS } from "./task-state.ts";

/** Counts the pixels of the plots' blue line, #1f63a8, which neither axes nor grid have. */
const LINE_PIXELS = `(id) => {
  const canvas = document.querySelector("#" + id + " canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - 0x1f) + Math.abs(data[at + 1] - 0x63) + Math.abs(data[at + 2] - 0xa8);
    if (data[at + 3] > 200 && far < 40) count += 1;
  }
  return count;
}`;

/** Pixels between the right edges of an element and of its card's content. */
const ROOM = `(id) => {
  const element = document.getElementById(id);
  const card = element.closest(".card");
  const inset = parseFloat(getComputedStyle(card).paddingRight);
  return Math.ceil(card.getBoundingClientRect().right - inset - element.getBoundingClientRect().right);
}`;

const atom = makeMarketState({
  market: "ATOM/USDC",
  base: "ATOM",
  mid: "9.1234",
  bids: [],
  asks: [],
  fills: [],
  openOrders: [],
});

let browser: Browser | undefined;
let page: Page;
let server: StatusServer;
let state: TaskState;
let points: readonly HistoryPoint[];
let complaints: string[];

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
});

async function serve(port: number): Promise<StatusServer> {
  return startServer({ port, state: () => state, history: (market) => (market === "SEI/USDC" ? points : []) });
}

beforeEach(async (ctx) => {
  if (browser === undefined) return ctx.skip(NOT_RUN);
  state = makeTaskState({ markets: [makeMarketState(), atom] });
  points = makeHistoryPoints(300);
  server = await serve(0);
  ({ page, complaints } = await watchedPage(browser));
  await page.goto(`http://127.0.0.1:${server.port}/`);
  await shows("mid", "0.42145");
});

afterEach(async () => {
  if (browser === undefined) return;
  await page.close();
  await server.close();
});

/** Waits until a figure reads as it should. */
async function shows(name: string, text: string): Promise<void> {
  await page.locator(`[data-field="${name}"]`, { hasText: text }).waitFor({ timeout: 5_000 });
}

function texts(selector: string): Promise<string[]> {
  return page.locator(selector).allTextContents();
}

const PLOTS = ["plot-pnl", "plot-position", "plot-spread"];
const POLLED = { timeout: 5_000, interval: 100 };

function linePixels(id: string): Promise<unknown> {
  return page.evaluate(`(${LINE_PIXELS})("${id}")`);
}

function picture(id: string): Promise<unknown> {
  return page.evaluate(`document.querySelector("#${id} canvas").toDataURL()`);
}

describe("status page", () => {
  test("figures change without a reload, and nothing is complained about", async () => {
    await page.evaluate("window.sameDocument = true");
    await shows("improvement", "+26.1 bps");
    const market = makeMarketState({ mid: "0.4311", totalPnl: "-2.5", fillCount: 58, spreadImprovementBps: 30.04 });
    state = makeTaskState({ markets: [market, atom], errors: { "cambrian timeout": 3 } });
    await shows("mid", "0.4311");
    await shows("improvement", "+30.0 bps");
    await shows("pnl-total", "−2.5000 USDC");
    await shows("fill-count", "58 in all");
    expect(await texts("#errors dt")).toEqual(["cambrian timeout"]);
    expect(await page.title()).toBe("0.4311 SEI/USDC · FlashMM");
    expect(await page.evaluate("window.sameDocument")).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("integrations are told by sign and word, since when, and what the last look said", async () => {
    const look = {
      healthy: true,
      configured: true,
      detail: "it answers",
      breaker: "closed",
      checkedAtMs: NOW_MS - 20_000,
    };
    const since = { sinceMs: NOW_MS - 65_000 };
    state = makeTaskState({
      integrations: [
        { ...look, ...since, integration: "cambrian" },
        { ...look, ...since, integration: "grafana", healthy: false, detail: "<b>reset</b>", breaker: "open" },
        { ...look, ...since, integration: "sei-rest", checkedAtMs: NOW_MS - 200_000 },
        { ...look, ...since, integration: "x", configured: false, detail: "no keys of X" },
      ],
    });
    await page.locator("#integrations li", { hasText: "cambrian" }).waitFor();
    expect(await texts("#integrations .name")).toEqual(["cambrian", "grafana", "sei-rest", "x"]);
    expect(await texts("#integrations .word")).toEqual([
      "✓ well for 1 min 5 s",
      "✗ ill for 1 min 5 s",
      "? not swept lately",
      "– not configured",
    ]);
    expect((await texts("#integrations .detail"))[1]).toBe("<b>reset</b> (breaker open)");
    state = makeTaskState({ integrations: null });
    await page.locator("#no-integrations").waitFor();
    expect(complaints).toEqual([]);
  });

  test("the levels that hold our size are marked, and no others", async () => {
    expect(await texts('#asks tr[data-own="yes"] .price')).toEqual(["0.4221", "0.4219"]);
    expect(await texts('#bids tr[data-own="yes"] .price')).toEqual(["0.4210", "0.4208"]);
    expect(await texts('#bids tr[data-own="yes"] .own')).toEqual(["◆ 100", "◆ 100"]);
    expect(await texts('#bids tr[data-own="no"] .own')).toEqual(Array.from({ length: 8 }, () => ""));
    const bids = [{ price: "0.4209", size: "250", own: "250" }];
    state = makeTaskState({ markets: [makeMarketState({ bids })] });
    await page.locator("#bids tr", { hasText: "0.4209" }).waitFor();
    expect(await texts('#bids tr[data-own="yes"] .price')).toEqual(["0.4209"]);
    expect(await texts("#bids tr")).toHaveLength(1);
  });

  test("markouts stand by side and level with sign, interval and count, and a certain loss is marked", async () => {
    const rows = (id: string) => page.locator(`#${id} tr`).allInnerTexts();
    const read = async (id: string) => (await rows(id)).map((row) => row.trim().split(/\s+/).join(" "));
    expect(await read("markouts-rolling")).toEqual([
      "▲ buy 31 +10.4 ±0.4 +9.7 ±0.9 +9.3 ±1.2 +7.9 ±2.1",
      "level 0 20 +10.0 ±0.5 +9.3 ±0.9 +8.8 ±1.2 +7.0 ±2.4",
      "level 1 11 +18.6 ±2.0 +18.2 ±2.1 +19.0 ±3.4 +20.6 ±5.0",
      "▼ sell 24 +5.4 ±0.7 +4.6 ±1.0 0.0 ±1.3 −4.1 ±2.6",
      "level 0 24 +5.4 ±0.7 +4.6 ±1.0 0.0 ±1.3 −4.1",
      "level 1 0 – – – –",
    ]);
    expect(await read("markouts-hour")).toEqual([
      "▲ buy 31 +10.4 ±0.4 +9.7 ±0.9 +9.3 ±1.2 +7.9 ±2.1",
      "▼ sell 24 +5.4 ±0.7 +4.6 ±1.0 0.0 ±1.3 −4.1 ±2.6",
    ]);
    expect(await texts("#markouts-hour-title")).toEqual(["This hour, from 03:00"]);
    // Of the row over all levels alone: of the other it is not known how sure it is.
    expect(await texts('#markouts-rolling [data-loss="yes"] span:first-child')).toEqual(["−4.1"]);
    const none = { count: 0, bps: null, plusMinusBps: null };
    const horizons = { "1s": none, "5s": none, "60s": none };
    const empty = { side: "buy", level: "all", capture: none, markout: horizons, adverseSelection: horizons } as const;
    const markouts = { rolling: [empty], hour: null, unmarked: 3 };
    state = makeTaskState({ markets: [makeMarketState({ markouts })] });
    await page.locator("#no-markouts").waitFor();
    expect(await page.locator("#markouts-table").isVisible()).toBe(false);
    expect(await texts("#markouts-unmarked")).toEqual(["3 not marked"]);
  });

  test("why a quote is missing is said beside it, and what time without both sides went to below", async () => {
    const rows = async (id: string) =>
      (await page.locator(`#${id} tr`).allInnerTexts()).map((row) => row.trim().split(/\s+/).join(" "));
    expect(await rows("why-quotes")).toEqual([
      "▲ bid 0 0.421 × 100 0.421 × 100 improved",
      "▲ bid 1 – – position limit",
      "▼ ask 0 0.4219 × 100 0.4219 × 100 unanswered",
      "▼ ask 1 0.4221 × 100 0.4221 × 100",
    ]);
    expect(await page.locator('#why-quotes tr[data-stands="no"] td:first-child').allInnerTexts()).toEqual([
      "▲ bid 1",
      "▼ ask 0",
    ]);
    expect(await page.locator("#why-quotes .reason", { hasText: "position" }).getAttribute("title")).toContain("limit");
    expect(await rows("why-total")).toEqual(["position limit 1 min 15 s", "unanswered 1.5 s"]);
    expect(await texts("#why-hour-title")).toEqual(["The hour from 03:00"]);
    expect(await rows("why-hour")).toEqual(["unanswered 0.5 s"]);
    const why = { quotes: [], unquoted: { total: [], hours: [] } };
    state = makeTaskState({ markets: [makeMarketState({ why })] });
    await page.locator("#no-unquoted").waitFor();
    expect(await page.locator("#why-unquoted").isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  test("the three plots are drawn, and drawn on when points come", async () => {
    for (const id of PLOTS) await expect.poll(() => linePixels(id), POLLED).toBeGreaterThan(200);
    const before = await Promise.all(PLOTS.map(picture));
    const [last] = points.slice(-1);
    points = [...points, { ...last!, atMs: NOW_MS + 60_000, totalPnl: 9, position: 999, spreadSelfBps: 7 }];
    for (const [index, id] of PLOTS.entries()) {
      await expect.poll(() => page.locator(`#${id}`).getAttribute("aria-label"), POLLED).toContain("301 points");
      await expect.poll(() => picture(id), POLLED).not.toBe(before[index]);
    }
    expect(complaints).toEqual([]);
  });

  test("another market is shown at a click, with its own figures and none of the first's points", async () => {
    await page.getByRole("button", { name: "ATOM/USDC" }).click();
    await shows("mid", "9.1234");
    expect(await texts("#bids tr")).toEqual([]);
    expect(await page.locator("#plot-pnl").getAttribute("aria-label")).toContain("0 points");
    await page.getByRole("button", { name: "SEI/USDC" }).click();
    await shows("mid", "0.42145");
  });

  test("a task that does not answer is said to be silent until it answers again", async () => {
    const { port } = server;
    await server.close();
    const alert = page.getByRole("alert");
    await alert.waitFor({ timeout: 8_000 });
    expect(await alert.textContent()).toBe("The task does not answer (no connection). The figures below are old.");
    await shows("quoting", "Not known");
    state = makeTaskState({ markets: [makeMarketState({ mid: "0.44" })] });
    server = await serve(port);
    await alert.waitFor({ state: "hidden", timeout: 8_000 });
    await shows("mid", "0.44");
    await shows("quoting", "Quoting");
  });

  test("a starting task shows its steps, a halted one its reasons", async () => {
    const startup = [
      { step: "lease", state: "done", detail: "epoch 12" } as const,
      { step: "cancel open orders", state: "running", detail: "2 left" } as const,
    ];
    state = makeTaskState({ phase: "starting", startup });
    await shows("quoting", "Starting");
    expect(await texts("#steps li")).toEqual(["leasedoneepoch 12", "cancel open ordersrunning2 left"]);
    state = makeTaskState({ markets: [makeMarketState({ quoting: false, reasons: ["book is stale: 6.2 s old"] })] });
    await shows("quoting", "Not quoting");
    expect(await texts("#reasons li")).toEqual(["book is stale: 6.2 s old"]);
    expect(await page.locator("#startup").isVisible()).toBe(false);
  });

  test("one line says which strategy quotes, who changed it and when, and what was refused", async () => {
    await shows("strategy", "pure-market-making, as started");
    const changed = {
      strategySource: "item",
      strategyChangedAt: "2026-01-02T03:04:05.678Z",
      strategyBy: "ana@desk",
      strategyRefused: ['the configuration file: shard "main" → "other" needs a restart'],
    } as const;
    state = makeTaskState({ markets: [makeMarketState(changed), atom] });
    await shows("strategy-refused", 'configuration refused: the configuration file: shard "main" → "other" needs');
    expect(await texts('[data-field="strategy"]')).toEqual([
      "pure-market-making, changed 2026-01-02 03:04:05 by ana@desk, over the configuration file",
    ]);
    state = makeTaskState({ markets: [makeMarketState(), atom] });
    await shows("strategy", "as started");
    expect(await texts('[data-field="strategy-refused"]')).toEqual([""]);
    expect(complaints).toEqual([]);
  });

  test("reports are linked to where the configuration says they are, and nowhere else", async () => {
    const link = page.locator("#reports");
    expect(await link.isVisible()).toBe(false);
    state = makeTaskState({ reportsUrl: "http://127.0.0.1:8081" });
    await link.waitFor();
    expect(await link.getAttribute("href")).toBe("http://127.0.0.1:8081");
    state = makeTaskState();
    await link.waitFor({ state: "hidden" });
  });

  test("markup among the task's words is shown as words", async () => {
    const reason = '<img src="x" onerror="window.broken = true">';
    state = makeTaskState({ markets: [makeMarketState({ reasons: [reason] })], errors: { [reason]: 1 } });
    await page.locator("#reasons li").waitFor();
    expect(await texts("#reasons li")).toEqual([reason]);
    expect(await page.locator("main img:not(#report-chart)").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("nothing runs over the edge, from a phone to a desk", async () => {
    for (const width of [390, 760, 1_180, 1_400]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      for (const table of ["markouts-table", "why-table"]) {
        expect(await page.evaluate(`(${ROOM})("${table}")`)).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
