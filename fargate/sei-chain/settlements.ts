/**
 * Fills out of a block's events: the settlements that a market's contract tells as its `wasm` event (docs/sei-chain.md). Owns their
 * reading. Everything in a fill comes from the chain alone, so that the live stream and the history say the same of each.
 */
import { MONEY_DECIMALS, parseScaled } from "../../core/decimal.ts";
import { InputError } from "../../core/errors.ts";
import type { Fill } from "../../core/events.ts";
import { parseSize, priceToMoney, sizeToMoney } from "../../core/market.ts";
import { makeFillMessage, parseFillMessage } from "../../core/messages.ts";
import { formatIsoTime, readIsoTime } from "../../core/sei/iso-time.ts";
import type { Side } from "../../core/units.ts";
import { toTicks } from "../../core/units.ts";
import type { ChainEvent } from "./chain-events.ts";
import type { ChainMarket, ChainMarkets } from "./chain-market.ts";

/** A settlement of ours that was not read yet: what is wrong with one must be told with its market. */
export type Settlement = {
  readonly on: ChainMarket;
  readonly orderId: string;
  readonly attributes: ReadonlyMap<string, string>;
};

export type BlockStamp = { readonly chainId: string; readonly height: number; readonly time: string };

const CONTRACT_TAIL = 8;
/** The checks of a fill do not depend on who reads it. */
const READER = "sei-chain";
const UNIT = 10n ** BigInt(MONEY_DECIMALS);

/** The account's settlements among a block's events, in their order. One without an order is told, and left out. */
export function settlementsOf(
  events: readonly ChainEvent[],
  input: {
    readonly account: string;
    readonly markets: ChainMarkets;
    readonly onUnreadable: (market: string, error: unknown) => void;
  },
): readonly Settlement[] {
  const { account, markets, onUnreadable } = input;
  return events.flatMap(({ type, attributes }) => {
    const isOurs =
      type === "wasm" && attributes.get("action") === "settlement" && attributes.get("account") === account;
    if (!isOurs) return [];
    const on = markets.find({
      contract: attributes.get("_contract_address") ?? "",
      assetDenom: attributes.get("asset_denom") ?? "",
      priceDenom: attributes.get("price_denom") ?? "",
    });
    if (on === undefined) return [];
    try {
      return [{ on, orderId: numberIn(attributes, "order_id"), attributes }];
    } catch (error) {
      onUnreadable(on.market.symbol, error);
      return [];
    }
  });
}

/** Throws `InputError` naming what cannot be read: a fill the ledger would not take is no fill. */
export function toFill(settlement: Settlement, block: BlockStamp, clientOrderId: string): Fill {
  const { on, orderId, attributes } = settlement;
  const { market, contract } = on;
  const side = sideIn(attributes);
  const size = parseSize(market, attributes.get("quantity"), "settlement.quantity");
  const unit = parseScaled(
    attributes.get("execution_cost_or_proceed"),
    MONEY_DECIMALS,
    "settlement.execution_cost_or_proceed",
  );
  const price = tickAgainstUs(on, unit, side);
  const feeAsset = assetOf(on, attributes.get("fee_denom"));
  const gainUnits =
    (side === "buy" ? priceToMoney(market, price) - unit : unit - priceToMoney(market, price)) *
    sizeToMoney(market, size);
  const fee = parseScaled(attributes.get("fee"), MONEY_DECIMALS, "settlement.fee");
  if (gainUnits !== 0n && feeAsset !== market.quote) {
    const expected = `a multiple of the tick where the fee is not in ${market.quote}`;
    throw new InputError({
      what: "settlement.execution_cost_or_proceed",
      expected,
      was: attributes.get("execution_cost_or_proceed"),
    });
  }
  const fill: Fill = {
    fillId: `${block.chainId}-${block.height}-${contract.slice(-CONTRACT_TAIL)}-${numberIn(attributes, "settlement_id")}-${orderId}`,
    orderId,
    clientOrderId,
    market: market.symbol,
    side,
    price,
    size,
    // The gain is rounded down, so that what is left of the fee is rounded up: against us.
    fee: fee - gainUnits / UNIT,
    feeAsset,
    liquidity: liquidityIn(attributes),
    venueTime: toVenueTime(block.time),
  };
  parseFillMessage(makeFillMessage({ fill, market, engineId: READER, midAtFill: undefined }));
  return fill;
}

/**
 * The auction executes crossed limits at their midpoint, which may lie between two ticks, and the books know whole ticks: the fill is
 * booked at the tick that is worse for us, and what it was better by is taken off its fee, so that the money is exact.
 */
function tickAgainstUs({ market }: ChainMarket, unit: bigint, side: Side) {
  const tick = priceToMoney(market, toTicks(1));
  const down = unit / tick;
  const ticks = side === "buy" && unit % tick !== 0n ? down + 1n : down;
  if (ticks <= 0n || ticks > BigInt(Number.MAX_SAFE_INTEGER)) {
    const was = unit.toString();
    throw new InputError({ what: "settlement.execution_cost_or_proceed", expected: "at least a tick", was });
  }
  return toTicks(Number(ticks));
}

/** The pair's own labels mean its assets; anything else is named as it came. */
function assetOf({ market, assetDenom, priceDenom }: ChainMarket, denom: string | undefined): string {
  if (denom === priceDenom) return market.quote;
  return denom === assetDenom ? market.base : (denom ?? "");
}

function sideIn(attributes: Settlement["attributes"]): Side {
  const direction = attributes.get("position_direction");
  if (direction === "Long") return "buy";
  if (direction === "Short") return "sell";
  throw new InputError({ what: "settlement.position_direction", expected: "Long or Short", was: direction });
}

function liquidityIn(attributes: Settlement["attributes"]): Fill["liquidity"] {
  const liquidity = attributes.get("liquidity");
  if (liquidity === "maker" || liquidity === "taker") return liquidity;
  throw new InputError({ what: "settlement.liquidity", expected: "maker or taker", was: liquidity });
}

function numberIn(attributes: Settlement["attributes"], name: string): string {
  const text = attributes.get(name);
  if (text !== undefined && /^(0|[1-9]\d{0,19})$/.test(text)) return text;
  throw new InputError({ what: `settlement.${name}`, expected: "a whole number", was: text });
}

/** A block's time has up to nine decimals of a second; ours has three. */
export function toVenueTime(time: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(time);
  const text = `${match?.[1]}.${(match?.[2] ?? "").padEnd(3, "0").slice(0, 3)}Z`;
  const millis = readIsoTime(text);
  if (millis < 0) throw new InputError({ what: "block time", expected: "a UTC time", was: time });
  return formatIsoTime(millis);
}
