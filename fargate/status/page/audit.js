/** What the fill audit last said of the market: whether the ledger is what the venue shows, and through when. */
import { byId, fill, setData, setText, show } from "/elements.js";
import { age, NOTHING, timeOfDay, whole } from "/format.js";

const STATES = {
  clean: ["well", "✓ clean"],
  repairing: ["doubt", "◔ repairing"],
  different: ["ill", "✗ different"],
  failed: ["ill", "✗ failed"],
};

/** An audit comes every five minutes: what is older than three is not known any more. */
const OLD_AFTER_MS = 15 * 60_000;

export function drawAudit({ audits, nowMs }, market) {
  const audit = audits?.find((one) => one.market === market);
  show(byId("audit"), audit !== undefined);
  show(byId("no-audit"), audit === undefined);
  if (audit === undefined) return;
  const isOld = audit.checkedAtMs === null || nowMs - audit.checkedAtMs > OLD_AFTER_MS;
  const [state, word] = isOld ? ["old", "? not audited lately"] : (STATES[audit.state] ?? ["old", audit.state]);
  setData(byId("audit-result"), "state", state);
  fill({
    "audit-state": word,
    "audit-checked": audit.checkedAtMs === null ? NOTHING : `${age(nowMs - audit.checkedAtMs)} ago`,
    "audit-through": audit.checkedThroughMs === null ? NOTHING : timeOfDay(audit.checkedThroughMs),
    "audit-again": audit.againSinceMs === null ? "not once yet" : `within ${age(nowMs - audit.againSinceMs)}`,
    "audit-fills": whole(audit.checkedTotal),
    "audit-found": foundOf(audit),
    "audit-proven": provenOf(audit),
  });
  const reason = byId("audit-reason");
  show(reason, audit.reason !== null);
  setText(reason, audit.reason ?? "");
}

/** Each kind that there is. */
function foundOf({ missing, different, unknownToVenue }) {
  const kinds = Object.entries({ missing, different, "unknown to the venue": unknownToVenue });
  const found = kinds.filter(([, count]) => count > 0).map(([kind, count]) => `${whole(count)} ${kind}`);
  return found.length === 0 ? "none" : found.join(", ");
}

function provenOf({ provenThrough, unprovenHours }) {
  if (unprovenHours > 0) return `${whole(unprovenHours)} without a proof`;
  return provenThrough === null ? "none over yet" : `through ${provenThrough.replace("T", " ")}:00`;
}
