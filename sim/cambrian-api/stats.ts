/** What the order API counted, for the summary of a run. Owns the counts. */
import type { RouteName } from "./routes.ts";

export type CambrianStats = {
  readonly requests: number;
  readonly byRoute: Readonly<Partial<Record<RouteName, number>>>;
  /** Answers by HTTP status; a dropped connection counts as `dropped`. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** More than ten arrivals in a second. */
  readonly refusedForRate: number;
  /** More than five placements in flight. */
  readonly refusedForPlacements: number;
  /** Bad key, time or signature, of a request or a stream. */
  readonly refusedForSignature: number;
  readonly streamsOpened: number;
  readonly streamFrames: number;
};

export class CambrianCounts {
  readonly #byRoute = new Map<RouteName, number>();
  readonly #byStatus = new Map<string, number>();
  #requests = 0;
  refusedForRate = 0;
  refusedForPlacements = 0;
  refusedForSignature = 0;
  streamsOpened = 0;
  streamFrames = 0;

  arrived(route: RouteName): void {
    this.#requests += 1;
    this.#byRoute.set(route, (this.#byRoute.get(route) ?? 0) + 1);
  }

  answered(status: number | "dropped"): void {
    this.#byStatus.set(String(status), (this.#byStatus.get(String(status)) ?? 0) + 1);
  }

  read(): CambrianStats {
    return {
      requests: this.#requests,
      byRoute: Object.fromEntries(this.#byRoute),
      byStatus: Object.fromEntries(this.#byStatus),
      refusedForRate: this.refusedForRate,
      refusedForPlacements: this.refusedForPlacements,
      refusedForSignature: this.refusedForSignature,
      streamsOpened: this.streamsOpened,
      streamFrames: this.streamFrames,
    };
  }
}
