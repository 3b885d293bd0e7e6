/**
 * Bugs in the hourly report (posts sent again, claimed at the wrong moment or too soon, figures of another time), and one in the provisioning of
 * Grafana.
 */
import type { PlantedBug } from "../planted-bug.ts";

/** A slow market, so that hours are cheap. The first report comes seventeen minutes after the world's beginning, the second an hour later. */
const SOON = { reportsFromMinute: 58, blockMs: 2_500, moveMs: 40_000, takeMs: 40_000, levels: 1 } as const;
/** The first comes after thirty minutes. */
const ONCE = { ...SOON, reportsFromMinute: 45 } as const;

const PUBLISH = "lambdas/hourly-report/publish.ts";

export const REPORT_BUGS: readonly PlantedBug[] = [
  {
    name: "report-posted-again",
    what: "A report of which nobody knows whether X has it waits for another run, which sends it again.",
    edits: [
      { file: PUBLISH, find: '        : { state: "failed", reason', replace: '        : { state: "waiting", reason' },
    ],
    rules: ["report"],
    only: "x/server-error,report/asked",
    minutes: 22,
    haste: 30,
    shape: SOON,
    parameters: { path: "/2/tweets", html: true, times: 8, dryRun: false },
  },
  {
    name: "report-left-open-released",
    what: "A claim that its run has left open is let go, and its report still waits.",
    edits: [
      {
        file: PUBLISH,
        find: '{ state: "failed", reason, mayBePosted: true }))) {\n',
        replace: '{ state: "waiting", reason }))) {\n',
      },
    ],
    rules: ["report"],
    only: "report/killed-at,report/asked",
    minutes: 25,
    haste: 10,
    shape: SOON,
    // The fifth request of a run that posts: three for the image, one for its description.
    parameters: { call: "x", moment: "after-effect", nth: 5, dryRun: false },
  },
  {
    name: "report-claimed-after",
    what: "The post goes out first, and the gate is claimed when X has answered.",
    edits: [
      {
        file: PUBLISH,
        find: "  const held = await claim(publisher, gate, report);\n",
        replace:
          "  const outcome = await post(publisher, report, mediaId.value);\n  const held = await claim(publisher, gate, report);\n",
      },
      {
        file: PUBLISH,
        find: '    return "again";\n  }\n  const outcome = await post(publisher, report, mediaId.value);\n',
        replace: '    return "again";\n  }\n',
      },
    ],
    rules: ["report"],
    only: "x/slow",
    minutes: 20,
    shape: ONCE,
  },
  {
    name: "report-settled-unclaimed",
    what: "What became of a report that X did not take is written without a claim, whoever else is posting it.",
    edits: [
      {
        file: PUBLISH,
        find: "  const settling = held ?? (await claim(publisher, gate));\n",
        replace:
          "  const settling = held ?? { settledByMs: Number.POSITIVE_INFINITY, release: async () => undefined };\n",
      },
    ],
    rules: ["report"],
    only: "report/repeated,x/too-many",
    minutes: 25,
    haste: 20,
    shape: SOON,
    parameters: { chance: 1, path: "append", times: 1, seconds: 2, tells: false },
  },
  {
    name: "report-turn-not-awaited",
    what: "A report goes out at its minute of the hour, whenever the one before it went.",
    edits: [
      {
        file: PUBLISH,
        find: "  const toTurnMs = () => Math.max(0, (gate?.nextAtMs ?? 0) - timing.epochMs());\n",
        replace: "  const toTurnMs = () => 0 * (gate?.nextAtMs ?? 0);\n",
      },
    ],
    rules: ["report"],
    only: "x/slow",
    minutes: 18,
    shape: SOON,
  },
  {
    name: "report-of-the-wrong-minutes",
    what: "A report takes the first minute of the hour after its own.",
    edits: [
      {
        file: "lambdas/hourly-report/read-market.ts",
        find: "  const lastMinute = new Date(Date.parse(to) - 1).toISOString();\n",
        replace: "  const lastMinute = to;\n",
      },
    ],
    rules: ["report"],
    only: "x/slow",
    minutes: 20,
    shape: ONCE,
  },
  {
    name: "report-of-all-time",
    what: "The volume of a report is that of everything that was ever traded.",
    edits: [
      {
        file: "lambdas/hourly-report/market-figures.ts",
        find: "    volume: closing.volume - opening.volume,\n",
        replace: "    volume: closing.volume,\n",
      },
      { file: "lambdas/hourly-report/read-market.ts", find: "    stored.volume === figures.volume &&\n", replace: "" },
    ],
    rules: ["report"],
    only: "x/slow",
    minutes: 18,
    shape: SOON,
  },
  {
    name: "report-without-audit",
    what: "A report asks no audit: what the hour's item says is posted, whoever has looked at it.",
    edits: [
      {
        file: "lambdas/hourly-report/read-market.ts",
        find: "  if (word === undefined && period.hour !== undefined && !(await hasAudit(table, market))) {\n",
        replace: "  if (period.hour !== undefined) {\n",
      },
    ],
    rules: ["report"],
    only: "x/slow",
    minutes: 20,
    shape: ONCE,
  },
  {
    name: "minutes-not-written",
    what: "The task writes none of its minutes.",
    edits: [
      {
        file: "fargate/minute-recorder.ts",
        find: "    if (this.#isStopped || this.#minuteMs !== undefined) return;\n",
        replace: "    if (this.#isStopped || this.#minuteMs === undefined) return;\n",
      },
    ],
    rules: ["report"],
    only: "x/slow",
    minutes: 20,
    shape: ONCE,
  },
  {
    name: "grafana-takes-others",
    what: "Every contact point of our name is taken for ours, and taken away with what we want no more.",
    edits: [
      {
        file: "lambdas/grafana-provisioning/contact-points.ts",
        find: "flatMap(({ uid }) => (ours.includes(uid) ? [uid] : []));\n",
        replace: "flatMap(({ uid }) => (ours.length > 0 ? [uid] : []));\n",
      },
    ],
    rules: ["grafana"],
    only: "grafana/asked",
    minutes: 2,
  },
];
