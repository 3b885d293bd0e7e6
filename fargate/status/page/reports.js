/** The last reports: each as it was told, with its chart where this machine has it. Owns which one is shown. */
import { byId, children, element, setData, setText, show } from "/elements.js";

/** The newest until somebody chooses one. */
let chosen = null;

export function drawReports({ reports }) {
  const listed = reports ?? [];
  const shown = listed.find(({ id }) => id === chosen) ?? listed[0];
  show(byId("no-reports"), shown === undefined);
  show(byId("report"), shown !== undefined);
  const rows = children(byId("report-list"), listed.length, () => element("li", "", element("button")));
  for (const [index, report] of listed.entries()) {
    const [button] = rows[index].children;
    button.type = "button";
    button.setAttribute("aria-pressed", String(report === shown));
    setText(button, `${titleOf(report.id)} ${report.state}`);
    setData(button, "state", report.state);
    button.onclick = () => {
      chosen = report.id;
      drawReports({ reports });
    };
  }
  if (shown !== undefined) drawReport(shown);
}

function drawReport({ id, text, altText, reason, hasChart }) {
  const chart = byId("report-chart");
  show(chart, hasChart);
  const source = `/api/reports/${id}/chart`;
  if (hasChart && chart.getAttribute("src") !== source) chart.src = source;
  const alt = altText ?? `Chart of the report of ${titleOf(id)}`;
  if (chart.alt !== alt) chart.alt = alt;
  setText(byId("report-text"), text ?? "no text");
  show(byId("report-reason"), reason !== null);
  setText(byId("report-reason"), reason ?? "");
}

/** `2026-01-02 03:00` of an hour, `03:04–03:07` of another time of a day. */
function titleOf(id) {
  const [from, to] = id.split("_");
  return to === undefined ? `${from.replace("T", " ")}:00` : `${from.slice(11)}–${to.slice(11)}`;
}
