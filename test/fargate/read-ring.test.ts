import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadRing } from "../../fargate/read-ring.ts";

test("a read shows what was put into its room", () => {
  const ring = new ReadRing();
  ring.next().set([1, 2, 3]);
  expect([...ring.read(3)]).toEqual([1, 2, 3]);
});

test("memory is used over and over while messages are read", () => {
  const ring = new ReadRing();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 1_000; i += 1) {
    buffers.add(ring.next().buffer);
    ring.read(1_325);
    ring.release();
  }
  expect(buffers.size).toBe(1);
});

test("bytes that are held are never written over, whatever the sizes of reads and messages", () => {
  const read = fc.record({ bytes: fc.integer({ min: 1, max: 32_768 }), message: fc.nat(14).map((n) => n === 0) });
  fc.assert(
    fc.property(fc.array(read, { minLength: 40, maxLength: 120 }), (reads) => {
      const ring = new ReadRing();
      let held: { readonly view: Buffer; readonly mark: number }[] = [];
      for (const [index, { bytes, message }] of reads.entries()) {
        const mark = index % 251;
        const room = ring.next();
        room.fill(255);
        room.fill(mark, 0, bytes);
        const view = ring.read(bytes);
        if (message) {
          ring.release();
          held = [];
        }
        held.push({ view, mark });
        for (const { view: kept, mark: expected } of held) {
          if (kept[0] !== expected || kept.at(-1) !== expected) throw new Error(`read ${index} wrote over a held one`);
        }
      }
    }),
    { numRuns: 200 },
  );
});
