/** The ways out of the task, and whether each is open: the order API, the fill stream, every Sei endpoint, what the sweep looks at. */
import { byId, children, element, setData, setText } from "/elements.js";

const CIRCUITS = [
  ["well", "✓ closed", ""],
  ["doubt", "◔ half open", "one request at a time is tried"],
  ["ill", "✗ open", "nothing is placed"],
];

const PUSHES = {
  off: ["off", "– off"],
  waiting: ["off", "– waits"],
  working: ["well", "✓ taken"],
  failing: ["ill", "✗ failing"],
};

export function drawBreakers({ venue, feed, integrations, metricsPush }) {
  const ways = [
    ["order API", ...CIRCUITS[venue.circuit]],
    ["fill stream", ...(venue.streamConnected ? ["well", "✓ connected", ""] : ["ill", "✗ away", ""])],
    ...feed.endpoints.map((endpoint) => [hostOf(endpoint), ...endpointOf(endpoint, feed)]),
    ["metrics push", ...PUSHES[metricsPush.status], metricsPush.status === "working" ? "" : metricsPush.detail],
    ...sweptOf(integrations ?? []),
  ];
  const rows = children(byId("breakers"), ways.length, () =>
    element("li", "", element("span", "name"), element("span", "word"), element("span", "detail")),
  );
  for (const [index, [name, state, word, detail]] of ways.entries()) {
    setData(rows[index], "state", state);
    for (const [at, text] of [name, word, detail].entries()) setText(rows[index].children[at], text);
  }
}

function endpointOf(endpoint, feed) {
  const isFirst = endpoint === feed.endpoints[0];
  const place = isFirst ? "Sei, first choice" : "Sei, backup";
  if (feed.status === "failed") return ["ill", "✗ no answer", place];
  if (endpoint !== feed.endpoint) return isFirst ? ["ill", "✗ left", place] : ["off", "– stands by", place];
  return feed.status === "connected" ? ["well", "✓ in use", place] : ["doubt", "◔ connecting", place];
}

/** Those that are not closed by name, and how many are. */
function sweptOf(integrations) {
  const configured = integrations.filter((one) => one.configured);
  if (configured.length === 0) return [];
  const others = configured.filter((one) => one.breaker !== "closed");
  const closed = configured.length - others.length;
  return [
    ...others.map((one) => {
      const isOpen = one.breaker === "open";
      return [one.integration, isOpen ? "ill" : "doubt", isOpen ? "✗ open" : "◔ half open", "of the health sweep"];
    }),
    ["health sweep", "well", `✓ ${closed} closed`, ""],
  ];
}

function hostOf(endpoint) {
  return URL.canParse(endpoint) ? new URL(endpoint).host : endpoint;
}
