/**
 * What was asked for on this page, and what became of it: sent, obeyed, and how long that took. Owns the list of the last requests; that a
 * request was obeyed is the task's state to say.
 */
import { byId, children, element, setData, setText, show } from "/elements.js";
import { age, timeOfDay } from "/format.js";

const SHOWN_MAX = 4;

/** The contract is two seconds from the event, and a cancel of many orders takes some more. */
const LATE_AFTER_MS = 15_000;
const GIVEN_UP_AFTER_MS = 120_000;

/** Newest first. */
let asked = [];

/** Notes a request that is about to be made. `state` is the task's before it. */
export function noteAsked(request, state) {
  const entry = {
    ...request,
    atMs: Date.now(),
    startedMs: performance.now(),
    outcome: "sending",
    detail: "",
    isOver: false,
    /** Why it is not known whether it was sent; empty when it is known. */
    doubt: "",
    wasSo: isAsAsked(request, state),
  };
  asked = [entry, ...asked].slice(0, SHOWN_MAX);
  draw();
  return entry;
}

export function noteSent(entry, eventId) {
  say(entry, "asked", `event ${eventId}`);
}

export function noteFault(entry, reason) {
  say(entry, "failed", reason);
  entry.isOver = true;
}

/** It may have been sent, and is followed like what was. */
export function noteUnknown(entry, reason) {
  entry.doubt = reason;
  say(entry, "unknown", reason);
}

/** Whether something that was asked for has not been seen to be obeyed yet: then the state is worth asking for more often. */
export function isWaiting() {
  return asked.some(({ isOver }) => !isOver);
}

/** Looks whether the state is as was asked for. */
export function followAsked(state) {
  for (const entry of asked) if (!entry.isOver && entry.outcome !== "sending") follow(entry, state);
  draw();
}

function follow(entry, state) {
  const tookMs = performance.now() - entry.startedMs;
  if (isAsAsked(entry, state)) {
    const when = entry.wasSo ? "it was so already" : `after ${age(tookMs)}`;
    say(entry, "obeyed", `${when}; ${restOf(entry, state)}`);
    entry.isOver = true;
  } else if (tookMs > LATE_AFTER_MS) {
    const lateness = `not obeyed for ${age(tookMs)}: ${standingOf(entry, state)}`;
    if (entry.doubt === "") say(entry, "late", lateness);
    else say(entry, "unknown", `${entry.doubt}; ${lateness}`);
    entry.isOver = tookMs > GIVEN_UP_AFTER_MS;
  }
}

function restOf(entry, state) {
  if (entry.action === "resume") return "it may be quoted";
  // Before the start is done nobody knows what an earlier task has left open; its first steps end that.
  return state.phase === "starting" ? "nothing is quoted yet" : "no order of ours is open";
}

function isAsAsked(request, state) {
  const words = wordsOf(request, state);
  if (request.action === "resume") return words.every((word) => word.state === "running");
  const isQuiet = marketsOf(request, state).every((one) => one.openOrders.length === 0 && one.ordersUnknown === 0);
  return isQuiet && words.every((word) => word.state === "halted");
}

function standingOf(request, state) {
  const wanted = request.action === "resume" ? "running" : "halted";
  const others = wordsOf(request, state).filter((word) => word.state !== wanted);
  if (others.length > 0) return others.map((word) => word.reason ?? `${word.market} is ${word.state}`).join("; ");
  return "orders of ours are open";
}

function wordsOf({ market }, state) {
  return state.control.markets.filter((word) => market === undefined || word.market === market);
}

function marketsOf({ market }, state) {
  return state.markets.filter((one) => market === undefined || one.market === market);
}

function say(entry, outcome, detail) {
  const isNews = entry.outcome !== outcome;
  Object.assign(entry, { outcome, detail });
  // Read out once a change, not at each look.
  if (isNews) setText(byId("said"), `${titleOf(entry)}: ${outcome} ${detail}`);
  draw();
}

function titleOf({ action, market }) {
  return `${action} ${market ?? "all markets"}`;
}

const WORDS = {
  sending: "◔ sending",
  asked: "◔ asked",
  obeyed: "✓ obeyed",
  late: "! late",
  failed: "✗ not sent",
  unknown: "? not known",
};

function draw() {
  const rows = children(byId("asked"), asked.length, () =>
    element("li", "", element("span", "name"), element("span", "word"), element("span", "detail")),
  );
  for (const [index, entry] of asked.entries()) {
    const [name, word, detail] = rows[index].children;
    setData(rows[index], "outcome", entry.outcome);
    setText(name, `${timeOfDay(entry.atMs)} ${titleOf(entry)}`);
    setText(word, WORDS[entry.outcome]);
    setText(detail, `“${entry.reason}” ${entry.detail}`);
  }
  show(byId("asked"), asked.length > 0);
}
