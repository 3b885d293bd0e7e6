/**
 * A stretch of older history, compared again after the usual reading: from where the last run's stretch ended towards the place that the
 * usual reading begins at, then from the beginning again. So what the venue publishes late, by however much, and what comes to the ledger
 * with an old time, is found within a round. Owns the rounds and their bounds; what is found counts like anything the usual reading finds.
 *
 * It takes nothing from the usual part: it begins when that has come to its end, with time left, and a venue that does not answer it does
 * not make the run fail.
 */
import { CambrianError } from "../cambrian-client.ts";
import { type AgainState, type AuditState, BEGINNING, placeToBegin } from "./audit-state.ts";
import { type HistoryReading, PAGE_MS, type Reader, Reading, type Stop } from "./read-history.ts";

export type WholeReading = HistoryReading & {
  readonly again: AgainState;
  /** Older fills compared again in this run. */
  readonly checkedAgain: number;
  /** Why the stretch ended early, where that is the venue's and passes. */
  readonly hindrance: CambrianError | undefined;
};

/**
 * A thousand fills a run, 288,000 a day: two requests and two seconds, and of the ledger some 400 kB, 100 read units, 29,000 a day and
 * market. Where fewer are there than that, a round is a run.
 */
const PAGES_MAX = 2;

/** What the usual reading of a run has come to, with a further stretch where there is time. `before` is what it began from. Never rejects. */
export async function readAgain(reader: Reader, before: AuditState, usual: HistoryReading): Promise<WholeReading> {
  const { timing, untilMs, now } = reader;
  const nothing = { ...usual, again: before.again, checkedAgain: 0, hindrance: undefined };
  if (usual.stop.type !== "end") return nothing;
  // From the very beginning to the end: a round in one.
  if ((before.goesOnAt ?? placeToBegin(before)).cursor === undefined) {
    return { ...nothing, again: { place: BEGINNING, beganAt: undefined, since: now } };
  }
  // Where the next usual reading begins: what is behind it is read anyhow.
  const { cursor, through } = placeToBegin(usual.state);
  if (cursor === undefined || through === undefined || timing.monotonicMs() + PAGE_MS > untilMs) return nothing;
  const bounded = { ...reader, settledThrough: through, untilMs: within(reader) };
  const bounds = { pagesMax: PAGES_MAX, end: { cursor, through } };
  const found = await new Reading(bounded, usual.state, before.again.place, true).run(bounds);
  const hindrance = passing(found.stop);
  return {
    ...usual,
    stop: found.stop.type === "failed" && hindrance === undefined ? found.stop : usual.stop,
    left: [...usual.left, ...found.left],
    state: { ...usual.state, open: found.open, checkedTotal: usual.state.checkedTotal + found.counted },
    again: afterStretch(before.again, { ...found, now }),
    checkedAgain: found.checked,
    hindrance,
  };
}

function afterStretch(
  { beganAt, since }: AgainState,
  found: Pick<Awaited<ReturnType<Reading["run"]>>, "stop" | "place" | "isCursorRefused"> & { readonly now: string },
): AgainState {
  if (found.stop.type === "end") return { place: BEGINNING, beganAt: undefined, since: beganAt ?? found.now };
  if (found.isCursorRefused) return { place: BEGINNING, beganAt: undefined, since };
  return { place: found.place, beganAt: beganAt ?? found.now, since };
}

/** Tries of a question that is not answered may take so long and no longer. */
function within({ timing, untilMs }: Reader): number {
  return Math.min(untilMs, timing.monotonicMs() + PAGES_MAX * PAGE_MS);
}

/** The venue's fault, if it may be gone at the next run. The usual reading fails by one that is not, and a refused cursor is let go. */
function passing(stop: Stop): CambrianError | undefined {
  if (stop.type !== "failed" || !(stop.error instanceof CambrianError)) return undefined;
  const { error } = stop;
  switch (error.code) {
    case "timeout":
    case "network":
    case "server":
    case "rate-limited":
    case "unauthorized":
      return error;
    case "refused":
      return error.status === 400 ? error : undefined;
    case "unreadable":
      return undefined;
  }
}
