/** What would wake somebody, as the task itself sees it: how bad, what, since when, where to read on. */
import { byId, children, element, fill, setData, setText, show } from "/elements.js";
import { age } from "/format.js";

const WORDS = { critical: "✗ critical", warning: "! warning" };

export function drawAlarms({ alarms, nowMs }) {
  const rows = children(byId("alarms"), alarms.length, () =>
    element(
      "li",
      "",
      element("span", "severity"),
      element("span", "what"),
      element("span", "since"),
      element("span", "detail"),
      element("span", "runbook"),
    ),
  );
  for (const [index, alarm] of alarms.entries()) {
    const [severity, what, since, detail, runbook] = rows[index].children;
    setData(rows[index], "severity", alarm.severity);
    setText(severity, WORDS[alarm.severity]);
    setText(what, alarm.what);
    setText(since, `for ${age(nowMs - alarm.sinceMs)}`);
    setText(detail, alarm.detail);
    setText(runbook, `→ ${alarm.runbook}`);
  }
  show(byId("no-alarms"), alarms.length === 0);
  fill({ "alarm-count": alarms.length === 0 ? "" : String(alarms.length) });
}
