/** Bugs in the guards that faults have led to: pauses, absence, lost fills, clocks that stood still, what is written twice or watched late. */
import type { PlantedBug } from "../planted-bug.ts";

/** Prices move fast and the position is near its limit: what is wrongly believed to be gone is met. */
const JUMPY = { moveMs: 4_000, moveBps: 20, halfSpreadBps: 4, levels: 3, positionOrders: 4 };

export const GUARD_BUGS: readonly PlantedBug[] = [
  {
    name: "retry-after-ignored",
    what: "A pause that the venue asks for is not kept.",
    edits: [
      {
        file: "core/execution/request-budget.ts",
        find: "    this.#heldBackUntilMs = Math.max(this.#heldBackUntilMs, untilMs);\n",
        replace: "    this.#heldBackUntilMs = Math.min(this.#heldBackUntilMs, untilMs);\n",
      },
    ],
    rules: ["pause"],
    only: "venue/too-many",
    minutes: 4,
    parameters: { seconds: 20 },
  },
  {
    name: "absence-is-proof-at-once",
    what: "A placing that the venue does not know when it is asked was never taken, though it may be long in carrying it out.",
    edits: [
      {
        file: "core/orders.ts",
        find: 'if (order.state === "place-unknown") return askedMs - order.sentMs >= PLACING_LIFETIME_MS;',
        replace: 'if (order.state === "place-unknown") return askedMs - order.sentMs >= 0 * PLACING_LIFETIME_MS;',
      },
      {
        file: "core/orders.ts",
        find: 'fact === "absence-proven" ? order.sentMs + ABSENCE_PROOF_MS : nowMs,',
        replace: "nowMs,",
      },
      {
        file: "core/order.ts",
        find: 'const isEndDoubtful = order.state === "rejected" || !order.isEndConfirmed;',
        replace: "const isEndDoubtful = !order.isEndConfirmed;",
      },
    ],
    rules: ["self-match", "crossed", "exposure", "placements-in-flight", "unknown-order"],
    only: "venue/slow,venue/stream-muted",
    minutes: 5,
    haste: 20,
    parameters: { route: "place", when: "before", times: 40, delayMs: 7_000 },
    shape: JUMPY,
  },
  {
    name: "stream-is-the-history",
    what: "Once a task quotes, fills are what the stream tells.",
    edits: [
      {
        file: "fargate/fill-tracker.ts",
        find: "    this.#tick = this.#runTick().then(() => this.#scheduleTick());\n",
        replace: "    this.#scheduleTick();\n",
      },
    ],
    rules: ["liveness", "exposure", "end"],
    only: "venue/fills-untold,venue/stream-cut",
    minutes: 4,
  },
  {
    name: "standing-clock-unnoticed",
    what: "A process that was frozen with its monotonic clock takes no note of it.",
    edits: [
      {
        file: "fargate/quoting-loop.ts",
        find: "const apartMs = at.epochMs - epochMs - durationMs;",
        replace: "const apartMs = 0 * (at.epochMs - epochMs - durationMs);",
      },
      {
        file: "fargate/lease-validity.ts",
        find: "if (Math.abs(jumpMs) <= CLOCKS_APART_MAX_MS) return false;",
        replace: "if (Math.abs(jumpMs) <= CLOCKS_APART_MAX_MS * 1e9) return false;",
      },
    ],
    rules: ["lease", "old-epoch", "fresh-data", "arrivals"],
    only: "process/freeze",
    minutes: 5,
    haste: 20,
    parameters: { standsStill: true },
  },
  {
    name: "cancels-written-twice",
    what: "What was written while the rest of its decision was thought over is written again with the rest.",
    edits: [
      {
        file: "fargate/quoting-loop.ts",
        find: "for (let i = this.#written.length; i < commands.length; i += 1) {",
        replace: "for (let i = 0; i < commands.length; i += 1) {",
      },
    ],
    rules: ["arrivals"],
    only: "venue/delay,venue/clog",
    minutes: 4,
    shape: JUMPY,
  },
  {
    name: "start-watches-late",
    what: "A start looks for open orders that were not shown to it only once it quotes.",
    edits: [
      {
        file: "fargate/start-steps.ts",
        find: "        assembly().watchOrders();\n",
        replace: "",
      },
      {
        file: "fargate/start-steps.ts",
        find: "        assembly().quote();\n",
        replace: "        assembly().watchOrders();\n        assembly().quote();\n",
      },
    ],
    rules: ["unknown-order", "stale-quotes"],
    only: "venue/order-hidden,process/crash,node/silent,node/dead",
    minutes: 8,
    haste: 20,
    parameters: { which: 7 },
    shape: { levels: 3, leaseTermMs: 6_000 },
  },
  {
    name: "stop-places-on",
    what: "A task that is told to stop goes on quoting while it ends its orders.",
    edits: [
      {
        file: "fargate/task.ts",
        find: '    if (this.#phase === "stopping") return "the task is stopping";\n',
        replace: "",
      },
    ],
    rules: ["forbidden-placement"],
    only: "process/deployment,venue/connecting",
    minutes: 4,
    haste: 20,
    parameters: { highMs: 1_900 },
  },
  {
    name: "old-key-kept",
    what: "A task whose key is refused waits for better times, and is never replaced.",
    edits: [
      {
        file: "fargate/venue-watch.ts",
        find: "const UNAUTHORIZED_MS_MAX = 5_000;",
        replace: "const UNAUTHORIZED_MS_MAX = 5_000_000;",
      },
    ],
    rules: ["liveness"],
    only: "operator/new-key",
    minutes: 4,
    haste: 60,
  },
];
