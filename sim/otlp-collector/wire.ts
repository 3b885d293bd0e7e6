/**
 * The wire format of Protocol Buffers (protobuf.dev, "Encoding"), read strictly: a field that the reader does not name, a wire type that is
 * not the field's, or bytes that end early are faults, since what is read wrongly here would prove nothing. Owns no message.
 */

/** Bytes that are no message of the kind that was expected. */
export class WireError extends Error {
  readonly code = "BAD_MESSAGE";

  constructor(message: string) {
    super(message);
    this.name = "WireError";
  }
}

export type Field = {
  readonly number: number;
  /** Of a varint or a fixed 64-bit field. */
  readonly bits: bigint | undefined;
  /** Of a length-delimited field. */
  readonly bytes: Uint8Array | undefined;
};

const VARINT_BYTES_MAX = 10;

/** The fields of a message in the order in which they stand. Throws `WireError`. */
export function readFields(message: Uint8Array): readonly Field[] {
  const cursor = new Cursor(message);
  const fields: Field[] = [];
  while (!cursor.isAtEnd) fields.push(readField(cursor));
  return fields;
}

function readField(cursor: Cursor): Field {
  const tag = cursor.varint();
  const number = Number(tag >> 3n);
  if (number < 1) throw new WireError(`a field's number must be at least 1, was ${number}`);
  switch (Number(tag & 7n)) {
    case 0:
      return { number, bits: cursor.varint(), bytes: undefined };
    case 1:
      return { number, bits: cursor.fixed64(), bytes: undefined };
    case 2:
      return { number, bits: undefined, bytes: cursor.take(Number(cursor.varint())) };
    default:
      throw new WireError(`field ${number} must be a varint, of 64 bits or of a length, was of wire type ${tag & 7n}`);
  }
}

/** Values of 64 bits each, packed into one field. */
export function readPacked64(bytes: Uint8Array): readonly bigint[] {
  if (bytes.length % 8 !== 0) throw new WireError(`packed values must be of 8 bytes each, were ${bytes.length} in all`);
  const cursor = new Cursor(bytes);
  const values: bigint[] = [];
  while (!cursor.isAtEnd) values.push(cursor.fixed64());
  return values;
}

export function toDouble(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

export function toText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
      const [byte = 0] = this.take(1);
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return value;
    }
    throw new WireError(`a varint must end within ${VARINT_BYTES_MAX} bytes`);
  }

  /** Little-endian. */
  fixed64(): bigint {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at)
      throw new WireError(`the message ends within a field of ${length} bytes`);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }
}
