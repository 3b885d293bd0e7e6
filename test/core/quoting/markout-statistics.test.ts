import fc from "fast-check";
import { expect, it } from "vitest";
import { RollingMarkouts } from "../../../core/accounting/markout-figures.ts";
import { SideMarkouts } from "../../../core/quoting/markout-statistics.ts";
import type { Side } from "../../../core/units.ts";

const HORIZON_OF_FIVE_SECONDS = 1;

/** Fills with their markouts, and minutes without one, so that the hour's figures grow, are put together anew, and run empty. */
const steps = fc.array(
  fc.record({
    side: fc.constantFrom<Side>("buy", "sell"),
    afterMs: fc.oneof(fc.integer({ min: 0, max: 8_000 }), fc.constant(20 * 60_000)),
    markoutBps: fc.integer({ min: -20, max: 20 }),
    isFill: fc.boolean(),
  }),
  { maxLength: 60, size: "max" },
);

it("what was worked out for figures is kept until they change, and no longer", () => {
  fc.assert(
    fc.property(steps, (made) => {
      const rolling = new RollingMarkouts(1);
      const kept = new SideMarkouts();
      let nowMs = 0;
      for (const { side, afterMs, markoutBps, isFill } of made) {
        nowMs += afterMs;
        if (isFill) {
          const key = { side, level: 0, weight: 1, atMs: nowMs };
          const minute = rolling.addCapture(key, 1);
          rolling.addMarkout(minute, key, { horizon: HORIZON_OF_FIVE_SECONDS, markoutBps, adverseBps: -markoutBps });
        }
        const figures = rolling.figuresAt(nowMs);
        const found = kept.of(figures);
        expect(found).toEqual(new SideMarkouts().of(figures));
        expect(kept.of(figures)).toBe(found);
        const shown = figures.of(side, "all")?.markouts[HORIZON_OF_FIVE_SECONDS];
        if (shown?.plusMinus !== undefined) expect(found[side]?.meanBps).toBe(shown.mean);
      }
    }),
  );
});
