/** Bugs in how a task begins, is in charge, obeys and ends: the lease, the control items, the start, the stop. */
import type { PlantedBug } from "../planted-bug.ts";

const LEASE_FENCE = "return this.#lease.reasonNotToPlace(now) ?? this.#control.reasonNotToPlace(market, now);";

export const TASK_BUGS: readonly PlantedBug[] = [
  {
    name: "lease-ends-late",
    what: "A lease that is not renewed is used for two terms.",
    edits: [
      {
        file: "fargate/lease-validity.ts",
        find: "this.#placingMs = (termMs * 2) / 3;",
        replace: "this.#placingMs = termMs * 2;",
      },
    ],
    rules: ["lease", "old-epoch"],
    only: "aws/outage,aws/all-away",
    minutes: 5,
  },
  {
    name: "lease-taken-too-early",
    what: "A lease is taken over after half its term.",
    edits: [
      {
        file: "fargate/lease-acquisition.ts",
        find: "return Math.max(this.#options.termMs, termMs ?? 0) * (1 + CLOCK_RATE_MARGIN);",
        replace: "return Math.max(this.#options.termMs, termMs ?? 0) / 2;",
      },
    ],
    rules: ["lease", "old-epoch", "arrivals", "unknown-order"],
    only: "process/crash",
    minutes: 5,
    shape: { leaseTermMs: 20_000 },
  },
  {
    name: "lease-written-without-condition",
    what: "Whoever wants the lease writes it, whatever stands there.",
    edits: [
      {
        file: "fargate/lease-record.ts",
        find: '      ConditionExpression: conditions.join(" AND "),\n',
        replace: '      ConditionExpression: "attribute_not_exists(nobody)",\n',
      },
      {
        file: "fargate/lease-record.ts",
        find: "if (value !== undefined) values[`:seen_",
        replace: "if (value === null) values[`:seen_",
      },
      {
        file: "fargate/lease-acquisition.ts",
        find: "    if (isFree(record)) return 0;\n",
        replace: "    if (isFree(record) || record.owner !== undefined) return 0;\n",
      },
    ],
    rules: ["lease", "old-epoch", "arrivals", "placements-in-flight", "unknown-order"],
    only: "process/second-task,process/deployment",
    minutes: 4,
  },
  {
    name: "epoch-reused",
    what: "A task takes the epoch of the one before it.",
    edits: [
      {
        file: "fargate/lease-acquisition.ts",
        find: "const taken = await this.#take(record, epochSeen + 1);",
        replace: "const taken = await this.#take(record, Math.max(1, epochSeen));",
      },
    ],
    rules: ["lease", "liveness", "unknown-order", "self-match", "exposure"],
    only: "process/crash",
    minutes: 4,
  },
  {
    name: "no-quiet-wait",
    what: "After a take-over nobody waits for what the earlier task sent last.",
    edits: [
      {
        file: "fargate/start-steps.ts",
        find: "const quietMs = Math.max(0, PLACING_LIFETIME_MS - takenFromMs / 3);",
        replace: "const quietMs = 0 * PLACING_LIFETIME_MS;",
      },
    ],
    rules: ["lease", "old-epoch"],
    only: "process/second-task,process/crash",
    minutes: 4,
    haste: 12,
    shape: { leaseTermMs: 6_000 },
  },
  {
    name: "start-leaves-orders",
    what: "A start does not end the orders of the one before.",
    edits: [
      {
        file: "fargate/start-steps.ts",
        find: "return endOwnOrders({ ...assembly(), epoch: state.epoch, budget, clock, isGivenUp }, START_ORDERS_WITHIN_MS);",
        replace:
          'void [endOwnOrders, budget, clock, isGivenUp, START_ORDERS_WITHIN_MS];\n        return Promise.resolve("ended");',
      },
    ],
    rules: ["unknown-order", "self-match", "exposure", "crossed"],
    only: "process/crash",
    minutes: 5,
    shape: { positionOrders: 3, levels: 3 },
  },
  {
    name: "quotes-before-fills",
    what: "A start does not read the fills that came while nobody ran.",
    edits: [
      {
        file: "fargate/start-steps.ts",
        find: "await Promise.all([...trackers.values()].map((tracker) => tracker.catchUp()));",
        replace: "void trackers;",
      },
    ],
    rules: ["liveness", "exposure", "end", "start-gate"],
    only: "process/crash",
    minutes: 4,
  },
  {
    name: "stop-leaves-orders",
    what: "A stop cancels nothing.",
    edits: [
      {
        file: "fargate/wind-down.ts",
        find: 'await attempt("orders may be open", () => endOwnOrders(options, Math.max(END_ORDERS_WITHIN_MS, leftMs)));',
        replace: "void [endOwnOrders, END_ORDERS_WITHIN_MS, leftMs];",
      },
    ],
    rules: ["end", "unknown-order"],
    only: "process/deployment",
    minutes: 3,
  },
  {
    name: "restart-clears-the-halt",
    what: "A task passes over halts that are older than itself.",
    edits: [
      {
        file: "fargate/control.ts",
        find: "    this.#scopes = [ALL_MARKETS, ...options.markets];\n",
        replace:
          "    this.#scopes = [ALL_MARKETS, ...options.markets];\n    this.#bornMs = options.clock.now().epochMs;\n",
      },
      { file: "fargate/control.ts", find: "  #failures = 0;\n", replace: "  #failures = 0;\n  #bornMs: number;\n" },
      {
        file: "fargate/control.ts",
        find: "return item === undefined || item instanceof Error || item.state !== state ? undefined : item;",
        replace:
          "return item === undefined || item instanceof Error || item.state !== state || item.atMs < this.#bornMs ? undefined : item;",
      },
    ],
    rules: ["halted-market"],
    only: "operator/halt,process/crash,process/deployment",
    minutes: 8,
  },
  {
    name: "kill-checked-too-early",
    what: "Operators' halts are looked at when an order is decided, and not when its bytes are written.",
    edits: [
      {
        file: "fargate/task.ts",
        find: LEASE_FENCE,
        replace: "void market;\n    return this.#lease.reasonNotToPlace(now);",
      },
      {
        file: "core/market-engine.ts",
        find: "const reason = this.blockers[0] ?? this.watch.reasonsNotToQuote(now)[0];",
        replace: "const reason = this.watch.reasonsNotToQuote(now)[0];",
      },
    ],
    rules: ["halted-market"],
    only: "operator/halt,venue/connecting",
    minutes: 5,
    haste: 20,
    parameters: { highMs: 1_900 },
  },
  {
    name: "lease-checked-too-early",
    what: "The lease is looked at when an order is decided, and not when its bytes are written.",
    edits: [
      {
        file: "fargate/task.ts",
        find: LEASE_FENCE,
        replace: "return this.#control.reasonNotToPlace(market, now);",
      },
    ],
    rules: ["lease", "old-epoch"],
    only: "process/freeze-point",
    minutes: 5,
    haste: 20,
    parameters: { call: "place", moment: "before-write", matching: "", nth: 1 },
  },
  {
    name: "halt-not-obeyed",
    what: "What operators say is not looked at before a placing, and halts nothing.",
    edits: [
      {
        file: "fargate/task.ts",
        find: LEASE_FENCE,
        replace: "void market;\n    return this.#lease.reasonNotToPlace(now);",
      },
      {
        file: "core/market-blockers.ts",
        find: "let blockers = this.halts.blockers;",
        replace: "let blockers: readonly Blocker[] = [];",
      },
    ],
    rules: ["halted-market", "start-gate"],
    only: "operator/halt",
    minutes: 5,
  },
  {
    name: "halt-leaves-orders",
    what: "A halt stops new quotes and leaves what stands.",
    edits: [
      {
        file: "core/market-engine.ts",
        find: "const diff = diffOrders(quotes, open, this.settings.tolerance,",
        replace:
          'const kept = this.#blockers.some(({ kind }) => kind === "operator") ? [] : open;\n    const diff = diffOrders(quotes, kept, this.settings.tolerance,',
      },
    ],
    rules: ["halted-market"],
    only: "operator/halt",
    minutes: 5,
  },
  {
    name: "circuit-stays-open",
    what: "An open circuit is tried again after an hour.",
    edits: [
      {
        file: "fargate/cambrian/circuit.ts",
        find: "const HALF_OPEN_AFTER_MS = 60_000;",
        replace: "const HALF_OPEN_AFTER_MS = 3_600_000;",
      },
    ],
    rules: ["liveness"],
    only: "venue/refused,venue/server-error",
    minutes: 4,
  },
  {
    name: "dead-man-cancels-the-living",
    what: "The dead man takes every task for silent.",
    edits: [
      {
        file: "lambdas/health-sweep/dead-man.ts",
        find: 'if (watched.verdict === "silent") return await act(',
        replace: 'if (watched.verdict !== "unsure") return await act(',
      },
    ],
    rules: ["dead-man"],
    only: "node/late",
    minutes: 4,
  },
  {
    name: "dead-man-never-cancels",
    what: "The dead man leaves the orders of a silent task.",
    edits: [
      {
        file: "lambdas/health-sweep/dead-man.ts",
        find: 'if (watched.verdict === "silent") return await act(',
        replace:
          'if (watched.verdict !== "silent" && watched.verdict !== "fresh" && watched.verdict !== "unsure") return await act(',
      },
    ],
    rules: ["dead-man"],
    only: "process/no-capacity",
    minutes: 14,
    parameters: { crashes: true },
    haste: 60,
  },
];
