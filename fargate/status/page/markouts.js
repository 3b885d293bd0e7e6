/** The table of markouts: what fills made against the mid, at once and later. Owns which row and figure stands where. */
import { byId, children, element, setData, setText, show } from "/elements.js";
import { basisPoints, NOTHING, whole } from "/format.js";

const HORIZONS = ["1s", "5s", "60s"];

export function drawMarkouts({ rolling, hour, unmarked }) {
  const isAny = rolling.some((row) => row.capture.count > 0);
  drawRows("markouts-rolling", isAny ? rolling : []);
  drawRows("markouts-hour", hour === null ? [] : hour.rows.filter((row) => row.level === "all"));
  show(byId("markouts-table"), isAny || hour !== null);
  show(byId("markouts-hour-head"), hour !== null);
  if (hour !== null) setText(byId("markouts-hour-title"), `This hour, from ${hour.hour.slice(11)}:00`);
  show(byId("no-markouts"), !isAny && hour === null);
  setText(byId("markouts-unmarked"), unmarked === 0 ? "" : `${whole(unmarked)} not marked`);
}

function drawRows(id, rows) {
  const drawn = children(byId(id), rows.length, makeRow);
  for (const [index, row] of rows.entries()) {
    const cells = drawn[index].children;
    setData(drawn[index], "side", row.side);
    setData(drawn[index], "level", row.level === "all" ? "all" : "one");
    setText(cells[0], nameOf(row));
    setText(cells[1], whole(row.capture.count));
    writeMean(cells[2], row.capture);
    for (const [at, horizon] of HORIZONS.entries()) writeMean(cells[3 + at], row.markout[horizon]);
  }
}

function nameOf({ side, level }) {
  if (level !== "all") return `level ${level}`;
  return side === "buy" ? "▲ buy" : "▼ sell";
}

function makeRow() {
  const means = Array.from({ length: 1 + HORIZONS.length }, () =>
    element("td", "number mean", element("span"), element("span", "plus-minus")),
  );
  return element("tr", "", element("td"), element("td", "number"), ...means);
}

/** A mean, and what it is uncertain by. One that is below zero by more than that is a loss, not chance. */
function writeMean(cell, { bps, plusMinusBps }) {
  const [mean, plusMinus] = cell.children;
  setText(mean, bps === null ? NOTHING : basisPoints(bps, true));
  setText(plusMinus, plusMinusBps === null ? "" : `±${basisPoints(plusMinusBps)}`);
  setData(cell, "loss", bps !== null && plusMinusBps !== null && bps + plusMinusBps < 0 ? "yes" : "no");
}
