import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type OperatorRequest,
  parseOperatorRequest,
  REASON_CHARACTERS_MAX,
  toCommand,
  toOperatorEvent,
} from "../../../fargate/status/operator-request.ts";
import { EVENT_DETAILS } from "../../../lambdas/event-schemas.ts";

const MARKETS = ["SEI/USDC", "ATOM/USDC"];
const PLACE = { busName: "flashmm", region: "eu-west-1" };

const NASTY = [
  "odd fills",
  'it\'s "odd" `id` $(id) $HOME \\ !! ; & | > < * ? ~ # %s',
  "'; rm -rf / #",
  "--region us-east-1",
  "Füllungen 奇怪 🐙",
  "\\u0041 \\n",
  "a".repeat(REASON_CHARACTERS_MAX),
];

/** What a shell makes of commands: the words of each. */
function wordsOf(commands: readonly string[]): readonly (readonly string[])[] {
  const script = `aws() { printf '%s\\0' "$@"; printf '\\0'; }\n${commands.join("\n")}\n`;
  const said = execFileSync("/bin/sh", ["-s"], { input: script, encoding: "utf8", env: {} });
  return said
    .slice(0, -2)
    .split("\0\0")
    .map((words) => words.split("\0"));
}

describe("an operator's request", () => {
  test.each([
    { value: { action: "halt", reason: "odd fills" }, market: undefined },
    { value: { action: "resume", reason: "looked", market: "ATOM/USDC" }, market: "ATOM/USDC" },
  ])("$value is taken", ({ value, market }) => {
    expect(parseOperatorRequest(value, MARKETS)).toEqual({ ...value, market });
  });

  test.each([
    { value: null, fault: "the request must be" },
    { value: [], fault: "the request must be" },
    { value: { action: "halt" }, fault: "the request must be" },
    { value: { action: "stop", reason: "x" }, fault: "the request must be" },
    { value: { action: "halt", reason: 7 }, fault: "the request must be" },
    { value: { action: "halt", reason: "x", market: null }, fault: "the request must be" },
    { value: { action: "halt", reason: "x", by: "me" }, fault: "the request must be" },
    {
      value: { action: "halt", reason: "x", market: "" },
      fault: "market must be absent or one of SEI/USDC, ATOM/USDC",
    },
    { value: { action: "halt", reason: "x", market: "BTC/USDC" }, fault: 'was "BTC/USDC"' },
    { value: { action: "halt", reason: "" }, fault: "reason must be one line of 1 to 200 characters" },
    { value: { action: "halt", reason: " x" }, fault: "reason must be" },
    { value: { action: "halt", reason: "a\nb" }, fault: "reason must be" },
    { value: { action: "halt", reason: "a\u2028b" }, fault: "reason must be" },
    { value: { action: "halt", reason: "a\u202eb" }, fault: "reason must be" },
    { value: { action: "halt", reason: "a\ud800" }, fault: "reason must be" },
    { value: { action: "halt", reason: "a".repeat(201) }, fault: "reason must be" },
  ])("$value is refused: $fault", ({ value, fault }) => {
    expect(() => parseOperatorRequest(value, MARKETS)).toThrow(fault);
  });

  test("what it becomes is the contract's event", () => {
    const schemas = EVENT_DETAILS["flashmm.operator"];
    const arbitrary = fc.record({
      action: fc.constantFrom("halt" as const, "resume" as const),
      market: fc.constantFrom(undefined, ...MARKETS),
      reason: fc.string({ minLength: 1, maxLength: 200 }),
    });
    fc.assert(
      fc.property(arbitrary, (request) => {
        const { detailType, detail } = toOperatorEvent(request);
        expect(detailType).toBe(request.action === "halt" ? "Quoting Halt Requested" : "Quoting Resume Requested");
        const { market, reason } = schemas[detailType].parse(detail);
        expect({ market, reason }).toEqual({ market: request.market, reason: request.reason });
      }),
    );
  });

  test("the command says the same through a shell, whatever the reason holds", () => {
    const requests: readonly OperatorRequest[] = NASTY.flatMap((reason) => [
      { action: "halt", market: "SEI/USDC", reason },
      { action: "resume", market: undefined, reason },
    ]);
    const commands = requests.map((request) => toCommand(request, PLACE));
    for (const command of commands) expect(command).toMatch(/^aws events put-events [\x20-\x7e]+$/);
    for (const [index, words] of wordsOf(commands).entries()) {
      expect(words.slice(0, 5)).toEqual(["events", "put-events", "--region", "eu-west-1", "--entries"]);
      const entries: unknown = JSON.parse(words[5] ?? "");
      const request = requests[index];
      const { detailType = "", detail } = request === undefined ? {} : toOperatorEvent(request);
      expect(entries).toEqual([
        { Source: "flashmm.operator", DetailType: detailType, Detail: expect.any(String), EventBusName: "flashmm" },
      ]);
      const [entry] = Array.isArray(entries) ? entries : [];
      const schema = EVENT_DETAILS["flashmm.operator"]["Quoting Halt Requested"];
      expect(schema.parse(JSON.parse(entry.Detail))).toEqual(detail);
      expect(words).toHaveLength(6);
    }
  });

  test("without a region or a bus the command leaves the first to the shell's environment and names the contract's", () => {
    const request = { action: "halt", market: undefined, reason: "x" } as const;
    const command = toCommand(request, { busName: undefined, region: undefined });
    expect(command).toMatch(/^aws events put-events --entries '\[.*"EventBusName":"flashmm"\}\]'$/);
  });
});
