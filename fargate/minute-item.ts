/**
 * Engine minutes and markouts (CONTRACTS 5) as DynamoDB stores them. Owns the attributes as others read them, and the text in which the
 * task keeps what each task added to a minute; when they are written is `minute-table.ts`'s.
 */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import type { FillMarkout } from "../core/accounting/markout.ts";
import { compareParts, type MinuteFigures, type MinutePart, mergeParts } from "../core/accounting/minute.ts";
import { formatScaled, MONEY_DECIMALS, parseScaled } from "../core/decimal.ts";
import { InputError } from "../core/errors.ts";

type Attributes = Record<string, AttributeValue>;

export type MinuteParts = readonly [MinutePart, ...MinutePart[]];

/** Items expire so long after their minute (CONTRACTS 5). */
const KEPT_SECONDS = 35 * 86_400;

/** Seconds are told to the millisecond, basis points and percentages to the millionth. */
const SECONDS_DECIMALS = 3;
const MICRO_DECIMALS = 6;

/** `2026-01-02T03:04`, of a moment in that minute (epoch ms). */
export function minuteText(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 16);
}

export function minuteKey(market: string, minuteMs: number) {
  return { pk: { S: `ENGINE#${market}` }, sk: { S: `MINUTE#${minuteText(minuteMs)}` } };
}

/** Epoch seconds at which what belongs to a minute may go. */
export function expiryOf(minuteMs: number): AttributeValue.NMember {
  return { N: String(Math.floor(minuteMs / 1_000) + KEPT_SECONDS) };
}

/** The minute as others read it, and beside it the parts it was made of. What is not known is left out. */
export function encodeMinute(parts: MinuteParts): Attributes {
  const { epoch, figures } = mergeParts(parts);
  return { ...encodeFigures(figures), epoch: { N: String(epoch) }, parts: { S: partsToText(parts) } };
}

/** The parts that `encodeMinute` wrote. Throws `InputError` naming `what` when they are not to be read. */
export function decodeParts(item: Attributes, what: string): MinuteParts {
  const text = item["parts"]?.S;
  const stored = storedSchema.safeParse(parseJson(text));
  if (!stored.success) {
    throw new InputError({ what, expected: "what this task writes there", was: text, cause: stored.error });
  }
  const [first, ...rest] = stored.data;
  return [fromStored(first, what), ...rest.map((part) => fromStored(part, what))];
}

/** Markouts as a list of maps. A mid that was not known at its time is null, so that each stays in its place. */
export function encodeMarkouts(fills: readonly FillMarkout[]): AttributeValue.LMember {
  return {
    L: fills.map((fill) => ({
      M: {
        fillId: { S: fill.fillId },
        venueTime: { S: fill.venueTime },
        side: { S: fill.side },
        ...(fill.level === undefined ? {} : { level: { N: String(fill.level) } }),
        price: amount(fill.price),
        size: amount(fill.size),
        midAtFill: amount(fill.midAtFill),
        mids: { L: fill.mids.map((mid) => (mid === undefined ? { NULL: true } : amount(mid))) },
      },
    })),
  };
}

function encodeFigures({ spreads, closing, ...figures }: MinuteFigures): Attributes {
  const { mid, position, realizedPnl, unrealizedPnl, drawdownMicroPercent } = closing;
  return {
    measuredSeconds: decimal(figures.measuredMs, SECONDS_DECIMALS),
    ...(spreads === undefined
      ? {}
      : {
          spreadOthersBps: decimal(spreads.othersMicroBps, MICRO_DECIMALS),
          spreadSelfBps: decimal(spreads.selfMicroBps, MICRO_DECIMALS),
          spreadImprovementBps: decimal(spreads.othersMicroBps - spreads.selfMicroBps, MICRO_DECIMALS),
        }),
    ordersPlaced: { N: String(figures.ordersPlaced) },
    ordersCancelled: { N: String(figures.ordersCancelled) },
    ordersFilled: { N: String(figures.ordersFilled) },
    twoSidedSeconds: decimal(figures.twoSidedMs, SECONDS_DECIMALS),
    position: amount(position),
    realizedPnl: amount(realizedPnl),
    ...(mid === undefined || unrealizedPnl === undefined
      ? {}
      : { mid: amount(mid), unrealizedPnl: amount(unrealizedPnl), equity: amount(realizedPnl + unrealizedPnl) }),
    drawdownPercent: decimal(drawdownMicroPercent, MICRO_DECIMALS),
  };
}

const storedSchema = z.tuple([partSchema()], partSchema());

type StoredPart = z.infer<ReturnType<typeof partSchema>>;

function partSchema() {
  const count = z.int().min(0);
  return z.strictObject({
    epoch: count,
    run: count,
    measuredMs: count,
    spreads: z.strictObject({ othersMicroBps: z.int(), selfMicroBps: z.int() }).exactOptional(),
    twoSidedMs: count,
    ordersPlaced: count,
    ordersCancelled: count,
    ordersFilled: count,
    position: z.string(),
    realizedPnl: z.string(),
    marked: z.strictObject({ mid: z.string(), unrealizedPnl: z.string() }).exactOptional(),
    drawdownMicroPercent: count,
  });
}

function partsToText(parts: MinuteParts): string {
  // In their own order, so that the item is the same whoever came first.
  return JSON.stringify(parts.toSorted(compareParts).map(toStored));
}

function toStored({ epoch, run, figures: { spreads, closing, ...figures } }: MinutePart): StoredPart {
  const { mid, unrealizedPnl } = closing;
  const text = (units: bigint) => formatScaled(units, MONEY_DECIMALS);
  return {
    epoch,
    run,
    ...figures,
    ...(spreads === undefined ? {} : { spreads }),
    position: text(closing.position),
    realizedPnl: text(closing.realizedPnl),
    ...(mid === undefined || unrealizedPnl === undefined
      ? {}
      : { marked: { mid: text(mid), unrealizedPnl: text(unrealizedPnl) } }),
    drawdownMicroPercent: closing.drawdownMicroPercent,
  };
}

function fromStored(stored: StoredPart, what: string): MinutePart {
  const { epoch, run, spreads, position, realizedPnl, marked, drawdownMicroPercent, ...figures } = stored;
  const units = (text: string) => parseScaled(text, MONEY_DECIMALS, what);
  return {
    epoch,
    run,
    figures: {
      ...figures,
      spreads,
      closing: {
        mid: marked === undefined ? undefined : units(marked.mid),
        position: units(position),
        realizedPnl: units(realizedPnl),
        unrealizedPnl: marked === undefined ? undefined : units(marked.unrealizedPnl),
        drawdownMicroPercent,
      },
    },
  };
}

function amount(units: bigint): AttributeValue.NMember {
  return { N: formatScaled(units, MONEY_DECIMALS) };
}

function decimal(units: number, decimals: number): AttributeValue.NMember {
  return { N: formatScaled(BigInt(units), decimals) };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
