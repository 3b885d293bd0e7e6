/** The events that people and schedules send to the functions: requests of operators, for audits and reports, and the grammars of all. */

import { InputError } from "../../../core/errors.ts";
import { ControlTable } from "../../../fargate/control-table.ts";
import { EVENT_DETAILS } from "../../../lambdas/event-schemas.ts";
import { parseAuditRequest } from "../../../lambdas/fill-audit/audit-request.ts";
import { parseReportRequest } from "../../../lambdas/hourly-report/report-request.ts";
import { answerRequest, type OperatorControl } from "../../../lambdas/operator-control/apply-request.ts";
import { operatorEventSchema } from "../../../lambdas/operator-control/operator-event.ts";
import { makeAnsweringClient } from "../item-answers.ts";
import { requirePlain, requireSame } from "../laws.ts";
import { MARKETS, STILL_CLOCK } from "../recordings.ts";
import { judgeLater, makeJsonTarget, parseJson, requireLaw, type Target } from "../target.ts";

const NOW_MS = STILL_CLOCK.now().epochMs;

const LAWS_BYTES_MAX = 10_000;

const ENVELOPE = {
  version: "0",
  id: "7bf73129-1428-4cd3-a780-95db273d1602",
  account: "123456789012",
  time: "2026-01-02T03:04:05Z",
  region: "us-east-1",
  resources: [],
};
const HALT = {
  ...ENVELOPE,
  source: "flashmm.operator",
  "detail-type": "Quoting Halt Requested",
  detail: { market: "SEI/USDC", reason: "the spread is absurd" },
};
const RESUME = { ...HALT, "detail-type": "Quoting Resume Requested", detail: {} };

export function makeFunctionEventTargets(): readonly Target[] {
  return [
    makeOperatorTarget(),
    makeDetailsTarget(),
    makeJsonTarget({
      name: "audit-requests",
      share: 2,
      recordings: [
        { ...ENVELOPE, detail: { graceSeconds: 60, restart: true } },
        { detail: '{"restart":true}' },
        ENVELOPE,
      ].map((event) => JSON.stringify(event)),
      read: parseAuditRequest,
      laws: ({ graceMs, restart }) => {
        const isGrace = Number.isSafeInteger(graceMs) && graceMs >= 0 && graceMs <= 3_600_000;
        requireLaw(isGrace && typeof restart === "boolean", "grace is up to an hour", () => `${graceMs}`);
      },
    }),
    makeJsonTarget({
      name: "report-requests",
      share: 2,
      recordings: [
        { ...ENVELOPE, source: "flashmm.operator", detail: { hour: "2026-01-02T02", dryRun: true } },
        { ...ENVELOPE, detail: { from: "2026-01-02T02:04", to: "2026-01-02T02:07:12" } },
        { ...ENVELOPE, detail: "{}" },
      ].map((event) => JSON.stringify(event)),
      read: (json) => parseReportRequest(json, NOW_MS),
      laws: ({ period }) => {
        const isOver = Date.parse(period.to) <= NOW_MS && Date.parse(period.from) < Date.parse(period.to);
        requireLaw(isOver && period.seconds <= 86_400, "a period is over, and a day at most", () => period.id);
        requireLaw(period.points > 0 && period.points <= 1_440, "a period has points", () => `${period.points}`);
      },
    }),
  ];
}

/** What an operator's request leaves in the table, the task can read, and it says what was asked for. */
function makeOperatorTarget(): Target {
  let written: unknown;
  const client = makeAnsweringClient((command) => {
    const input: unknown = Reflect.get(Object(command), "input");
    written = Reflect.get(Object(input), "Item") ?? written;
    return {};
  });
  const reader = new ControlTable({
    client: makeAnsweringClient(() => ({ Items: [written] })),
    tableName: "ledger",
    clock: STILL_CLOCK,
  });
  let said = 0;
  const write = (_message: string, fields: unknown) => void JSON.stringify(fields);
  const control: OperatorControl = {
    table: { client, tableName: "ledger" },
    markets: [...MARKETS.keys()],
    bus: {
      name: "flashmm",
      client: {
        send: async () => {
          said += 1;
          return {};
        },
      },
    },
    log: { info: write, warn: write },
  };
  return {
    name: "operator-events",
    share: 3,
    recordings: [HALT, RESUME].map((event) => JSON.stringify(event)),
    run: (input) => {
      const json = parseJson(input.toString("utf8"));
      const event = operatorEventSchema.safeParse(json?.value);
      if (!event.success) return "refused";
      said = 0;
      const apply = async () => {
        await answerRequest(control, event.data);
        return await reader.read();
      };
      return judgeLater(apply, {
        isRefusal: (error) => {
          if (!(error instanceof InputError)) return false;
          requireLaw(said === 1, "a refusal is said on the bus", () => `${said}`);
          return true;
        },
        laws: ({ items }) => {
          requireLaw(items.size === 1, "a request leaves one word", () => `${items.size}`);
          for (const [scope, word] of items) {
            requireLaw(scope === "ALL" || MARKETS.has(scope), "a word is of a market or of all", () => scope);
            requireLaw(!(word instanceof InputError), "the task can read a word that was written", () => `${word}`);
            const state = event.data["detail-type"] === "Quoting Halt Requested" ? "halted" : "running";
            requireLaw(word.state === state, "a word says what was asked for", () => word.state);
          }
        },
      });
    },
  };
}

/** All grammars of the bus on any detail: one is accepted as it is, or refused. */
function makeDetailsTarget(): Target {
  const grammars = Object.values(EVENT_DETAILS).flatMap((types) => Object.values(types));
  const details = [
    HALT.detail,
    { hour: "2026-01-02T03", dryRun: true },
    { limit: "drawdown", reason: "6 % of 1000", by: "fill-audit" },
    { market: "SEI/USDC", reason: "by hand", nothingLive: true, heldMs: 12 },
    { endpoint: "wss://rpc.sei-apis.com/websocket", failovers: 2, reason: "silence" },
    { requested: "Quoting Halt Requested", eventId: null, time: ENVELOPE.time, detail: {}, reason: "no", by: "x" },
    { integration: "sei", healthy: false, detail: "no answer" },
  ];
  return {
    name: "event-details",
    share: 2,
    recordings: details.map((detail) => JSON.stringify(detail)),
    run: (input) => {
      const json = parseJson(input.toString("utf8"));
      if (json === undefined) return "refused";
      let accepted = 0;
      for (const grammar of grammars) {
        const read = grammar.safeParse(json.value);
        if (!read.success) continue;
        accepted += 1;
        // A dozen grammars are tried at once: with the laws of each a large detail would take as long as none may.
        if (input.length > LAWS_BYTES_MAX) continue;
        requirePlain(read.data);
        requireSame(grammar.parse(read.data), read.data, "a detail is read the same again");
      }
      return accepted > 0 ? "accepted" : "refused";
    },
  };
}
