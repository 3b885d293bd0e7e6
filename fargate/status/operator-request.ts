/**
 * What an operator may ask for on the page: a halt or a resume (CONTRACTS 6). Owns its grammar, the event that it becomes, and the command
 * of the AWS CLI that says the same; sending it is `operator-api.ts`'s.
 */
import * as z from "zod";
import { InputError } from "../../core/errors.ts";

export const REASON_CHARACTERS_MAX = 200;

/** Control characters, line breaks, and what turns the direction of the text around it or cannot be seen. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

export type OperatorRequest = {
  readonly action: "halt" | "resume";
  /** Undefined: all markets. */
  readonly market: string | undefined;
  readonly reason: string;
};

export type OperatorEvent = {
  readonly detailType: "Quoting Halt Requested" | "Quoting Resume Requested";
  readonly detail: { readonly market?: string; readonly reason: string };
};

const shape = z.strictObject({
  action: z.enum(["halt", "resume"]),
  market: z.string().exactOptional(),
  reason: z.string(),
});

const SHAPE = `{"action":"halt" or "resume","reason":"…"} with a "market" or without`;

/** Throws `InputError` on anything else than a request for one of `markets`, or for all. */
export function parseOperatorRequest(value: unknown, markets: readonly string[]): OperatorRequest {
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw new InputError({ what: "the request", expected: SHAPE, was: value });
  const { action, market, reason } = parsed.data;
  if (market !== undefined && !markets.includes(market)) {
    throw new InputError({ what: "market", expected: `absent or one of ${markets.join(", ")}`, was: market });
  }
  return { action, market, reason: checkReason(reason) };
}

function checkReason(reason: string): string {
  const isOneLine = reason === reason.trim() && !UNPRINTABLE.test(reason);
  if (isOneLine && reason.length > 0 && reason.length <= REASON_CHARACTERS_MAX) return reason;
  const expected = `one line of 1 to ${REASON_CHARACTERS_MAX} characters, without blanks around it`;
  throw new InputError({ what: "reason", expected, was: reason });
}

export function toOperatorEvent({ action, market, reason }: OperatorRequest): OperatorEvent {
  return {
    detailType: action === "halt" ? "Quoting Halt Requested" : "Quoting Resume Requested",
    detail: { ...(market === undefined ? {} : { market }), reason },
  };
}

/** The same as a command for a shell: of ASCII alone, so that no terminal's encoding changes it. */
export function toCommand(
  request: OperatorRequest,
  { busName, region }: { readonly busName: string | undefined; readonly region: string | undefined },
): string {
  const { detailType, detail } = toOperatorEvent(request);
  const entry = {
    Source: "flashmm.operator",
    DetailType: detailType,
    Detail: toAscii(JSON.stringify(detail)),
    EventBusName: busName ?? DEFAULT_BUS,
  };
  const words = ["--entries", JSON.stringify([entry])];
  return ["aws", "events", "put-events", ...(region === undefined ? [] : ["--region", region]), ...words]
    .map(quote)
    .join(" ");
}

/** CONTRACTS 6. */
const DEFAULT_BUS = "flashmm";

/** As a JSON text may be written without changing what it says. */
function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** For a POSIX shell: between single quotes nothing has a meaning but the quote itself. */
function quote(word: string): string {
  return /^[a-z0-9-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
