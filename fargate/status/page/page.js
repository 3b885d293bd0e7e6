/**
 * The status page: asks the task for its state twice a second and for new points once a second, and draws them.
 * Owns the polling, the chosen market and what is said when the task does not answer. It changes nothing in the task: what
 * an operator asks for is `operate.js`'s.
 */
import { drawAlarms } from "/alarms.js";
import { ask } from "/ask.js";
import { followAsked, isWaiting } from "/asked.js";
import { drawAudit } from "/audit.js";
import { drawBreakers } from "/breakers.js";
import { byId, children, element, fill, setData, setText, show } from "/elements.js";
import { drawMarket, drawTask } from "/figures.js";
import { age } from "/format.js";
import { drawIntegrations } from "/integrations.js";
import { drawLadder } from "/ladder.js";
import { drawMarkouts } from "/markouts.js";
import { drawOperate, startOperating } from "/operate.js";
import { addPoints, clearPoints, newestAtMs, startPlots } from "/plots.js";
import { drawReports } from "/reports.js";
import { drawErrors, drawFills, drawOrders, drawReasons, drawSteps } from "/tables.js";
import { drawWhy } from "/why.js";

const STATE_EVERY_MS = 500;
const HISTORY_EVERY_MS = 1_000;
/** While something that was asked for here is not obeyed yet. */
const WAITING_EVERY_MS = 150;

/** Without an answer for this long the figures are called old. */
const SILENT_AFTER_MS = 1_500;

let chosen = marketOfAddress();
let state = null;
let answeredAt = performance.now();
let failure = "";

startPlots();
startOperating();
addEventListener("hashchange", () => choose(marketOfAddress()));
void every(() => (isWaiting() ? WAITING_EVERY_MS : STATE_EVERY_MS), pollState);
void every(() => HISTORY_EVERY_MS, pollHistory);

/** Runs `task`, again and again, some time after it has ended: slow answers never pile up. */
async function every(pauseMs, task) {
  for (;;) {
    await task();
    await new Promise((resolve) => setTimeout(resolve, pauseMs()));
  }
}

async function pollState() {
  try {
    const next = await ask("/api/state");
    const isNew = state === null || state.engineId !== next.engineId || state.startedAtMs !== next.startedAtMs;
    if (isNew && state !== null) clearPoints();
    state = next;
    drawOperate(state, isNew);
    followAsked(state);
    answeredAt = performance.now();
    failure = "";
  } catch (error) {
    failure = error.message;
  }
  if (state !== null && failure === "") draw();
  drawLiveness();
}

async function pollHistory() {
  const market = currentMarket()?.market;
  if (market === undefined) return;
  try {
    const query = new URLSearchParams({ market, after: String(newestAtMs()) });
    const answer = await ask(`/api/history?${query}`);
    if (currentMarket()?.market === answer.market) addPoints(answer.points);
  } catch {
    // The state is asked for twice as often and says what is wrong; the points come with the next answer.
  }
}

function currentMarket() {
  return state?.markets.find((market) => market.market === chosen) ?? state?.markets[0];
}

/** The market named behind the address's `#`; empty when none is, or when it cannot be read. */
function marketOfAddress() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function choose(market) {
  if (market === chosen) return;
  chosen = market;
  history.replaceState(null, "", `#${encodeURIComponent(market)}`);
  clearPoints();
  if (state !== null) draw();
}

function draw() {
  const market = currentMarket();
  drawTabs(market);
  drawTask(state);
  drawErrors(state.errors);
  drawIntegrations(state);
  drawAlarms(state);
  drawBreakers(state);
  drawReports(state);
  drawAudit(state, market?.market);
  drawSteps(state.startup);
  show(byId("startup"), state.phase === "starting");
  drawReportsLink(state.reportsUrl);
  drawQuoting(market);
  if (market === undefined) return;
  drawMarket(market);
  drawLadder(market);
  drawOrders(market.openOrders);
  drawFills(market.fills);
  drawMarkouts(market.markouts);
  drawWhy(market.why);
  const title = `${market.mid ?? "no mid"} ${market.market} · FlashMM`;
  if (document.title !== title) document.title = title;
}

function drawReportsLink(url) {
  const link = byId("reports");
  show(link, url !== null);
  if (url !== null && link.getAttribute("href") !== url) link.setAttribute("href", url);
}

function drawTabs(current) {
  const tabs = children(byId("markets"), state.markets.length, () => element("button"));
  for (const [index, market] of state.markets.entries()) {
    const tab = tabs[index];
    setText(tab, market.market);
    setData(tab, "quoting", market.quoting ? "yes" : "no");
    tab.type = "button";
    tab.setAttribute("aria-pressed", String(market === current));
    tab.onclick = () => choose(market.market);
  }
}

function drawQuoting(market) {
  const [shape, text] = quotingOf(market);
  setData(byId("quoting"), "state", shape);
  fill({ quoting: text });
  drawReasons(market?.reasons ?? []);
}

function quotingOf(market) {
  if (state.phase === "starting") return ["starting", "Starting"];
  if (state.phase === "stopping") return ["stopped", "Stopping"];
  if (market === undefined) return ["stopped", "No market"];
  const word = state.control.markets.find((one) => one.market === market.market);
  if (!market.quoting) return ["stopped", word?.state === "halted" ? "Halted" : "Not quoting"];
  return market.tradingState === "reducing" ? ["starting", "Only reducing"] : ["quoting", "Quoting"];
}

function drawLiveness() {
  const silentFor = performance.now() - answeredAt;
  const silent = silentFor > SILENT_AFTER_MS;
  const waiting = state === null && !silent;
  setData(byId("live"), "live", waiting ? "waiting" : silent ? "silent" : "live");
  fill({ live: waiting ? "waiting for the task" : silent ? `no answer for ${age(silentFor)}` : "live" });
  const banner = byId("silence");
  show(banner, silent);
  if (silent) setText(banner, `The task does not answer (${failure}). The figures below are old.`);
  setData(byId("main"), "old", silent ? "yes" : "no");
  if (!silent) return;
  setData(byId("quoting"), "state", "waiting");
  fill({ quoting: "Not known" });
}
