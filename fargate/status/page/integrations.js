/** What the health sweep says of each integration: its state by sign and word, since when, and what the last look said. */
import { byId, children, element, setData, setText, show } from "/elements.js";
import { age } from "/format.js";

/** Sweeps come each minute: what is older than three is not known any more. */
const OLD_AFTER_MS = 180_000;

const WORDS = { well: "✓ well", ill: "✗ ill", off: "– not configured", old: "? not swept lately" };

export function drawIntegrations({ integrations, nowMs }) {
  const listed = integrations ?? [];
  const rows = children(byId("integrations"), listed.length, () =>
    element("li", "", element("span", "name"), element("span", "word"), element("span", "detail")),
  );
  for (const [index, one] of listed.entries()) {
    const [name, word, detail] = rows[index].children;
    const state = stateOf(one, nowMs);
    setData(rows[index], "state", state);
    setText(name, one.integration);
    const since = one.sinceMs === null || state === "off" ? "" : ` for ${age(nowMs - one.sinceMs)}`;
    setText(word, WORDS[state] + (state === "old" ? "" : since));
    setText(detail, one.breaker === "closed" ? one.detail : `${one.detail} (breaker ${one.breaker})`);
  }
  show(byId("no-integrations"), listed.length === 0);
}

function stateOf({ healthy, configured, checkedAtMs }, nowMs) {
  if (checkedAtMs === null || nowMs - checkedAtMs > OLD_AFTER_MS) return "old";
  if (!configured) return "off";
  return healthy ? "well" : "ill";
}
