/**
 * Avellaneda–Stoikov without a closing time, in the closed form of Guéant, Lehalle & Fernandez-Tapia. Owns the formulas and their
 * bounds; volatility and intensity are measured elsewhere.
 */
import type { IntensityReading } from "./intensity.ts";
import type { AvellanedaStoikovParameters } from "./parameters.ts";
import { layLadder, makeShape } from "./quote-ladder.ts";
import type { QuoteReason } from "./quote-reasons.ts";
import { leanOf, type Strategy } from "./strategy.ts";

/** Prices in one unit u, sizes in orders: γ and ξ per u and order, k per u, A per second, σ in u per √second, Δ in orders. */
export type GlftModel = {
  readonly riskAversion: number;
  readonly executionRiskAversion: number;
  readonly fillOrders: number;
  readonly arrivalsPerSecond: number;
  readonly decay: number;
  readonly volatility: number;
};

/**
 * Guéant 2016, "Optimal market making" (arXiv 1605.01862), eq. 4.6 and 4.7, from Guéant, Lehalle & Fernandez-Tapia 2013 (arXiv
 * 1105.3115); the cut into c1 and c2 is hftbacktest's (example "GLFT Market Making Model and Grid Trading"):
 * c1 = ln(1 + ξΔ/k) / (ξΔ), c2 = √(γ / (2AΔk) · (1 + ξΔ/k)^(k/(ξΔ) + 1)), half-spread = c1 + Δ/2·σ·c2, skew = σ·c2 for each
 * order of position. At ξ = 0 these tend to c1 = 1/k and c2 = √(γe / (2AΔk)).
 */
export function glft(model: GlftModel): { readonly halfSpread: number; readonly skew: number } {
  const { riskAversion, executionRiskAversion, fillOrders, arrivalsPerSecond, decay, volatility } = model;
  const x = (executionRiskAversion * fillOrders) / decay;
  // Near 0 the quotient is 1 to the last digit, and 0 / 0 would not be.
  const logOverX = x < 1e-9 ? 1 : Math.log1p(x) / x;
  const c1 = logOverX / decay;
  const power = Math.exp(logOverX * (1 + x));
  const c2 = Math.sqrt((riskAversion / (2 * arrivalsPerSecond * fillOrders * decay)) * power);
  return { halfSpread: c1 + (fillOrders / 2) * volatility * c2, skew: volatility * c2 };
}

/**
 * The half-spread and skew of the formulas within hard bounds, the maker fee on top of the half-spread (what is earned of a fill is
 * less by it, so the best distance grows by just it). Until volatility and intensity are known, a fallback. The size of the side
 * that adds to the position falls with e^(−η·|position|), as Hummingbot's does.
 */
export const avellanedaStoikov: Strategy<AvellanedaStoikovParameters> = (parameters, input) => {
  const { volatility, intensity } = input;
  const ticksPerBps = input.fairValue / 10_000;
  const lean = leanOf(input.inventory, parameters.inventoryTarget);
  const isWarm = volatility !== undefined && intensity.isFitted;
  const { halfSpread, shift } = isWarm
    ? modelled(parameters, { volatility, intensity, ticksPerBps, lean })
    : {
        halfSpread: parameters.warmUpHalfSpreadBps * ticksPerBps,
        shift: lean * (parameters.warmUpSkewBps ?? 0) * ticksPerBps,
      };
  const nearest = parameters.halfSpreadBpsMin * ticksPerBps;
  const half = Math.max(nearest, Math.min(halfSpread, parameters.halfSpreadBpsMax * ticksPerBps));
  const shiftMax = parameters.skewBpsMax * ticksPerBps;
  const bounded = Math.max(-shiftMax, Math.min(shift, shiftMax));
  const reasons: QuoteReason[] = [];
  if (!isWarm) reasons.push("warm-up");
  if (half !== halfSpread) reasons.push("half-spread-bound");
  if (bounded !== shift) reasons.push("skew-bound");
  const { sizeShaping = 0 } = parameters;
  shape.reservation = input.fairValue - bounded;
  shape.distance.buy = half;
  shape.distance.sell = half;
  shape.spacing = isWarm ? spacingOf(parameters, intensity, ticksPerBps) : parameters.levelSpacingBps * ticksPerBps;
  shape.sizeFactor.buy = Math.exp(-sizeShaping * Math.max(0, lean));
  shape.sizeFactor.sell = Math.exp(sizeShaping * Math.min(0, lean));
  shape.nearest = nearest;
  shape.reasons = reasons;
  return layLadder(parameters, shape, input);
};

/** Of the ladder that is laid now. */
const shape = makeShape();

type Fitted = Extract<IntensityReading, { isFitted: true }>;

/** In ticks: the formulas with all prices in ticks, γ and ξ converted to them. */
function modelled(
  parameters: AvellanedaStoikovParameters,
  market: {
    readonly volatility: number;
    readonly intensity: Fitted;
    readonly ticksPerBps: number;
    readonly lean: number;
  },
): { readonly halfSpread: number; readonly shift: number } {
  const { riskAversion, executionRiskAversion = riskAversion, fillOrders = 1, makerFeeBps = 0 } = parameters;
  const { volatility, intensity, ticksPerBps, lean } = market;
  const { halfSpread, skew } = glft({
    riskAversion: riskAversion / ticksPerBps,
    executionRiskAversion: executionRiskAversion / ticksPerBps,
    fillOrders,
    arrivalsPerSecond: intensity.arrivalsPerSecond,
    decay: intensity.decayPerTick,
    volatility,
  });
  const perOrder = (parameters.skewFactor ?? 1) * skew;
  return { halfSpread: halfSpread + makerFeeBps * ticksPerBps, shift: perOrder * lean * parameters.positionOrders };
}

/** λ falls to the wanted share over ln(1/share) / k; without a share the levels are a set distance apart. */
function spacingOf(
  { levelArrivalPercent, levelSpacingBps }: AvellanedaStoikovParameters,
  intensity: Fitted,
  ticksPerBps: number,
): number {
  if (levelArrivalPercent === undefined) return levelSpacingBps * ticksPerBps;
  // Arrivals that hardly fall off would put the next level beyond any price: further than the price itself is no level.
  return Math.min(Math.log(100 / levelArrivalPercent) / intensity.decayPerTick, 10_000 * ticksPerBps);
}
