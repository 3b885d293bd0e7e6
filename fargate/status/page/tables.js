/** The lists of a market: open orders, last fills; and of the task: start-up steps, errors by kind, reasons. */
import { byId, children, element, setData, setText, show } from "/elements.js";
import { amount, decimalsOf, timeOfDay, whole } from "/format.js";

export function drawOrders(orders) {
  const decimals = Math.max(...orders.map((order) => decimalsOf(order.price)), 0);
  const rows = children(byId("orders"), orders.length, () =>
    makeRow(["", "number", "number", "number", "number", "", "widest-only id"]),
  );
  for (const [index, order] of orders.entries()) {
    writeRow(rows[index], order.side, [
      sideText(order.side),
      whole(order.level),
      amount(order.price, { decimals, least: decimals }),
      amount(order.size, { decimals: 8 }),
      amount(order.filled, { decimals: 8 }),
      order.state.replaceAll("-", " "),
      order.clientOrderId,
    ]);
  }
  show(byId("no-orders"), orders.length === 0);
}

export function drawFills(fills) {
  const decimals = Math.max(...fills.map((one) => decimalsOf(one.price)), 0);
  const rows = children(byId("fills"), fills.length, () =>
    makeRow(["", "", "number", "number", "number", "wide-only id"]),
  );
  for (const [index, one] of fills.entries()) {
    writeRow(rows[index], one.side, [
      timeOfDay(one.venueTimeMs),
      sideText(one.side),
      amount(one.price, { decimals, least: decimals }),
      amount(one.size, { decimals: 8 }),
      `${amount(one.fee, { decimals: 6 })} ${one.feeAsset}`,
      one.fillId,
    ]);
  }
  show(byId("no-fills"), fills.length === 0);
}

export function drawSteps(steps) {
  const rows = children(byId("steps"), steps.length, () =>
    element("li", "", element("span", "step"), element("span", "step-state"), element("span", "detail")),
  );
  for (const [index, step] of steps.entries()) {
    const [name, state, detail] = rows[index].children;
    setData(rows[index], "state", step.state);
    setText(name, step.step);
    setText(state, step.state);
    setText(detail, step.detail);
  }
}

export function drawErrors(errors) {
  const kinds = Object.entries(errors).sort(([one], [other]) => one.localeCompare(other));
  const rows = children(byId("errors"), kinds.length, () => element("div", "", element("dt"), element("dd")));
  for (const [index, [kind, times]] of kinds.entries()) {
    setText(rows[index].children[0], kind);
    setText(rows[index].children[1], whole(times));
  }
  show(byId("no-errors"), kinds.length === 0);
}

export function drawReasons(reasons) {
  const rows = children(byId("reasons"), reasons.length, () => element("li"));
  for (const [index, reason] of reasons.entries()) setText(rows[index], reason);
  show(byId("reasons"), reasons.length > 0);
}

/** The side by sign and word, so that its colour only repeats it. */
function sideText(side) {
  return side === "buy" ? "▲ buy" : "▼ sell";
}

function makeRow(classes) {
  return element("tr", "", ...classes.map((className) => element("td", className)));
}

function writeRow(row, side, texts) {
  setData(row, "side", side);
  for (const [index, text] of texts.entries()) setText(row.children[index], text);
}
