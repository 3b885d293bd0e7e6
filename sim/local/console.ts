/**
 * What the local run says to the person at the terminal: a line every few seconds and a summary at the end.
 * Owns the words; `run` prints them and takes the exit code from `mismatches`.
 */
import { divideHalfEven, formatScaled, MONEY_DECIMALS, parseDecimal, parseScaled } from "../../core/decimal.ts";
import type { FeedState, MarketState, TaskState } from "../../fargate/status/state.ts";

/** One market's books as one party knows them. Amounts are decimal strings. */
export type BooksSummary = {
  readonly fills: number;
  readonly position: string;
  /** In quote currency, fees taken off, with the position at the run's last mid: the same mark for all three. */
  readonly totalPnl: string;
};

export type AuditSummary = {
  readonly state: "clean" | "repairing" | "different" | "failed";
  /** Fills that it compared, each once. */
  readonly checkedTotal: number;
  readonly reason?: string | undefined;
};

export type MarketSummary = {
  readonly market: string;
  readonly base: string;
  readonly quote: string;
  /** Null where the party could not be asked, which is a mismatch. */
  readonly exchange: BooksSummary | null;
  readonly engine: BooksSummary | null;
  readonly ledger: BooksSummary | null;
  /** What the fill audit said last; null where it did not answer, which is a mismatch. */
  readonly audit: AuditSummary | null;
  /** Orders of ours that still stand at the exchange. */
  readonly openOrders: number;
  /** Time-weighted, others' spread less the spread with us; null when it was never measured. */
  readonly spreadImprovementBps: number | null;
  readonly spreadImprovementPercent: number | null;
};

export type RunSummary = {
  /** How long the task ran, in seconds. */
  readonly seconds: number;
  readonly markets: readonly MarketSummary[];
  /** Requests the order API refused: more than it allows in a second or in flight, and a wrong signature. */
  readonly refusedForRate: number;
  readonly refusedForSignature: number;
  /** Frames of the market data that could not be decoded, and all events that were; null when the task left no word. */
  readonly malformedFrames: number | null;
  readonly events: number | null;
  /** Messages that the ledger's function could not take. */
  readonly deadLetters: number;
  /** Pushes of the task's metrics that the collector took, and why it refused others. */
  readonly pushesTaken: number;
  readonly pushesRefused: readonly string[];
  /** What went wrong beside the books, one sentence each: a task that did not stop in order, a tape that broke off. */
  readonly faults: readonly string[];
};

/** One line a market (one in all while the task starts or stops), parted by line breaks, without a last one. */
export function statusLine(state: TaskState): string {
  const time = new Date(state.nowMs).toISOString().slice(11, 19);
  const running = state.startup.find((step) => step.state === "running");
  if (state.phase === "starting") {
    const step = running === undefined ? "" : `: ${running.step}${running.detail === "" ? "" : ` (${running.detail})`}`;
    return `${time}  starting${step}${feedNote(state.feed)}`;
  }
  if (state.markets.length === 0) return `${time}  ${state.phase}, no market${feedNote(state.feed)}`;
  return state.markets.map((market) => `${time}  ${marketLine(market, state)}`).join("\n");
}

function marketLine(market: MarketState, state: TaskState): string {
  const { latency } = state;
  const parts = [
    `${market.market} ${market.mid === null ? "no mid" : market.mid}`,
    `spread ${basisPoints(market.spreadOthersBps)} → ${basisPoints(market.spreadSelfBps)} bps${improvement(market)}`,
    `position ${signed(market.position, 4)} ${market.base}`,
    `PnL ${market.totalPnl === null ? "–" : signed(market.totalPnl, 4)} ${market.quote}`,
    `fills ${market.fillCount}`,
    `open ${market.openOrders.length}${market.ordersUnknown === 0 ? "" : ` (${market.ordersUnknown} unknown)`}`,
    `tick→wire ${duration(latency.tickToWireMicrosP50)}, round trip ${duration(latency.orderRoundTripMicrosP50)}`,
  ];
  return `${parts.join("  ")}${feedNote(state.feed)}${quotingNote(market, state)}`;
}

function improvement(market: MarketState): string {
  if (market.spreadImprovementBps === null) return "";
  const percent = market.spreadImprovementPercent === null ? "" : `, ${market.spreadImprovementPercent.toFixed(1)} %`;
  return ` (better by ${basisPoints(market.spreadImprovementBps)}${percent})`;
}

/** Said only when something is to be said: a feed that is not connected, or not to the primary endpoint. */
function feedNote(feed: FeedState): string {
  if (feed.status !== "connected") return `  [feed ${feed.status}: ${feed.endpoint}]`;
  return feed.endpoint === feed.endpoints[0] ? "" : `  [feed on backup ${feed.endpoint}]`;
}

function quotingNote(market: MarketState, state: TaskState): string {
  const why = market.reasons.length === 0 ? "" : `: ${market.reasons.join("; ")}`;
  if (state.phase === "stopping") return `  [stopping${why}]`;
  if (!market.quoting) return `  [not quoting${why}]`;
  return why === "" ? "" : `  [held back${why}]`;
}

/** The end of a run: the three books side by side, what was left over, and each mismatch by name. */
export function summaryText(summary: RunSummary): string {
  const wrong = mismatches(summary);
  return [
    `FlashMM ran for ${summary.seconds.toFixed(0)} s.`,
    ...summary.markets.flatMap(marketLines),
    `requests refused by the order API: ${summary.refusedForRate} for rate, ${summary.refusedForSignature} for signature`,
    `market data events decoded: ${summary.events ?? "not known"}, frames refused: ${summary.malformedFrames ?? "not known"}; dead letters: ${summary.deadLetters}`,
    `metrics pushed: ${summary.pushesTaken} times, ${summary.pushesRefused.length} refused`,
    ...(wrong.length === 0
      ? ["Exchange, engine and ledger agree."]
      : [`${wrong.length} ${wrong.length === 1 ? "mismatch" : "mismatches"}:`, ...wrong.map((line) => `  ✗ ${line}`)]),
  ].join("\n");
}

const COLUMN = 24;

function marketLines(market: MarketSummary): readonly string[] {
  const row = (name: string, books: BooksSummary | null) =>
    books === null
      ? `  ${name.padEnd(10)}not known`
      : `  ${name.padEnd(10)}${String(books.fills).padStart(6)}${books.position.padStart(COLUMN)}${rounded(books.totalPnl).padStart(COLUMN)}`;
  const heads = [`position ${market.base}`, `PnL ${market.quote}`];
  return [
    "",
    `${market.market}: ${improvementText(market)}, ${market.openOrders} open orders left`,
    `  ${"".padEnd(10)}${"fills".padStart(6)}${heads.map((head) => head.padStart(COLUMN)).join("")}`,
    row("exchange", market.exchange),
    row("engine", market.engine),
    row("ledger", market.ledger),
    `  ${"audit".padEnd(10)}${auditText(market.audit)}`,
    "",
  ];
}

function auditText(audit: AuditSummary | null): string {
  if (audit === null) return "not known";
  const { checkedTotal, state, reason } = audit;
  return `${checkedTotal} fills checked against the exchange, ${state}${reason === undefined ? "" : ` (${reason})`}`;
}

function improvementText(market: MarketSummary): string {
  if (market.spreadImprovementBps === null) return "spread improvement not measured";
  const percent = market.spreadImprovementPercent === null ? "" : ` (${market.spreadImprovementPercent.toFixed(1)} %)`;
  return `spread improved by ${basisPoints(market.spreadImprovementBps)} bps${percent}`;
}

/** What did not come out as it must, one sentence each; empty when the run is sound. Amounts are compared by value. */
export function mismatches(summary: RunSummary): readonly string[] {
  const refusals = [
    ...(summary.refusedForRate === 0 ? [] : [`${summary.refusedForRate} requests were refused for rate, expected 0`]),
    ...(summary.refusedForSignature === 0
      ? []
      : [`${summary.refusedForSignature} requests were refused for signature, expected 0`]),
  ];
  const data = [
    ...(summary.malformedFrames === null || summary.malformedFrames === 0
      ? []
      : [`${summary.malformedFrames} frames of market data were refused, expected 0`]),
    ...(summary.deadLetters === 0 ? [] : [`${summary.deadLetters} messages are in the dead-letter queue, expected 0`]),
    ...[...new Set(summary.pushesRefused)].map((reason) => `a push of metrics was refused: ${reason}`),
  ];
  return [...summary.markets.flatMap(marketMismatches), ...refusals, ...data, ...summary.faults];
}

function marketMismatches(market: MarketSummary): readonly string[] {
  const left = `${market.market}: ${market.openOrders} orders are still open at the exchange, expected 0`;
  return [
    ...booksMismatches(market, "engine", market.engine),
    ...booksMismatches(market, "ledger", market.ledger),
    ...auditMismatches(market),
    ...(market.openOrders === 0 ? [] : [left]),
  ];
}

function auditMismatches({ market, audit, exchange }: MarketSummary): readonly string[] {
  const isWhole = audit?.state === "clean" && (exchange === null || audit.checkedTotal === exchange.fills);
  return isWhole ? [] : [`${market}: the fill audit says: ${auditText(audit)}`];
}

/** The exchange is the truth: the engine and the ledger are held against it. */
function booksMismatches(market: MarketSummary, name: string, books: BooksSummary | null): readonly string[] {
  const truth = market.exchange;
  if (books === null) return [`${market.market}: the ${name}'s books could not be read`];
  if (truth === null) return [`${market.market}: the exchange's books could not be read for the ${name}`];
  const found = (what: string, was: string | number, expected: string | number) =>
    `${market.market}: ${what} of the ${name} is ${was}, at the exchange ${expected}`;
  return [
    ...(books.fills === truth.fills ? [] : [found("fill count", books.fills, truth.fills)]),
    ...(same(books.position, truth.position) ? [] : [found("position", books.position, truth.position)]),
    ...(isSameMoney(books.totalPnl, truth.totalPnl) ? [] : [found("PnL", books.totalPnl, truth.totalPnl)]),
  ];
}

function same(one: string, other: string): boolean {
  return parseMoney(one) === parseMoney(other);
}

/**
 * The exchange counts cash, the engine and the ledger average costs: a division at 18 decimals for each fill that grows the
 * position. What that rounding can add up to in a run stays far below this; the smallest unit of USDC is a thousand times it.
 */
const ROUNDING_UNITS_MAX = 10n ** 9n;

function isSameMoney(one: string, other: string): boolean {
  const difference = parseMoney(one) - parseMoney(other);
  return (difference < 0n ? -difference : difference) <= ROUNDING_UNITS_MAX;
}

function parseMoney(text: string): bigint {
  return parseScaled(text, MONEY_DECIMALS, "amount of the summary");
}

/** As far as the three are compared: with fewer, a value at the edge of a rounding would look like a difference. */
const SHOWN_DECIMALS = 9;

/** Rounded half to even. */
function rounded(text: string): string {
  const divisor = 10n ** BigInt(MONEY_DECIMALS - SHOWN_DECIMALS);
  return formatScaled(divideHalfEven(parseMoney(text), divisor), SHOWN_DECIMALS);
}

/** A tenth of a basis point tells a usual market's spread; one of a single tick on a dear asset needs more. */
function basisPoints(value: number | null): string {
  if (value === null) return "–";
  return value.toFixed(Math.abs(value) < 1 ? 3 : 1);
}

/** A decimal string with its sign and at most `decimals` decimals, cut, not rounded: it is read, never added up. */
function signed(text: string, decimals: number): string {
  const value = parseDecimal(text, "amount of the state");
  const excess = Math.max(0, value.decimals - decimals);
  const units = value.units / 10n ** BigInt(excess);
  const shown = formatScaled(units, value.decimals - excess);
  return units > 0n ? `+${shown}` : shown;
}

/** Microseconds as a person reads them: `412 µs`, `3.1 ms`, `1.2 s`. */
function duration(micros: number | null): string {
  if (micros === null) return "–";
  if (micros < 1_000) return `${micros.toFixed(0)} µs`;
  if (micros < 1_000_000) return `${(micros / 1_000).toFixed(1)} ms`;
  return `${(micros / 1_000_000).toFixed(1)} s`;
}
