import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyFill, compareFills, emptyBooks } from "../../core/accounting/pnl.ts";
import { FillProgress } from "../../fargate/fill-progress.ts";
import { bookedOf, fillOf, MARKET, NO_OVERLAP } from "./fill-cases.ts";

const START = { cursor: undefined, books: emptyBooks(), overlap: NO_OVERLAP };

function pageOf(fills: readonly ReturnType<typeof fillOf>[], cursor: string, askedAtMs: number) {
  return { fills, nextCursor: cursor, askedAtMs, readAtMs: askedAtMs };
}

/** Marks everything known as acknowledged by the queue. */
function sendAll(progress: FillProgress): void {
  for (const tracked of [...progress.unoffered]) {
    progress.offered(tracked);
    tracked.isSent = true;
  }
}

describe("the progress of fills", () => {
  it("the checkpoint waits for the queue's word on every fill before it", () => {
    const progress = new FillProgress(MARKET, START);
    progress.addPage(pageOf([fillOf("F-1", 1), fillOf("F-2", 2)], "c2", 0));
    progress.addPage(pageOf([], "c2", 5_000));
    const [first, second] = [...progress.unoffered];
    if (second !== undefined) second.isSent = true;
    expect(progress.advance()).toBe(false);
    if (first !== undefined) first.isSent = true;
    expect(progress.advance()).toBe(true);
    expect(progress.checkpoint.cursor).toBe("c2");
    expect(progress.checkpoint.books.fillCount).toBe(2);
    expect(progress.heldCount).toBe(0);
  });

  it("a page is not closed while more of its last moment may come", () => {
    const progress = new FillProgress(MARKET, START);
    progress.addPage(pageOf([fillOf("F-9", 1)], "c1", 0));
    sendAll(progress);
    progress.addPage(pageOf([], "c1", 999));
    expect(progress.advance()).toBe(false);
    progress.addPage(pageOf([], "c1", 1_000));
    expect(progress.advance()).toBe(true);
  });

  it("fills of one moment on two pages are folded together, by id", () => {
    const progress = new FillProgress(MARKET, START);
    progress.addPage(pageOf([fillOf("F-8", 1), fillOf("F-9", 2)], "c2", 0));
    progress.addPage(pageOf([fillOf("F-10", 2), fillOf("F-11", 2)], "c4", 10));
    sendAll(progress);
    expect(progress.advance()).toBe(false);
    progress.addPage(pageOf([fillOf("F-12", 3)], "c5", 20));
    expect(progress.advance()).toBe(true);
    expect(progress.checkpoint.cursor).toBe("c4");
    expect(progress.checkpoint.books.lastFill?.fillId).toBe("F-9");
  });

  it("a fill of the stream is handed on with its mid, and the history's copy adds nothing to send", () => {
    const progress = new FillProgress(MARKET, START);
    progress.see(fillOf("F-1", 1), 42n);
    progress.see(fillOf("F-1", 1), 43n);
    expect([...progress.unoffered].map(({ midAtFill }) => midAtFill)).toEqual([42n]);
    sendAll(progress);
    expect(progress.addPage(pageOf([fillOf("F-1", 1)], "c1", 0)).map(({ fillId }) => fillId)).toEqual(["F-1"]);
    expect(progress.hasUnoffered).toBe(false);
  });

  it("a page read twice is counted once", () => {
    const progress = new FillProgress(MARKET, START);
    const fills = [fillOf("F-1", 1), fillOf("F-2", 2)];
    progress.addPage(pageOf(fills, "c2", 0));
    expect(progress.addPage(pageOf(fills, "c2", 1))).toEqual([]);
    sendAll(progress);
    progress.addPage(pageOf([], "c2", 2_000));
    progress.advance();
    expect(progress.addPage(pageOf(fills, "c2", 3_000))).toEqual([]);
    progress.see(fillOf("F-1", 1), undefined);
    expect(progress.heldCount).toBe(0);
    expect(progress.checkpoint.books.fillCount).toBe(2);
  });

  it("a fill that the books of the start answer for is sent again, but not folded again", () => {
    const books = applyFill(emptyBooks(), bookedOf(fillOf("F-5", 5)), MARKET);
    const progress = new FillProgress(MARKET, {
      cursor: "c5",
      books,
      overlap: { ...NO_OVERLAP, cursor: "c5", after: books.lastFill },
    });
    progress.addPage(pageOf([fillOf("F-5", 5), fillOf("F-6", 6)], "c6", 0));
    expect([...progress.unoffered]).toHaveLength(2);
    sendAll(progress);
    progress.addPage(pageOf([], "c6", 2_000));
    progress.advance();
    expect(progress.checkpoint.books.fillCount).toBe(2);
  });

  it("the overlap of a checkpoint is the last minute's fills, and where they begin", () => {
    const progress = new FillProgress(MARKET, START);
    const read = (fill: ReturnType<typeof fillOf>, cursor: string, atMs: number) => {
      progress.addPage(pageOf([fill], cursor, atMs));
      sendAll(progress);
      progress.addPage(pageOf([], cursor, atMs + 2_000));
      progress.advance();
      return progress.checkpoint.overlap;
    };
    const [first, second, third] = [fillOf("F-1", 1), fillOf("F-2", 2), fillOf("F-3", 3)];
    const keyOf = ({ fillId, venueTime }: typeof first) => ({ fillId, venueTime });
    expect(read(first, "c1", 0).fills).toEqual([keyOf(first)]);
    expect(read(second, "c2", 30_000)).toEqual({ ...NO_OVERLAP, fills: [keyOf(first), keyOf(second)] });
    expect(read(third, "c3", 90_001)).toEqual({ cursor: "c2", after: keyOf(second), fills: [keyOf(third)] });
  });

  it("a fill that the history shows late is booked after a restart too, and those around it are not again", () => {
    const before = new FillProgress(MARKET, START);
    const [first, late, last] = [fillOf("F-1", 1), fillOf("F-2", 2), fillOf("F-3", 3)];
    before.addPage(pageOf([first, last], "c2", 0));
    sendAll(before);
    before.addPage(pageOf([], "c2", 2_000));
    before.advance();
    const after = new FillProgress(MARKET, before.checkpoint);
    expect(after.addPage(pageOf([first, late, last], "c3", 3_000))).toEqual([late]);
    expect([...after.unoffered].map(({ fill }) => fill)).toEqual([late]);
    sendAll(after);
    after.addPage(pageOf([], "c3", 5_000));
    after.advance();
    const all = [first, late, last].map(bookedOf).reduce((sum, fill) => applyFill(sum, fill, MARKET), emptyBooks());
    expect(after.checkpoint.books).toMatchObject({ fillCount: 3, position: all.position, lastFill: all.lastFill });
  });

  it("a fill older than one that is safe already is counted, and booked all the same", () => {
    const progress = new FillProgress(MARKET, START);
    progress.addPage(pageOf([fillOf("F-2", 2)], "c2", 0));
    sendAll(progress);
    progress.addPage(pageOf([], "c2", 2_000));
    progress.advance();
    progress.addPage(pageOf([fillOf("F-1", 1)], "c1", 3_000));
    sendAll(progress);
    progress.addPage(pageOf([], "c1", 5_000));
    progress.advance();
    expect(progress.outOfOrder).toBe(1);
    expect(progress.checkpoint.books.fillCount).toBe(2);
  });

  it("what is held is bounded, and acknowledged fills that the history never shows make room", () => {
    const progress = new FillProgress(MARKET, START);
    for (let n = 0; n < 20_001; n += 1) progress.see(fillOf(`F-${n}`, n), undefined);
    expect(progress.heldCount).toBe(20_000);
    expect(progress.isFull).toBe(true);
    progress.makeRoom();
    expect(progress.heldCount).toBe(20_000);
    sendAll(progress);
    progress.makeRoom();
    expect(progress.heldCount).toBe(0);
  });

  it("at any cut into pages the checkpoint is the fold of its fills in venue order, and never parts a moment", () => {
    const history = fc
      .array(fc.record({ gapMs: fc.integer({ min: 0, max: 2 }), buys: fc.boolean() }), { minLength: 1, maxLength: 30 })
      .map((steps) => {
        let atMs = 0;
        return steps.map(({ gapMs, buys }, index) => {
          atMs += gapMs;
          return fillOf(`F-${index + 1}`, atMs, buys ? "buy" : "sell");
        });
      });
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 7 }), (fills, pageSize) => {
        const progress = new FillProgress(MARKET, START);
        for (let from = 0; from < fills.length; from += pageSize) {
          progress.addPage(pageOf(fills.slice(from, from + pageSize), String(from + pageSize), from));
          sendAll(progress);
          progress.advance();
          const { cursor, books } = progress.checkpoint;
          const safe = fills.slice(0, Number(cursor ?? 0)).sort(compareFills);
          const rest = fills.slice(Number(cursor ?? 0));
          expect(books).toEqual(safe.map(bookedOf).reduce((sum, fill) => applyFill(sum, fill, MARKET), emptyBooks()));
          const { lastFill } = books;
          if (lastFill !== undefined) expect(rest.every((fill) => compareFills(fill, lastFill) > 0)).toBe(true);
        }
      }),
    );
  });
});
