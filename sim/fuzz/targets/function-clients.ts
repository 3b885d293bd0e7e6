/** The order API's answers as the functions read them, through their client: status, headers and body are all fuzzed. */

import {
  CambrianClient,
  type CambrianClientOptions,
  CambrianError,
  type Fetch,
} from "../../../lambdas/cambrian-client.ts";
import type { CambrianKeys } from "../../../lambdas/cambrian-keys.ts";
import { readHistoryPage } from "../../../lambdas/fill-audit/venue-history.ts";
import { VenueOrders } from "../../../lambdas/health-sweep/venue-orders.ts";
import { requireLedgerFill } from "../laws.ts";
import { type Recordings, STILL_TIMING, toAnswers } from "../recordings.ts";
import { judgeLater, parseJson, requireLaw, type Target } from "../target.ts";

const MARKET = "SEI/USDC";
const KEY = "key-that-stands-in-no-error";

/** A message names the path, and so much of what the venue said. */
const MESSAGE_MAX = 1_000;

type VenueAnswer = { readonly status: number; readonly retryAfter: string | null; readonly body: string };

export function makeFunctionClientTargets(recordings: Recordings): readonly Target[] {
  const answers = toAnswers(recordings);
  const refusals = [{ status: 401 }, { status: 429, retryAfter: "2" }, { status: 404 }].map((each) =>
    JSON.stringify({ ...each, body: answers.refusal[0] }),
  );
  const toText = (body: string) => JSON.stringify({ status: 200, body });
  return [
    makeHistoryTarget([...answers.fills.map(toText), ...refusals]),
    makeOwnOrdersTarget([...answers.orders.map(toText), ...refusals]),
  ];
}

function makeHistoryTarget(recordings: readonly string[]): Target {
  const venue = makeVenue();
  return {
    name: "fill-history",
    share: 2,
    recordings,
    run: (input) => {
      if (!venue.hold(input)) return "refused";
      // A client of its own each time: a pause that one answer asks for is none of the next one's.
      const client = new CambrianClient({ ...venue.options, attemptsMax: 1 });
      return judgeLater(() => readHistoryPage(client, MARKET, "c-1", 1_000), {
        isRefusal: (error) => isShortRefusal(error),
        laws: ({ fills, unreadable, more, nextCursor }) => {
          for (const fill of fills) {
            requireLedgerFill(fill);
            requireLaw(fill.market === MARKET, "a fill is of the market that was asked for", () => fill.market);
          }
          for (const { fillId } of unreadable) requireLaw(fillId.length <= 128, "an id is shown shortly", () => fillId);
          requireLaw(!more || nextCursor !== "c-1", "what goes on goes on from another cursor", () => `${nextCursor}`);
        },
      });
    },
  };
}

function makeOwnOrdersTarget(recordings: readonly string[]): Target {
  const venue = makeVenue();
  return {
    name: "dead-man-orders",
    share: 2,
    recordings,
    run: (input) => {
      if (!venue.hold(input)) return "refused";
      const orders = new VenueOrders(venue.options, { warn: () => undefined });
      let isUnread = false;
      const verdict = judgeLater(() => orders.list([MARKET], 1_000), {
        // It says what it could not read, and never rejects.
        isRefusal: () => false,
        laws: (listing) => {
          isUnread = listing.unread.length > 0;
          for (const { orderId, clientOrderId } of listing.orders) {
            const isOurs = clientOrderId.startsWith("fm-") && orderId.length > 0 && orderId.length <= 128;
            requireLaw(isOurs, "an order that may be ended is ours", () => clientOrderId);
          }
        },
      });
      return verdict.then((type) => (isUnread ? "refused" : type));
    },
  };
}

function isShortRefusal(error: unknown): boolean {
  if (!(error instanceof CambrianError)) return false;
  requireLaw(error.message.length <= MESSAGE_MAX, "an error's words are few", () => `${error.message.length}`);
  requireLaw(!error.message.includes(KEY), "no error shows the key", () => error.message);
  return true;
}

/** The venue as a function: what it holds is its one answer to everything. */
function makeVenue() {
  let answer: VenueAnswer = { status: 503, retryAfter: null, body: "" };
  const fetch: Fetch = async () => {
    const headers = new Headers();
    if (answer.retryAfter !== null) headers.set("retry-after", answer.retryAfter);
    const { status, body } = answer;
    return { status, headers, text: async () => body };
  };
  const sign = () => ({ "x-cambrian-key": KEY });
  const keys: CambrianKeys = { current: async () => sign, renewed: () => undefined };
  const options: Omit<CambrianClientOptions, "attemptsMax" | "paceMs"> = {
    baseUrl: "https://api.cambrian.com",
    network: "testnet",
    keys,
    fetch,
    timing: STILL_TIMING,
  };
  return {
    options,
    /** Answers whether the input says an answer. */
    hold: (input: Buffer): boolean => {
      const read = toAnswer(input);
      if (read === undefined) return false;
      answer = read;
      return true;
    },
  };
}

function toAnswer(input: Buffer): VenueAnswer | undefined {
  const json = parseJson(input.toString("utf8"))?.value;
  if (typeof json !== "object" || json === null) return undefined;
  const [status, retryAfter, body] = ["status", "retryAfter", "body"].map((name) => Reflect.get(json, name));
  if (typeof body !== "string") return undefined;
  return {
    status: typeof status === "number" ? status : 200,
    // What no header can hold does not come.
    retryAfter: typeof retryAfter === "string" && /^[\x20-\x7e]*$/.test(retryAfter) ? retryAfter : null,
    body,
  };
}
