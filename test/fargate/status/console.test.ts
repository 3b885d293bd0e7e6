/** The console in a real browser: first over a real task in a simulated world, then over a state that fills every part of it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { StatusServer } from "../../../fargate/status/server.ts";
import { EVENT_DETAILS } from "../../../lambdas/event-schemas.ts";
import { makeDrivenClock } from "../../sim/exchange/driven-clock.ts";
import { type Browser, launchBrowser, NOT_RUN, type WatchedPage, watchedPage } from "./browser.ts";
import { makeConsoleState, makeWalk } from "./console-state.ts";
import { type OperatedTask, startOperatedTask } from "./operated-task.ts";
import { smallPng } from "./small-png.ts";
import { busAt, makeOperatorApi, startServer } from "./status-server.ts";

/** Contrast of every text that is seen, with its background; gradients and pictures are passed over. */
const POOR_CONTRASTS = `(() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, under) => {
    const mix = (name) => top[name] * top.a + under[name] * (1 - top.a);
    return { r: mix("r"), g: mix("g"), b: mix("b"), a: 1 };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((each) => each / 255).map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const backgroundOf = (element) => {
    const layers = [];
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.a > 0) layers.push(colour);
      if (colour.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), { r: 255, g: 255, b: 255, a: 1 });
  };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!says || element.closest(".unseen, canvas") !== null || !element.checkVisibility()) continue;
    if (getComputedStyle(element).backgroundImage !== "none") continue;
    const background = backgroundOf(element);
    const [one, other] = [over(parse(getComputedStyle(element).color), background), background].map(luminance);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.push(element.className + " " + element.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
  }
  return poor;
})()`;

/** What a keyboard should reach, as far as it is seen. */
const CONTROLS = `[...document.querySelectorAll("a[href], button, input, select, textarea")]
  .filter((each) => each.checkVisibility() && !each.disabled)
  .map((each) => each.id || each.textContent.trim())`;

const FOCUSED = `(document.activeElement.id || document.activeElement.textContent.trim())`;

const SCREENSHOT = new URL("../../../docs/console.png", import.meta.url);
const SCREENSHOT_BYTES_MAX = 300_000;

let browser: Browser | undefined;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(async (ctx) => {
  if (browser === undefined) return ctx.skip(NOT_RUN);
  watched = await watchedPage(browser);
  page = watched.page;
});
afterEach(async () => {
  if (browser !== undefined) await page.close();
});

const POLLED = { timeout: 20_000, interval: 50 };

/** Obedience takes a second or two; a machine that runs other tests beside may take long. */
const SLOW_MACHINE_MS = 60_000;

const textOf = async (selector: string) => (await page.locator(selector).allInnerTexts()).join("\n");

async function open(port: number): Promise<void> {
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.locator("#quoting[data-state]:not([data-state=waiting])").waitFor();
}

/** Presses Tab until the control has the keyboard, which must be seen. */
async function tabTo(control: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(FOCUSED)) !== control) continue;
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    return;
  }
  throw new Error(`no Tab leads to ${control}`);
}

describe("the console of a task in the simulated world", () => {
  let operated: OperatedTask;
  let server: StatusServer;

  beforeAll(async () => {
    if (browser === undefined) return;
    operated = await startOperatedTask();
    server = await startServer(operated.sources);
  }, SLOW_MACHINE_MS);
  afterAll(async () => {
    if (browser === undefined) return;
    await server.close();
    await operated.stop();
  });

  test("shows figures that change, complains of nothing, and asks nobody but its task", {
    timeout: SLOW_MACHINE_MS,
  }, async () => {
    await open(server.port);
    const [mid, events] = [await textOf('[data-field="mid"]'), await textOf('[data-field="feed-events"]')];
    await expect.poll(() => textOf('[data-field="feed-events"]'), POLLED).not.toBe(events);
    await expect.poll(() => textOf('[data-field="mid"]'), POLLED).not.toBe(mid);
    expect(watched.asked.length).toBeGreaterThan(20);
    expect(watched.asked.filter((url) => !url.startsWith(`http://127.0.0.1:${server.port}/`))).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test("halts a market by the keyboard alone, in two steps, and says when it was obeyed", {
    timeout: SLOW_MACHINE_MS,
  }, async () => {
    await open(server.port);
    await tabTo("operate-market");
    await page.keyboard.press("ArrowDown");
    await tabTo("operate-reason");
    await page.keyboard.type("odd fills");
    await tabTo("Halt …");
    await page.keyboard.press("Enter");
    expect(await textOf("#confirm-title")).toBe("Halt SEI/USDC?");
    // Once more decides nothing.
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    expect(await page.evaluate(FOCUSED)).toBe("Halt …");
    expect(operated.events).toEqual([]);
    await page.keyboard.press("Enter");
    await tabTo("confirm-yes");
    await page.keyboard.press("Enter");

    await expect
      .poll(() => textOf("#asked"), POLLED)
      .toMatch(/halt SEI\/USDC\s+✓ obeyed\s+“odd fills” after \d+\.\d s;/);
    expect(await page.locator("#said").textContent()).toMatch(/^halt SEI\/USDC: obeyed after/);
    await expect.poll(() => textOf("#quoting"), POLLED).toBe("Halted");
    expect(operated.openOrders()).toBe(0);
    expect(operated.events).toMatchObject([
      { "detail-type": "Quoting Halt Requested", detail: { market: "SEI/USDC", reason: "odd fills" } },
    ]);
    await page.locator("#alarms li", { hasText: "SEI/USDC is halted by hand" }).waitFor();
    expect(watched.complaints).toEqual([]);
  });

  test("resumes it by two clicks, and it quotes again", { timeout: SLOW_MACHINE_MS }, async () => {
    await open(server.port);
    await page.getByRole("button", { name: "Resume …" }).click();
    expect(await textOf("#operate-fault")).toBe("Say why: it stands on this page and in the log.");
    await page.getByLabel("Market", { exact: true }).selectOption("SEI/USDC");
    await page.getByLabel("Reason", { exact: true }).fill("looked, all well");
    await page.getByRole("button", { name: "Resume …" }).click();
    expect(await textOf("#confirm-text")).toContain("Halted now: SEI/USDC: odd fills.");
    await page.getByRole("button", { name: "Resume SEI/USDC now" }).click();
    await expect.poll(() => textOf("#asked"), POLLED).toContain("✓ obeyed");
    await expect.poll(() => textOf("#quoting"), POLLED).toBe("Quoting");
    // On a machine that does other things beside, others may have come.
    await page.locator("#alarms li", { hasText: "halted by hand" }).waitFor({ state: "detached" });
    expect(operated.events).toHaveLength(2);
    expect(watched.complaints).toEqual([]);
  });
});

describe("the console of a task with much to say", () => {
  let server: StatusServer;
  let state = makeConsoleState();
  const chart = readFileSync(new URL("../../../docs/reports/one-market.png", import.meta.url));
  const sources = {
    state: () => state,
    history: (market: string) => (market === "SEI/USDC" ? makeWalk() : []),
    chart: () => Promise.resolve(chart),
  };

  beforeEach(async () => {
    if (browser === undefined) return;
    state = makeConsoleState();
    server = await startServer(sources);
    await open(server.port);
    await page.locator("#report-chart").waitFor();
  });
  afterEach(async () => {
    if (browser !== undefined) await server.close();
  });

  async function askToHalt(): Promise<void> {
    await page.getByLabel("Market", { exact: true }).selectOption("SEI/USDC");
    await page.getByLabel("Reason", { exact: true }).fill(`it's "odd" $(id)`);
    await page.getByRole("button", { name: "Halt …" }).click();
    await page.locator("#confirm").waitFor();
  }

  test("alarms, ways out, audit and reports are told by sign and word", async () => {
    const rows = async (id: string) =>
      (await page.locator(`#${id} > *`).allInnerTexts()).map((row) => row.split(/\s+/).join(" "));
    expect((await rows("alarms"))[0]).toBe(
      "✗ critical Messages are set aside for 7 min 0 s 1 in fills-dead-letters, 5 queues are empty → docs/runbook.md#fills-set-aside",
    );
    expect(await rows("breakers")).toEqual([
      "order API ✓ closed",
      "fill stream ✓ connected",
      "127.0.0.1:26657 ✓ in use Sei, first choice",
      "127.0.0.1:26658 – stands by Sei, backup",
      "metrics push ✓ taken",
      "health sweep ✓ 11 closed",
    ]);
    const audit = await rows("audit");
    expect(audit[0]).toBe("Result ✓ clean");
    expect(audit).toContain("All of it again within 6 min 35 s");
    expect(await rows("report-list")).toEqual([
      "2026-01-02 03:00 posted",
      "2026-01-02 02:00 posted",
      "2026-01-02 01:00 failed",
    ]);
    await page.getByRole("button", { name: "2026-01-02 01:00 failed" }).click();
    expect(await textOf("#report-reason")).toBe("401: the keys of X are refused");
    await expect
      .poll(() => page.evaluate("document.getElementById('report-chart').naturalWidth"), POLLED)
      .toBeGreaterThan(100);
    const { feed, venue } = state;
    state = makeConsoleState({
      feed: { ...feed, status: "failed" },
      venue: { ...venue, circuit: 2 },
      alarms: [],
      audits: null,
      reports: null,
    });
    await page.locator("#no-alarms").waitFor();
    await page.locator("#no-audit").waitFor();
    await page.locator("#no-reports").waitFor();
    expect((await rows("breakers")).slice(0, 3)).toEqual([
      "order API ✗ open nothing is placed",
      "fill stream ✓ connected",
      "127.0.0.1:26657 ✗ no answer Sei, first choice",
    ]);
    expect(watched.complaints).toEqual([]);
  });

  test("where it may not operate it shows the command, which copies as it is", async () => {
    await browser?.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await expect.poll(() => textOf("#operation"), POLLED).toBe("read-only: shows the command");
    await askToHalt();
    expect(await page.locator("#confirm-yes").isVisible()).toBe(false);
    const shown = await page.locator("#confirm-command").inputValue();
    await page.getByRole("button", { name: "Copy the command" }).click();
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()"), POLLED).toBe(shown);
    const [, entries = ""] = /^aws events put-events --region eu-west-1 --entries '(.*)'$/.exec(shown) ?? [];
    const [entry] = JSON.parse(entries.replaceAll("'\\''", "'"));
    const schema = EVENT_DETAILS["flashmm.operator"]["Quoting Halt Requested"];
    expect(schema.parse(JSON.parse(entry.Detail))).toEqual({ market: "SEI/USDC", reason: `it's "odd" $(id)` });
    expect(watched.complaints).toEqual([]);
  });

  test.each([
    ["the bus does not answer", 504, "? not known"],
    ["the connection breaks", undefined, "? not known"],
    ["the bus refuses it", 502, "✗ not sent"],
  ])("a request where %s (%s) is told as %s, and followed where it may be carried out", async (what, status, word) => {
    const operator = makeOperatorApi({
      markets: ["SEI/USDC", "ATOM/USDC"],
      bus: busAt("http://127.0.0.1:1", makeDrivenClock()),
    });
    const operating = await startServer({ ...sources, operator });
    try {
      await page.route("**/api/operator", async (route) => {
        if (route.request().method() !== "POST") return await route.continue();
        if (status === undefined) return await route.abort();
        return await route.fulfill({ status, json: { error: { code: "X", message: what } } });
      });
      await open(operating.port);
      await page.locator("#operation", { hasText: /^$/ }).waitFor({ state: "attached" });
      await page.getByLabel("Market", { exact: true }).selectOption("ATOM/USDC");
      await page.getByLabel("Reason", { exact: true }).fill("looked");
      await page.getByRole("button", { name: "Resume …" }).click();
      await page.getByRole("button", { name: "Resume ATOM/USDC now" }).click();
      await expect.poll(() => textOf("#asked"), POLLED).toContain(word);
      expect(await textOf("#asked")).toContain(status === undefined ? "no connection" : what);
      const { control } = state;
      const running = { state: "running", reason: null, by: null, at: null } as const;
      state = makeConsoleState({
        control: { ...control, markets: control.markets.map((market) => ({ ...market, ...running })) },
      });
      if (word === "? not known") {
        await expect.poll(() => textOf("#asked"), POLLED).toMatch(/✓ obeyed\s+“looked” after \d/);
      } else {
        await page.locator("#alarms li").first().waitFor();
        await page.waitForResponse("**/api/state*");
        expect(await textOf("#asked")).toContain(word);
      }
    } finally {
      await operating.close();
    }
  });

  test("fits a phone, and every text can be read, in light and dark", async () => {
    await askToHalt();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(POOR_CONTRASTS)).toEqual([]);
      for (const width of [360, 390, 760, 1_180]) {
        await page.setViewportSize({ width, height: 900 });
        expect([width, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([width, width]);
      }
    }
    expect(watched.complaints).toEqual([]);
  });

  test("every control is reached by the keyboard", async () => {
    const wanted: unknown = await page.evaluate(CONTROLS);
    const reached = new Set<unknown>();
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(FOCUSED));
    }
    expect([...reached]).toEqual(expect.arrayContaining(Array.isArray(wanted) ? wanted : []));
  });

  /** Where it may operate, at the second step. */
  async function takePicture(): Promise<void> {
    const operator = makeOperatorApi({ bus: busAt("http://127.0.0.1:1", makeDrivenClock()) });
    const operating = await startServer({ ...sources, operator });
    await page.setViewportSize({ width: 1_400, height: 900 });
    await open(operating.port);
    await page.locator("#operation", { hasText: /^$/ }).waitFor({ state: "attached" });
    await page.getByLabel("Market", { exact: true }).selectOption("SEI/USDC");
    await page.getByLabel("Reason", { exact: true }).fill("the venue's fills look odd");
    await page.getByRole("button", { name: "Halt …" }).click();
    await page.locator("#report-chart").waitFor();
    await expect.poll(() => page.locator("#plot-pnl").getAttribute("aria-label"), POLLED).toContain("360 points");
    writeFileSync(SCREENSHOT, smallPng(await page.screenshot({ fullPage: true })));
    await operating.close();
  }

  test("looks as the documentation shows it", async () => {
    if (!existsSync(SCREENSHOT) || process.env["FLASHMM_WRITE_SCREENSHOT"] === "1") await takePicture();
    const png = readFileSync(SCREENSHOT);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(1_400);
    expect(png.length).toBeLessThan(SCREENSHOT_BYTES_MAX);
  });
});
