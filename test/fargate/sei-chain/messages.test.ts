/** The dex messages' bytes: the vectors of another implementation, round trips, and bytes that are none of ours. */
import { BinaryWriter } from "cosmjs-types/binary";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CancelOrders,
  cancelOrdersCodec,
  type DexCancellation,
  type DexOrder,
  LIMIT,
  LONG,
  type MessageCodec,
  type PlaceOrders,
  placeOrdersAnswerCodec,
  placeOrdersCodec,
  SHORT,
} from "../../../fargate/sei-chain/messages.ts";

const UNIT = 10n ** 18n;

const PLACE: PlaceOrders = {
  creator: "sei1creator",
  contractAddr: "sei1contract",
  funds: [{ denom: "usei", amount: "10" }],
  orders: [
    {
      price: (101n * UNIT) / 100n,
      quantity: 5n * UNIT,
      priceDenom: "USDC",
      assetDenom: "SEI",
      orderType: LIMIT,
      positionDirection: SHORT,
      data: '{"position_effect":"Open","leverage":"1"}',
    },
  ],
};

const CANCEL: CancelOrders = {
  creator: "sei1creator",
  contractAddr: "sei1contract",
  cancellations: [
    {
      id: 12n,
      contractAddr: "sei1contract",
      priceDenom: "USDC",
      assetDenom: "SEI",
      positionDirection: LONG,
      price: (101n * UNIT) / 100n,
    },
  ],
};

/** Made by `@sei-js/proto` 4.0.8, the chain's own client library. */
const PLACE_HEX =
  "0a0b7365693163726561746f7212622a13313031303030303030303030303030303030303213353030303030303030303030303030303030303a0455534443420353454950015a297b22706f736974696f6e5f656666656374223a224f70656e222c226c65766572616765223a2231227d1a0c73656931636f6e7472616374220a0a047573656912023130";
const CANCEL_HEX =
  "0a0b7365693163726561746f721230080c220c73656931636f6e74726163742a045553444332035345494213313031303030303030303030303030303030301a0c73656931636f6e7472616374";

const hex = <Message>(codec: MessageCodec<Message>, message: Message) =>
  Buffer.from(codec.encode(message).finish()).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

const text = fc.string({ maxLength: 20 });
const dec = fc.bigInt({ min: 0n, max: 10n ** 40n });
const direction = fc.constantFrom(LONG, SHORT);
const denoms = { priceDenom: text, assetDenom: text, positionDirection: direction, price: dec };
const orders: fc.Arbitrary<readonly DexOrder[]> = fc.array(
  fc.record({ ...denoms, quantity: dec, orderType: fc.constantFrom(0, 1), data: text }),
  { maxLength: 4 },
);
const cancellations: fc.Arbitrary<readonly DexCancellation[]> = fc.array(
  fc.record({ ...denoms, id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), contractAddr: text }),
  { maxLength: 4 },
);

describe("the dex messages", () => {
  it("are byte for byte what the chain's own library writes", () => {
    expect(hex(placeOrdersCodec, PLACE)).toBe(PLACE_HEX);
    expect(hex(cancelOrdersCodec, CANCEL)).toBe(CANCEL_HEX);
    expect(hex(placeOrdersAnswerCodec, { orderIds: [41n, 42n] })).toBe("0a02292a");
  });

  it("are read from those bytes", () => {
    expect(placeOrdersCodec.decode(bytes(PLACE_HEX))).toEqual(PLACE);
    expect(cancelOrdersCodec.decode(bytes(CANCEL_HEX))).toEqual(CANCEL);
    expect(placeOrdersAnswerCodec.decode(bytes("0a02292a"))).toEqual({ orderIds: [41n, 42n] });
    expect(placeOrdersAnswerCodec.decode(bytes("0829082a"))).toEqual({ orderIds: [41n, 42n] });
  });

  it("come back as they went", () => {
    const coins = fc.array(fc.record({ denom: text, amount: text }), { maxLength: 3 });
    const place = fc.record({ creator: text, contractAddr: text, orders, funds: coins });
    const cancel = fc.record({ creator: text, contractAddr: text, cancellations });
    fc.assert(
      fc.property(place, cancel, (one, other) => {
        expect(placeOrdersCodec.decode(placeOrdersCodec.encode(one).finish())).toEqual(one);
        expect(cancelOrdersCodec.decode(cancelOrdersCodec.encode(other).finish())).toEqual(other);
      }),
    );
  });

  it("are read past fields that we do not know", () => {
    const writer = placeOrdersCodec.encode(PLACE, BinaryWriter.create().tag(99, 1).fixed64(7n));
    writer.tag(98, 2).string("later").tag(97, 0).uint64(5n).tag(96, 5).fixed32(1);
    expect(placeOrdersCodec.decode(writer.finish())).toEqual(PLACE);
  });

  it.each(["MsgPlaceOrders", "MsgCancelOrders"])("are refused when they are cut short: %s", (what) => {
    const codec = what === "MsgPlaceOrders" ? placeOrdersCodec : cancelOrdersCodec;
    const whole = bytes(what === "MsgPlaceOrders" ? PLACE_HEX : CANCEL_HEX);
    let refused = 0;
    for (let length = 1; length < whole.length; length += 1) {
      try {
        codec.decode(whole.slice(0, length));
      } catch (error) {
        expect(error).toMatchObject({ code: "BAD_INPUT" });
        refused += 1;
      }
    }
    // Cut between two fields a message is one that lacks the rest.
    expect(whole.length - 1 - refused).toBeLessThanOrEqual(3);
  });

  it("are refused or read, never anything else, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        for (const codec of [placeOrdersCodec, cancelOrdersCodec, placeOrdersAnswerCodec]) {
          try {
            codec.decode(noise);
          } catch (error) {
            expect(error).toMatchObject({ code: "BAD_INPUT" });
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("fill what is left out with what the chain takes for it", () => {
    expect(hex(cancelOrdersCodec, cancelOrdersCodec.fromPartial({}))).toBe("");
    expect(hex(placeOrdersCodec, placeOrdersCodec.fromPartial({ creator: "sei1creator" }))).toBe(
      "0a0b7365693163726561746f72",
    );
    expect(hex(placeOrdersAnswerCodec, placeOrdersAnswerCodec.fromPartial({}))).toBe("");
  });
});
