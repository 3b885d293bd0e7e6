import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FillOutbox } from "../../fargate/fill-outbox.ts";
import { VirtualTime } from "../../sim/world/virtual-time.ts";
import { type Gate, makeRecorder, startQueue } from "./driven-world.ts";

const queue = await startQueue();
afterAll(() => queue.stop());
beforeEach(() => queue.clear());

function makeOutbox(options: { readonly gate?: Gate; readonly capacity?: number } = {}) {
  const world = new VirtualTime();
  const recorder = makeRecorder();
  const requests: string[] = [];
  const client = queue.makeClient(world, async (step) => {
    requests.push(step);
    await options.gate?.(step);
  });
  const outbox = new FillOutbox({
    client,
    queueUrl: queue.queueUrl,
    clock: world.clock,
    rng: { next: () => 0.5 },
    log: recorder.log,
    metrics: recorder.metrics,
    ...(options.capacity === undefined ? {} : { capacity: options.capacity }),
  });
  const sent: string[] = [];
  const offer = (fillId: string, body = JSON.stringify({ fillId })) =>
    outbox.offer({ fillId, body, onSent: () => sent.push(fillId) });
  return { world, outbox, offer, sent, recorder, requests };
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `F-${index}`);

describe("the fill outbox", () => {
  it("fills leave in batches of ten, each acknowledged once", async () => {
    const { world, outbox, offer, sent, requests } = makeOutbox();
    for (const fillId of ids(23)) expect(offer(fillId)).toBe(true);
    expect(requests).toEqual([]);
    await world.until(() => sent.length === 23, "23 acknowledgements");
    expect([...queue.fillIds()].sort()).toEqual(ids(23).sort());
    expect(requests.filter((step) => step === "before the queue")).toHaveLength(3);
    expect(outbox.counts).toEqual({ waiting: 0, sent: 23, sendFailures: 0 });
  });

  it("the first fill leaves within 10 ms", async () => {
    const { world, offer, sent } = makeOutbox();
    offer("F-1");
    await world.until(() => sent.length === 1, "an acknowledgement");
    expect(world.clock.now().monotonicMs).toBe(10);
  });

  it("a message that the queue refuses holds up no other, and is sent again and again", async () => {
    const { world, outbox, offer, sent, recorder } = makeOutbox();
    offer("F-bad", "\uffff");
    for (const fillId of ids(15)) offer(fillId);
    await world.until(() => sent.length === 15, "the good ones");
    await world.until(() => outbox.counts.sendFailures >= 3, "three refusals");
    expect([...queue.fillIds()].sort()).toEqual(ids(15).sort());
    expect(outbox.counts.waiting).toBe(1);
    expect(recorder.countOf("queue-send")).toBe(outbox.counts.sendFailures);
    outbox.close();
  });

  it("without a queue the fills wait, with growing pauses of at most 5 s, and leave when it is back", async () => {
    queue.remove();
    const { world, outbox, offer, sent, requests } = makeOutbox();
    for (const fillId of ids(3)) offer(fillId);
    await world.until(() => requests.length === 9, "the ninth attempt");
    expect(sent).toEqual([]);
    // 10 ms, then 3/4 of 100, 200, … 3,200, 5,000.
    expect(world.clock.now().monotonicMs).toBeCloseTo(10 + 0.75 * (100 * (2 ** 6 - 1) + 2 * 5_000));
    queue.create();
    await world.until(() => sent.length === 3, "the acknowledgements");
    expect([...queue.fillIds()].sort()).toEqual(ids(3).sort());
    // Nine attempts in vain, of three fills each.
    expect(outbox.counts.sendFailures).toBe(27);
  });

  it("an answer that never comes is an attempt that failed: the fill is sent twice rather than never", async () => {
    let isStuck = true;
    const { world, offer, sent } = makeOutbox({
      gate: async (step) => {
        if (step === "after the queue" && isStuck) {
          isStuck = false;
          await new Promise(() => undefined);
        }
      },
    });
    offer("F-1");
    await world.until(() => sent.length === 1, "the acknowledgement");
    expect(queue.fillIds()).toEqual(["F-1", "F-1"]);
    expect(sent).toEqual(["F-1"]);
  });

  it("a full outbox refuses loudly, once, and takes fills again later", async () => {
    const { world, offer, sent, recorder } = makeOutbox({ capacity: 4 });
    expect(ids(6).map((fillId) => offer(fillId))).toEqual([true, true, true, true, false, false]);
    expect(recorder.lines).toEqual(["fill outbox is full, fills wait at the venue"]);
    expect(recorder.countOf("outbox-full")).toBe(2);
    await world.until(() => sent.length === 4, "room");
    expect(offer("F-4")).toBe(true);
  });

  it("a flush sends at once and tells when all is acknowledged", async () => {
    const { world, outbox, offer, sent } = makeOutbox();
    for (const fillId of ids(12)) offer(fillId);
    expect(await world.settled(outbox.flush(1_000), "the flush")).toBe(true);
    expect(sent).toHaveLength(12);
    expect(world.clock.now().monotonicMs).toBe(0);
    expect(await outbox.flush(0)).toBe(true);
  });

  it("a flush ends at its limit when the queue is gone", async () => {
    queue.remove();
    const { world, outbox, offer } = makeOutbox();
    offer("F-1");
    expect(await world.settled(outbox.flush(2_000), "the flush")).toBe(false);
    expect(world.clock.now().monotonicMs).toBe(2_000);
    expect(outbox.counts.waiting).toBe(1);
    outbox.close();
    expect(offer("F-2")).toBe(false);
    queue.create();
  });
});
