/** The single figures: of a market, and of the task. Owns which text stands for which field. */
import { fill } from "/elements.js";
import { age, amount, basisPoints, dayAndTime, decimalsOf, mebibytes, micros, NOTHING, whole } from "/format.js";

const MONEY = { decimals: 4, least: 4, sign: true };

export function drawMarket(market) {
  fill({
    mid: plain(market.mid),
    "fair-value": market.fairValue === null ? "" : `fair value ${plain(market.fairValue)}`,
    "spread-others": basisPoints(market.spreadOthersBps),
    "spread-self": basisPoints(market.spreadSelfBps),
    improvement:
      market.spreadImprovementBps === null ? NOTHING : `${basisPoints(market.spreadImprovementBps, true)} bps`,
    "improvement-note":
      market.spreadImprovementPercent === null
        ? "time-weighted since start"
        : `${amount(market.spreadImprovementPercent, { decimals: 1, least: 1 })} % of the others' spread`,
    position: `${amount(market.position, { decimals: 4, sign: true })} ${market.base}`,
    "average-cost": Number(market.position) === 0 ? "flat" : `at ${amount(market.averageCost, { decimals: 6 })}`,
    "pnl-total": market.totalPnl === null ? NOTHING : `${amount(market.totalPnl, MONEY)} ${market.quote}`,
    "pnl-parts": `realised ${amount(market.realizedPnl, MONEY)}`,
    "pnl-realized": amount(market.realizedPnl, MONEY),
    "pnl-unrealized": amount(market.unrealizedPnl, MONEY),
    "pnl-sum": amount(market.totalPnl, MONEY),
    fees: amount(market.fees, { decimals: 4, least: 4 }),
    volume: amount(market.volume, { decimals: 2, least: 2 }),
    uptime: market.uptimeRatio === null ? NOTHING : `${amount(100 * market.uptimeRatio, { decimals: 1, least: 1 })} %`,
    "orders-placed": whole(market.ordersPlaced),
    "orders-cancelled": whole(market.ordersCancelled),
    "orders-filled": whole(market.ordersFilled),
    "orders-rejected": whole(market.ordersRejected),
    "orders-unknown": whole(market.ordersUnknown),
    "trading-state": market.tradingState,
    denials: whole(Object.values(market.denials).reduce((sum, count) => sum + count, 0)),
    differences: market.differences.length === 0 ? "agree" : "differ",
    "fill-count": `${whole(market.fillCount)} in all`,
    "open-count": String(market.openOrders.length),
    "book-age": market.bookAgeMs === null ? "no book yet" : `${age(market.bookAgeMs)} old`,
    strategy: strategyOf(market),
    "strategy-refused":
      market.strategyRefused.length === 0 ? "" : `configuration refused: ${market.strategyRefused.join("; ")}`,
    "unit-pnl": market.quote,
    "unit-quote": market.quote,
    "unit-position": market.base,
  });
}

export function drawTask(state) {
  const { feed, latency, venue, fills } = state;
  fill({
    stage: state.stage,
    engine: state.engineId,
    phase: state.phase,
    "running-for": age(state.nowMs - state.startedAtMs),
    epoch: state.epoch === null ? NOTHING : String(state.epoch),
    memory: mebibytes(state.memoryRssBytes),
    drawdown: percent(state.risk.drawdownPercent),
    "daily-loss": percent(state.risk.dailyLossPercent),
    control: controlOf(state.control),
    lease:
      state.lease.validForMs === null
        ? state.lease.status
        : `${state.lease.status}, ${age(state.lease.validForMs)} left`,
    "feed-status": feed.status,
    "feed-endpoint": feed.endpoint === feed.endpoints[0] ? feed.endpoint : `${feed.endpoint} (backup)`,
    "feed-age": feed.ageMs === null ? NOTHING : `${age(feed.ageMs)} ago`,
    "feed-reconnects": whole(feed.reconnects),
    "feed-failovers": whole(feed.failovers),
    "feed-gaps": whole(feed.sequenceGaps),
    "feed-malformed": whole(feed.malformed),
    "feed-events": feed.queued === 0 ? whole(feed.events) : `${whole(feed.events)} (${whole(feed.queued)} unread)`,
    "latency-tick": `${micros(latency.tickToWireMicrosP50)} · ${micros(latency.tickToWireMicrosP99)}`,
    "latency-round-trip": `${micros(latency.orderRoundTripMicrosP50)} · ${micros(latency.orderRoundTripMicrosP99)}`,
    "venue-circuit": ["closed (well)", "half-open (trying)", "open (resting)"][venue.circuit],
    "venue-stream": venue.streamConnected ? "connected" : "not connected",
    "venue-requests": whole(venue.requestsLastSecond),
    "venue-placements": whole(venue.placementsInFlight),
    "outbox-waiting": whole(fills.outbox),
    "outbox-sent": whole(fills.sent),
    "outbox-failures": whole(fills.sendFailures),
  });
}

function percent(value) {
  return `${amount(value, { decimals: 2, least: 2 })} %`;
}

/** Which strategy quotes, and who last changed its parameters. */
function strategyOf({ strategy, strategySource, strategyChangedAt, strategyBy }) {
  const since = strategyChangedAt === null ? "as started" : `changed ${dayAndTime(strategyChangedAt)} by ${strategyBy}`;
  return `${strategy.type}, ${since}${strategySource === "item" ? ", over the configuration file" : ""}`;
}

/** Which markets an operator, or a kill of the engine's own, holds; a word that can not be read is one too. */
function controlOf({ markets, readAgeMs }) {
  const held = markets.filter(({ state }) => state !== "running").map(({ market, state }) => `${market} ${state}`);
  if (held.length > 0) return held.join(", ");
  return readAgeMs === null ? "not read yet" : "running";
}

/** A price with all its decimals. */
function plain(text) {
  return text === null
    ? NOTHING
    : amount(text, { decimals: Math.min(decimalsOf(text), 8), least: Math.min(decimalsOf(text), 8) });
}
