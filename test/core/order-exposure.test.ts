import fc from "fast-check";
import { expect, it } from "vitest";
import { isOpen, remainingOf } from "../../core/order.ts";
import { OneOrderVenue, SIZE } from "./one-order-venue.ts";
import { the } from "./order-in-state.ts";

/** What may happen, each as often as its weight says. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }).map((ms) => (venue: OneOrderVenue) => venue.pass(ms)) },
  { weight: 3, arbitrary: fc.constant((venue: OneOrderVenue) => venue.arrive()) },
  { weight: 1, arbitrary: fc.constant((venue: OneOrderVenue) => venue.refuse()) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: SIZE }).map((size) => (venue: OneOrderVenue) => venue.trade(size)),
  },
  { weight: 2, arbitrary: fc.constant((venue: OneOrderVenue) => venue.cancel()) },
  { weight: 1, arbitrary: fc.constant((venue: OneOrderVenue) => venue.answerCancelEarly()) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("place-unknown" as const, "cancel-unknown" as const)
      .map((of) => (venue: OneOrderVenue) => venue.loseAnswer(of)),
  },
  { weight: 3, arbitrary: fc.boolean().map((may) => (venue: OneOrderVenue) => venue.query(may)) },
  { weight: 2, arbitrary: fc.boolean().map((may) => (venue: OneOrderVenue) => venue.list(may)) },
  { weight: 2, arbitrary: fc.constant((venue: OneOrderVenue) => venue.readHistory()) },
  { weight: 6, arbitrary: fc.nat(100).map((pick) => (venue: OneOrderVenue) => venue.deliver(pick)) },
  { weight: 3, arbitrary: fc.nat(100).map((pick) => (venue: OneOrderVenue) => venue.deliverFill(pick)) },
  { weight: 1, arbitrary: fc.nat(100).map((pick) => (venue: OneOrderVenue) => venue.lose(pick)) },
);
type Step = (venue: OneOrderVenue) => void;

/** Beginnings that chance alone comes upon too rarely. */
const beginnings: readonly (readonly Step[])[] = [
  [],
  // It rests, its answer is lost, and the venue overlooks it when asked after its signature has expired.
  [
    (venue) => venue.arrive(),
    (venue) => venue.lose(0),
    (venue) => venue.loseAnswer("place-unknown"),
    (venue) => venue.pass(10_000),
    (venue) => venue.query(true),
    (venue) => venue.deliver(0),
  ],
  // It fills in part, is cancelled, and the answer does not say how much had filled.
  [
    (venue) => venue.arrive(),
    (venue) => venue.deliver(0),
    (venue) => venue.trade(SIZE / 2),
    (venue) => venue.lose(0),
    (venue) => venue.cancel(),
    (venue) => venue.deliver(0),
  ],
  // Its cancel is answered, and not carried out yet.
  [
    (venue) => venue.arrive(),
    (venue) => venue.deliver(0),
    (venue) => venue.answerCancelEarly(),
    (venue) => venue.deliver(0),
  ],
];
const story = fc
  .tuple(fc.constantFrom(...beginnings), fc.array(step, { maxLength: 60, size: "max" }))
  .map(([beginning, rest]) => [...beginning, ...rest]);

it("whatever is lost, late or overlooked, an order counts for at least what of it may still fill", () => {
  fc.assert(
    fc.property(story, (steps) => {
      const venue = new OneOrderVenue();
      for (const take of steps) {
        take(venue);
        expect(remainingOf(the(venue.orders))).toBeGreaterThanOrEqual(venue.canStillFill);
        if (["cancel-sent", "place-unknown", "cancel-unknown"].includes(the(venue.orders).state)) {
          expect(remainingOf(the(venue.orders))).toBe(SIZE - the(venue.orders).filledBooked);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

it("once the venue answers again, every order comes to what it is in truth", () => {
  fc.assert(
    fc.property(story, (steps) => {
      const venue = new OneOrderVenue();
      for (const take of steps) take(venue);
      venue.settle();
      expect(isOpen(the(venue.orders))).toBe(venue.isResting);
      expect(remainingOf(the(venue.orders))).toBe(venue.canStillFill);
    }),
    { numRuns: 300 },
  );
});
