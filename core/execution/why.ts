/**
 * Every reason why a quote does not stand as wanted, from what blocks a market to what a single order waits for. Owns the names, their
 * order and what they mean; the reasons of the strategies and of the risk gate are theirs.
 */
import { QUOTE_REASON_MEANINGS, QUOTE_REASONS, type QuoteReason } from "../quoting/quote-reasons.ts";
import { DENIAL_MEANINGS, DENIAL_REASONS, type DenialReason } from "../risk/gate.ts";

/** Whoever may halt a market, and what it is halted for without anybody's word. */
const BLOCKER_KINDS = [
  "start-up",
  "venue",
  "later-start",
  "lease",
  "operator",
  "control",
  "position-difference",
  "market-data",
  "loss",
  "executions",
  "fills-unread",
] as const;

type BlockerKind = (typeof BLOCKER_KINDS)[number];

/** Why nothing is quoted: the kind for counting, the text for people. */
export type Blocker = { readonly kind: BlockerKind; readonly text: string };

/** What a single quote waits for. */
const WAIT_REASONS = [
  "unproven",
  "unanswered",
  "venue-refused",
  "waits-for-requests",
  "not-worth-it",
  "being-cancelled",
] as const;

export type WaitReason = (typeof WAIT_REASONS)[number];

/** The risk gate left less of it than the model says. */
type ShapeReason = "clipped";

export type WhyReason = BlockerKind | QuoteReason | ShapeReason | DenialReason | WaitReason;

/** What a time without quotes on both sides is charged to. */
export type UnquotedReason = WhyReason | "not-looked" | "unexplained";

const BLOCKER_MEANINGS: Readonly<Record<BlockerKind, string>> = {
  "start-up": "The start-up is not done.",
  venue: "The order API is not answering, or refuses the key.",
  "later-start": "A later start makes this market.",
  lease: "The lease is not held for certain.",
  operator: "An operator, or the engine's own kill, has halted it.",
  control: "The control item can not be read.",
  "position-difference": "Engine, ledger and venue do not agree on the position.",
  "market-data": "The market data is lost, old, or not believed.",
  loss: "The loss is at its limit.",
  executions: "Orders began to fill too often.",
  "fills-unread": "The venue's fills have not been read for too long.",
};

const WAIT_MEANINGS: Readonly<Record<WaitReason, string>> = {
  unproven: "The answer to an order of this level was lost: what became of it is asked for.",
  "venue-refused": "The venue has just refused it: it is tried again in a moment.",
  unanswered: "Its order is on its way.",
  "waits-for-requests": "It waits for requests: those of this second are in use, or kept for cancels and lookups.",
  "not-worth-it": "It stays where it is for now: moving it is not worth its requests yet.",
  "being-cancelled": "Its order is being cancelled.",
};

/** In the order in which they are looked for: the first that applies is the one that counts. */
export const UNQUOTED_REASONS: readonly UnquotedReason[] = [
  ...BLOCKER_KINDS,
  ...QUOTE_REASONS,
  "clipped",
  ...DENIAL_REASONS,
  ...WAIT_REASONS,
  "not-looked",
  "unexplained",
];

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(BLOCKER_MEANINGS),
  ...QUOTE_REASONS.map((reason) => [reason, QUOTE_REASON_MEANINGS[reason].meaning] as const),
  ...Object.entries(DENIAL_MEANINGS),
  ...Object.entries(WAIT_MEANINGS),
  [
    "clipped",
    "Smaller than the model says: the position's limit, the start period or the trading state leaves no more.",
  ],
  ["not-looked", "The process stood still: whether the quotes stood is not known."],
  ["unexplained", "No reason is known."],
]);

/** For people. */
export function meaningOf(reason: UnquotedReason): string {
  return MEANINGS.get(reason) ?? reason;
}

/** The one that counts of several. */
export function firstBlocker(blockers: readonly Blocker[]): BlockerKind | undefined {
  return BLOCKER_KINDS.find((kind) => blockers.some((blocker) => blocker.kind === kind));
}

/** Whether a quote is not there for it; what a strategy moves or resizes, or the gate clips, is there. */
export function isAbsence(reason: WhyReason): boolean {
  return reason !== "clipped" && !PRESENT.has(reason);
}

const PRESENT: ReadonlySet<string> = new Set(
  QUOTE_REASONS.filter((reason) => QUOTE_REASON_MEANINGS[reason].effect !== "missing"),
);
