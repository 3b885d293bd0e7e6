/** The book ladder: asks above, bids below, our own levels marked, a bar for each level's size. */
import { byId, children, element, fill, setData, setText } from "/elements.js";
import { amount, basisPoints, decimalsOf, NOTHING } from "/format.js";

export function drawLadder(market) {
  const asks = [...market.asks].reverse();
  const levels = [...asks, ...market.bids];
  const largest = Math.max(...levels.map((level) => Number(level.size)), 0);
  const decimals = Math.max(...levels.map((level) => decimalsOf(level.price)), 0);
  const sizeDecimals = Math.max(...levels.map((level) => Math.max(decimalsOf(level.size), decimalsOf(level.own))), 0);
  const shape = { largest, decimals, sizeDecimals };
  drawSide(byId("asks"), asks, shape);
  drawSide(byId("bids"), market.bids, shape);
  fill({
    "ladder-mid": market.mid === null ? NOTHING : amount(market.mid, { decimals: decimals + 2, least: decimals }),
    "ladder-spread": market.spreadSelfBps === null ? "" : `${basisPoints(market.spreadSelfBps)} bps`,
  });
}

function drawSide(body, levels, { largest, decimals, sizeDecimals }) {
  const rows = children(body, levels.length, makeRow);
  for (const [index, level] of levels.entries()) {
    const row = rows[index];
    const [own, price, size] = row.children;
    const ours = Number(level.own) > 0;
    setData(row, "own", ours ? "yes" : "no");
    setText(own, ours ? `◆ ${amount(level.own, { decimals: sizeDecimals, least: 0 })}` : "");
    setText(price, amount(level.price, { decimals, least: decimals }));
    setText(size, amount(level.size, { decimals: sizeDecimals, least: sizeDecimals }));
    row.style.setProperty("--depth", share(level.size, largest));
    row.style.setProperty("--own-depth", share(level.own, largest));
  }
}

function makeRow() {
  const price = element("th", "price");
  price.scope = "row";
  return element("tr", "", element("td", "own"), price, element("td", "size"));
}

function share(size, largest) {
  return largest > 0 ? `${((100 * Number(size)) / largest).toFixed(1)}%` : "0%";
}
