/** The table of why: what each level wants, what stands there and what is between the two; and what time without quotes went to. */
import { byId, children, element, setData, setText, show } from "/elements.js";
import { age, amount, NOTHING } from "/format.js";

/** What a limit is called where its bare name would not be understood. */
const NAMES = {
  halted: "no order allowed",
  reducing: "only reducing",
  position: "position limit",
  "order-size": "order size limit",
  "order-value": "order value limit",
  "exposure-value": "exposure limit",
  balance: "not enough balance",
  duplicate: "just sent the same",
  "in-flight": "too many in flight",
};

export function drawWhy({ quotes, unquoted }) {
  const rows = children(byId("why-quotes"), quotes.length, makeQuoteRow);
  for (const [index, account] of quotes.entries()) writeQuote(rows[index], account);
  drawUnquoted("why-total", unquoted.total);
  const [newest] = unquoted.hours;
  drawUnquoted("why-hour", newest?.reasons ?? []);
  show(byId("why-hour-head"), newest !== undefined);
  if (newest !== undefined) setText(byId("why-hour-title"), `The hour from ${newest.hour.slice(11)}:00`);
  show(byId("no-unquoted"), unquoted.total.length === 0);
  show(byId("why-unquoted"), unquoted.total.length > 0);
}

function makeQuoteRow() {
  const places = [0, 1].map(() => element("td", "number", element("span"), element("span", "plus-minus")));
  return element("tr", "", element("td"), ...places, element("td", "reasons-cell"));
}

function writeQuote(row, { side, level, wanted, order, reasons }) {
  setData(row, "side", side);
  const stands = order !== null && (order.state === "live" || order.state === "partially-filled");
  setData(row, "stands", stands ? "yes" : "no");
  setText(row.children[0], `${side === "buy" ? "▲ bid" : "▼ ask"} ${level}`);
  writePlace(row.children[1], wanted);
  writePlace(row.children[2], order);
  const list = children(row.children[3], reasons.length, () => element("span", "reason"));
  for (const [index, { reason, meaning }] of reasons.entries()) {
    setText(list[index], nameOf(reason));
    if (list[index].title !== meaning) list[index].title = meaning;
  }
}

function nameOf(reason) {
  return NAMES[reason] ?? reason.replaceAll("-", " ");
}

/** A price, and the size under it. */
function writePlace(cell, place) {
  setText(cell.children[0], place === null ? NOTHING : place.price);
  setText(cell.children[1], place === null ? "" : `× ${amount(place.size, { decimals: 8 })}`);
}

function drawUnquoted(id, reasons) {
  const rows = children(byId(id), reasons.length, () => element("tr", "", element("td"), element("td", "number")));
  for (const [index, { reason, meaning, seconds }] of reasons.entries()) {
    const [name, time] = rows[index].children;
    setText(name, nameOf(reason));
    if (name.title !== meaning) name.title = meaning;
    setText(time, age(1_000 * seconds));
  }
}
