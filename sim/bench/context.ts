/** What each benchmark is run with. Owns nothing but the shape. */
export type BenchContext = {
  /** Rounds of the socket benchmarks, and of whatever is repeated. */
  readonly rounds: number;
  /** Venue and engine have a core of their own. */
  readonly isPinned: boolean;
  /** The least noisy lines alone, and as few rounds as will do. */
  readonly isGate: boolean;
  /** The repository. */
  readonly root: string;
};
