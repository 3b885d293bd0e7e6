/**
 * Halts and resumes by hand: a form, a second step, and then the request, or the command to copy where the page may not operate. Owns these
 * steps; what became of a request is `asked.js`'s.
 */
import { ask } from "/ask.js";
import { noteAsked, noteFault, noteSent, noteUnknown } from "/asked.js";
import { byId, children, element, setData, setText, show } from "/elements.js";

/** As the task takes it: one line, nothing that cannot be seen. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The task waits five seconds for the bus. */
const SENT_WITHIN_MS = 8_000;

let state = null;
/** `on`, `off`, or null while that is not known. */
let operation = null;
let isAsking = false;
/** What is to be confirmed. */
let pending = null;
/** Where the keyboard was before the second step. */
let opener = null;

export function startOperating() {
  byId("operate").addEventListener("submit", (event) => {
    event.preventDefault();
    void confirm(event.submitter?.value ?? "halt", event.submitter);
  });
  byId("confirm-yes").addEventListener("click", () => void send());
  byId("confirm-no").addEventListener("click", close);
  byId("confirm-copy").addEventListener("click", () => void copy());
  byId("confirm").addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  byId("operate-reason").addEventListener("input", () => complain(""));
}

/** `isNew`: another task answers, which may be allowed something else. */
export function drawOperate(next, isNew) {
  state = next;
  if (isNew) operation = null;
  if (operation === null && !isAsking) void learn();
  const symbols = ["", ...state.control.markets.map((one) => one.market)];
  const options = children(byId("operate-market"), symbols.length, () => element("option"));
  for (const [index, symbol] of symbols.entries()) {
    if (options[index].value !== symbol) options[index].value = symbol;
    setText(options[index], symbol === "" ? "all markets" : symbol);
  }
  setText(byId("operation"), { on: "", off: "read-only: shows the command" }[operation] ?? "asking the task");
}

async function learn() {
  isAsking = true;
  try {
    ({ operation } = await ask("/api/operator"));
  } catch {
    // The state is asked for all the time and says what is wrong; this is asked again with it.
  } finally {
    isAsking = false;
  }
}

function complain(text) {
  setText(byId("operate-fault"), text);
  show(byId("operate-fault"), text !== "");
  byId("operate-reason").setAttribute("aria-invalid", String(text !== ""));
}

/** The second step: what exactly is going to happen. */
async function confirm(action, button) {
  const reason = byId("operate-reason").value.trim();
  if (reason === "" || UNPRINTABLE.test(reason)) {
    complain(reason === "" ? "Say why: it stands on this page and in the log." : "One line of visible characters.");
    byId("operate-reason").focus();
    return;
  }
  const market = byId("operate-market").value;
  pending = { action, reason, ...(market === "" ? {} : { market }) };
  opener = button;
  if (operation === null) {
    complain("The task has not said yet whether this page may operate: try again.");
    return;
  }
  if (operation === "off" && !(await showCommand())) return;
  const scope = market === "" ? "all markets" : market;
  const verb = action === "halt" ? "Halt" : "Resume";
  setText(byId("confirm-title"), `${verb} ${scope}?`);
  setText(byId("confirm-text"), textOf(action, scope));
  setText(byId("confirm-reason"), reason);
  setText(byId("confirm-yes"), `${verb} ${scope} now`);
  setData(byId("confirm-yes"), "action", action);
  const isOn = operation === "on";
  show(byId("confirm-yes"), isOn);
  show(byId("confirm-copy"), !isOn);
  show(byId("confirm-command"), !isOn);
  show(byId("confirm-where"), !isOn);
  show(byId("operate"), false);
  show(byId("confirm"), true);
  // On the question, not on its answer: a second Enter decides nothing.
  byId("confirm").focus();
}

function textOf(action, scope) {
  if (action === "halt") {
    return `Every order of ours on ${scope} is cancelled, and none is placed until a resume of ${scope}. Positions stay.`;
  }
  const held = state.control.markets.filter((one) => one.state === "halted").map((one) => one.reason);
  const now = held.length === 0 ? "Nothing is halted now." : `Halted now: ${held.join("; ")}.`;
  return `Quoting of ${scope} goes on, and what halted it is counted anew from here. ${now}`;
}

async function showCommand() {
  try {
    const { command } = await ask(`/api/operator/command?${new URLSearchParams(pending)}`);
    byId("confirm-command").value = command;
    setText(byId("confirm-copy"), "Copy the command");
    return true;
  } catch (error) {
    complain(error.message);
    return false;
  }
}

function close() {
  pending = null;
  show(byId("confirm"), false);
  show(byId("operate"), true);
  opener?.focus();
}

async function send() {
  if (pending === null) return;
  const request = pending;
  const entry = noteAsked(request, state);
  close();
  byId("operate-reason").value = "";
  try {
    const { eventId } = await ask("/api/operator", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      withinMs: SENT_WITHIN_MS,
    });
    noteSent(entry, eventId);
  } catch (error) {
    if (isProof(error)) noteFault(entry, error.message);
    else noteUnknown(entry, error.message);
  }
}

/** Whether nothing was sent for certain: the task refused the request, or the bus did. Anything else may have been carried out. */
function isProof({ status = 0 }) {
  return status === 502 || (status >= 400 && status < 500);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(byId("confirm-command").value);
    setText(byId("said"), "The command is copied.");
    setText(byId("confirm-copy"), "Copied");
  } catch {
    // Without the right to the clipboard it is selected, and a key copies it.
    byId("confirm-command").select();
    setText(byId("said"), "The command is selected.");
    setText(byId("confirm-copy"), "Selected");
  }
}
