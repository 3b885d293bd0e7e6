/** A real browser for the tests of the page, what it complains of, and what it asks for. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const EXECUTABLE = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
].find((path) => path !== undefined && existsSync(path));

export const NOT_RUN = "no Chromium at the usual paths: the page was not looked at; set CHROMIUM_PATH to run this";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Letters in shades of their colour, not in those of a screen's parts: the documentation's picture is for every screen.
  "--disable-lcd-text",
];

export type Browser = { readonly context: BrowserContext; close(): Promise<void> };

/** Undefined, and said loudly, where this machine has none. */
export async function launchBrowser(): Promise<Browser | undefined> {
  if (EXECUTABLE === undefined) {
    process.stderr.write(`${NOT_RUN}\n`);
    return undefined;
  }
  const userData = await mkdtemp(join(tmpdir(), "flashmm-page-"));
  const context = await chromium.launchPersistentContext(userData, {
    executablePath: EXECUTABLE,
    args: FLAGS,
    colorScheme: "light",
    viewport: { width: 1_400, height: 900 },
  });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(userData, { recursive: true, force: true });
    },
  };
}

export type WatchedPage = {
  readonly page: Page;
  /** Console lines, uncaught errors, breaches of the content security policy. */
  readonly complaints: string[];
  /** Addresses that it asked for. */
  readonly asked: string[];
};

export async function watchedPage({ context }: Browser): Promise<WatchedPage> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => {
    // The browser's advice on a test's own reading of pixels is not about the page.
    if (!message.text().includes("willReadFrequently")) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => asked.push(request.url()));
  await page.addInitScript(
    'addEventListener("securitypolicyviolation", (event) => console.error("policy " + event.violatedDirective))',
  );
  return { page, complaints, asked };
}
