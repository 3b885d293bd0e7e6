/**
 * One run: one competitor in one market, from the first moment to the last, in virtual time. Owns the loop; what moves is the
 * stage's, what is due the agenda's, and what is measured the meter's.
 */
import { Agenda } from "./agenda.ts";
import type { MakeCompetitor, Terms } from "./competitor.ts";
import { type MeterOptions, type RunFigures, RunMeter } from "./run-meter.ts";
import type { Stage } from "./stage.ts";
import { type Latency, VenueDesk } from "./venue-desk.ts";

export type RunSettings = {
  readonly stage: Stage;
  readonly terms: Omit<Terms, "port" | "market">;
  readonly latency: Latency;
  /** In quote currency: what the drawdown is a share of. */
  readonly capital: number;
  readonly durationMs: number;
  readonly epochMs: number;
  readonly onSample?: MeterOptions["onSample"];
};

export type RunOutcome = { readonly figures: RunFigures; readonly notes: readonly string[] };

export function runCompetitor(make: MakeCompetitor, settings: RunSettings): RunOutcome {
  const { stage, terms, latency, capital, durationMs, epochMs, onSample } = settings;
  const { market } = stage;
  const { positionMax, requests } = terms;
  const agenda = new Agenda();
  const meter = new RunMeter({ market, capital, positionMax, onSample });
  const { placementsInFlight } = requests;
  const desk = new VenueDesk({ stage, agenda, meter, latency, positionMax, placementsInFlight, epochMs });
  const competitor = make({ ...terms, market, port: desk });
  desk.serve(competitor);
  let wakeMs = 0;
  let nowMs = 0;
  let isTurnDue = false;
  for (;;) {
    const nextMs = Math.min(stage.nextMs, agenda.nextMs, wakeMs);
    // Everything of one moment has come: the competitor decides once, as a program does that drains its sockets first.
    if (isTurnDue && nextMs > nowMs) {
      isTurnDue = false;
      competitor.turn(desk.instant());
      continue;
    }
    if (nextMs > durationMs) break;
    nowMs = nextMs;
    meter.advance(nowMs);
    desk.setNow(nowMs);
    if (stage.nextMs <= nowMs) stage.advance();
    else if (agenda.nextMs <= nowMs) agenda.runNext();
    else {
      wakeMs += competitor.wakeMs;
      isTurnDue = true;
    }
    if (desk.takeTurnDue()) isTurnDue = true;
  }
  return { figures: meter.finish(durationMs), notes: competitor.notes() };
}
