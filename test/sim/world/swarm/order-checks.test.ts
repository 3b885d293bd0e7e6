import { expect, it } from "vitest";
import type { ReadBook } from "../../../../sim/world/swarm/book-readings.ts";
import { hasLeapt, newestOfEachSecond } from "../../../../sim/world/swarm/order-checks.ts";

type At = readonly [second: number, mid: number, highest?: number];

/** What one connection brought: a mid at each of these seconds, or one between two. */
function brought(...mids: readonly At[]): readonly ReadBook[] {
  return mids.map(([second, mid, highest = mid]) => ({
    atMs: second * 1_000,
    monotonicMs: second * 1_000,
    bid: mid - 1,
    ask: mid + 1,
    mids: { low: mid, high: highest },
    isDoubted: false,
  }));
}

/** The same, read right after a standstill. */
function doubted(...mids: readonly At[]): readonly ReadBook[] {
  return brought(...mids).map((book) => ({ ...book, isDoubted: true }));
}

const DRIFT = brought([600, 101], [800, 103], [995, 104]);

it.each<[string, readonly ReadBook[], readonly ReadBook[], boolean]>([
  ["a leap from a book to the next", brought([998, 100], [1_000, 104]), [], true],
  ["no leap", brought([998, 100], [1_000, 102]), [], false],
  ["a way over a book that may have been in between", brought([998, 100], [999, 99, 102], [1_000, 104]), [], false],
  ["a leap that no such book was on the way of", brought([998, 100], [999, 99, 101], [1_000, 104]), [], true],
  ["a book that may have waited in a socket", [...brought([998, 100]), ...doubted([999, 104])], [], false],
  [
    "a leap that a task may have seen before the pause, in such a book",
    [...brought([993, 100]), ...doubted([994.9, 104]), ...brought([995.6, 104])],
    [],
    false,
  ],
  [
    "a leap after a silence that only such a book of its own brought before",
    [...brought([990, 100]), ...doubted([998, 104]), ...brought([998.6, 104])],
    [],
    true,
  ],
  ["a leap before the pause", brought([993, 100], [994, 104], [1_000, 104]), [], false],
  ["a leap over a silence of every connection", brought([300, 100], [1_000, 104]), [], true],
  [
    "a drift that another connection brought while this one was silent",
    brought([300, 100], [1_000, 104]),
    DRIFT,
    false,
  ],
  ["a leap from what the other one brought, too", brought([300, 100], [1_000, 109]), DRIFT, true],
  [
    "a leap that the other one brought before",
    brought([300, 100], [1_000, 104]),
    brought([996, 100], [998, 104]),
    true,
  ],
  ["a mid that the other one brought before the silence", brought([300, 100], [1_000, 104]), brought([299, 104]), true],
  ["a leap of a connection that was not silent", brought([998, 100], [1_000, 104]), brought([999, 104]), true],
])("the mid of a connection leaps, or does not: %s", (_what, books, others, leaps) => {
  const leap = { connections: [others, books], percent: 2.8, sinceMs: 995_000, silentMs: 3_900 };
  expect(hasLeapt(books, leap)).toBe(leaps);
});

type Read = readonly [atMs: number, monotonicMs: number];

it.each<[string, readonly Read[], readonly number[]]>([
  [
    "of two in a second the newer one",
    [
      [1_000, 1_000],
      [1_999, 1_999],
    ],
    [1_999],
  ],
  [
    "one of each of two seconds",
    [
      [1_999, 1_999],
      [2_000, 2_000],
    ],
    [1_999, 2_000],
  ],
  [
    "of a socket's backlog the newest, whatever seconds the world had meanwhile",
    [
      [1_000, 500],
      [9_000, 600],
      [9_000, 600],
    ],
    [9_000],
  ],
  [
    "two of one second of the world where the process' own time says so",
    [
      [5_000, 1_999],
      [5_001, 2_000],
    ],
    [5_000, 5_001],
  ],
])("books are counted by the second of their process: %s", (_what, reads, expected) => {
  const books = reads.map(([atMs, monotonicMs]) => ({
    ...{ atMs, monotonicMs },
    ...{ bid: 1, ask: 2, mids: undefined, isDoubted: false },
  }));
  expect(newestOfEachSecond(books).map(({ atMs }) => atMs)).toEqual(expected);
});

it("a book that came first and again last in a second is there once, as it was last", () => {
  const [first, last] = [...brought([1, 100]), ...brought([1, 104])];
  expect(newestOfEachSecond([first, last].flatMap((book) => book ?? []))).toEqual([last]);
});
