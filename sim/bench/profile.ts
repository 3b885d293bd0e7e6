/**
 * Where the time goes: reads a `.cpuprofile` of V8 and adds up what each function took itself. Pure; owns the reading of
 * that format (Chrome DevTools protocol, `Profiler.Profile`).
 */

export type CpuProfile = {
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
};

export type Cost = { readonly place: string; readonly micros: number };

type Window = readonly [number, number];

/**
 * Self time by function, the dearest first. With `windows` (microseconds, in order) only samples taken within one count, each up to the
 * window's end: what lies between them, as a second of the market between two ticks, does not.
 */
export function selfTimes(profile: CpuProfile, root: string, windows?: readonly Window[]): readonly Cost[] {
  const places = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame, root)]));
  const costs = new Map<string, number>();
  let at = profile.startTime;
  let next = 0;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index] ?? 0;
    const end = at + (profile.timeDeltas[index + 1] ?? 0);
    while (windows !== undefined && (windows[next]?.[1] ?? Number.POSITIVE_INFINITY) <= at) next += 1;
    const micros = (windows === undefined ? end : endWithin(at, end, windows[next])) - at;
    if (micros <= 0) return;
    const place = places.get(id) ?? "unknown";
    costs.set(place, (costs.get(place) ?? 0) + micros);
  });
  return [...costs].map(([place, micros]) => ({ place, micros })).sort((a, b) => b.micros - a.micros);
}

function endWithin(at: number, end: number, window: Window | undefined): number {
  return window === undefined || at < window[0] ? at : Math.min(end, window[1]);
}

function placeOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"], root: string): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  if (url === "") return name;
  return `${name}  ${url.replace(`file://${root}`, "").replace(/^.*node_modules\//, "")}:${lineNumber + 1}`;
}
