/**
 * Watching a heartbeat until it is told fresh from silent, or the time is up. Owns the looks and what is measured between them; what a
 * look means is `heartbeat.ts`'s. A look that fails proves nothing and is made again.
 */
import type { LedgerTable } from "../ledger-table.ts";
import type { Timing } from "../timing.ts";
import { type Beat, type BeatView, judgeBeat, readBeat } from "./heartbeat.ts";

/** When a sweep first saw a beat, by its own clock, epoch milliseconds, and how old the beat was then by the task's. */
export type SeenBeat = { readonly key: string; readonly atMs: number; readonly ageMs: number | undefined };

export type WatchedBeat = {
  readonly verdict: "fresh" | "silent" | "unsure";
  readonly beat: Beat;
  readonly view: BeatView;
};

export type Watch = {
  readonly table: LedgerTable;
  /** Whose lease; undefined takes all of them as one. */
  readonly shard: string | undefined;
  readonly timing: Timing;
  readonly log: { warn(message: string, fields: Record<string, unknown>): void };
};

/** A third of what a living task needs between two beats. */
const LOOK_EVERY_MS = 1_000;

/** Looks at once, and then each second until it is sure, at most until `untilMs` (monotonic). Rejects when no look succeeds. */
export async function watchBeat(
  watch: Watch,
  options: {
    readonly seen: SeenBeat | undefined;
    readonly untilMs: number;
    readonly onFirst: (seen: SeenBeat) => Promise<void>;
  },
): Promise<WatchedBeat> {
  const { table, shard, timing, log } = watch;
  const { seen, untilMs } = options;
  let { beat, askedAtMs } = await firstBeat(watch, untilMs);
  const first = { key: beat.key, answeredMs: timing.monotonicMs() };
  const ageOf = (each: Beat) => (each.atMs === undefined ? undefined : askedAtMs - each.atMs);
  await options.onFirst({ key: beat.key, atMs: askedAtMs, ageMs: ageOf(beat) });
  let watchedMs = 0;
  for (;;) {
    const seenForMs = seen?.key === beat.key ? askedAtMs - seen.atMs : 0;
    const view = {
      ageMs: ageOf(beat),
      notedAgeMs: seen?.ageMs,
      watchedMs,
      unchangedMs: Math.max(watchedMs, seenForMs),
      termMs: beat.termMs,
    };
    if (beat.key !== first.key) return { verdict: "fresh", beat, view };
    const verdict = judgeBeat(view);
    if (verdict !== "unsure" || timing.monotonicMs() + LOOK_EVERY_MS > untilMs) return { verdict, beat, view };
    await timing.wait(LOOK_EVERY_MS);
    try {
      const sentMs = timing.monotonicMs();
      const sentAtMs = timing.epochMs();
      beat = await readBeat(table, shard);
      // Only what lies between an answer and a later question is known to have been without a change.
      watchedMs = sentMs - first.answeredMs;
      askedAtMs = sentAtMs;
    } catch (error) {
      log.warn("the heartbeat could not be read, it is tried again", { error });
    }
  }
}

/** The first look, made again until it succeeds: a minute lost here is a minute of orders that nobody watches. */
async function firstBeat(
  { table, shard, timing, log }: Watch,
  untilMs: number,
): Promise<{ readonly beat: Beat; readonly askedAtMs: number }> {
  for (;;) {
    const askedAtMs = timing.epochMs();
    try {
      return { beat: await readBeat(table, shard), askedAtMs };
    } catch (error) {
      if (timing.monotonicMs() + LOOK_EVERY_MS > untilMs) throw error;
      log.warn("the heartbeat could not be read, it is tried again", { error });
      await timing.wait(LOOK_EVERY_MS);
    }
  }
}
