/** A task that quoted, was killed, and is swept: what the dead man's tests begin with. */
import { makeSweepWorld, type SweepWorld, type SweepWorldOptions } from "./sweep-world.ts";

export const OURS = ["fm-1-SEIUSDC-b0-1", "fm-1-SEIUSDC-b1-2", "fm-1-SEIUSDC-s0-3", "fm-0-SEIUSDC-b0-9"];
export const STRANGER = "radio-7";
export const MINUTE_MS = 60_000;

/** A task that has beaten for a while, with orders of its own and a stranger's. */
export async function makeTraded(options: SweepWorldOptions = {}): Promise<SweepWorld> {
  const world = makeSweepWorld(options);
  for (const id of [...OURS, STRANGER]) world.place(id);
  world.startTask();
  await world.time.pass(20_000);
  return world;
}

/** Sweeps each minute, the first at `firstMs` from now, until nothing of ours is open; answers when that was, since the last beat. */
export async function sweepUntilEnded(world: SweepWorld, firstMs: number): Promise<number> {
  const { time } = world;
  let endedMs: number | undefined;
  const stop = time.onEvent(() => {
    if (world.open().every((id) => id === STRANGER)) endedMs ??= time.nowMs;
  });
  const start = () => {
    void world.sweep();
    time.after(MINUTE_MS, start);
  };
  time.after(firstMs, start);
  await time.until(() => endedMs !== undefined, "the orders are ended", 5 * MINUTE_MS);
  // The alarm, and a sweep after it.
  await time.pass(2 * MINUTE_MS);
  stop();
  return (endedMs ?? Number.NaN) - world.lastBeatMs();
}
