/**
 * Checks a Sei address (BIP 173, as cosmos-sdk's `AccAddressFromBech32` uses it). Owns the check and its words, in the
 * form the node answers them; it never makes an address.
 */

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const CHECKSUM_CHARACTERS = 6;
const PREFIX = "sei";

/** cosmos-sdk: 255 is the longest address there is. */
const ADDRESS_CHARACTERS_MAX = 255;
/** Bytes of an account and of a contract. */
const ADDRESS_BYTES: readonly number[] = [20, 32];

/** What is wrong with an address; null when nothing is. */
export function addressFault(address: string): string | null {
  if (address.trim() === "") return "empty address string is not allowed";
  const reason = encodingFault(address);
  return reason === null ? prefixFault(address) : `decoding bech32 failed: ${reason}`;
}

function encodingFault(address: string): string | null {
  if (address.length < 8 || address.length > ADDRESS_CHARACTERS_MAX) {
    return `invalid bech32 string length ${address.length}`;
  }
  if (address !== address.toLowerCase() && address !== address.toUpperCase()) {
    return "string not all lowercase or all uppercase";
  }
  const separator = address.lastIndexOf("1");
  if (separator < 1 || separator + CHECKSUM_CHARACTERS + 1 > address.length) {
    return `invalid separator index ${separator}`;
  }
  const data = [...address.toLowerCase().slice(separator + 1)];
  const stranger = data.find((character) => !CHARSET.includes(character));
  if (stranger !== undefined) return `invalid character not part of charset: ${stranger.codePointAt(0)}`;
  const words = data.map((character) => CHARSET.indexOf(character));
  const prefix = address.toLowerCase().slice(0, separator);
  if (checksumOf([...expand(prefix), ...words]) !== 1) return "invalid checksum";
  return null;
}

function prefixFault(address: string): string | null {
  const separator = address.lastIndexOf("1");
  const prefix = address.toLowerCase().slice(0, separator);
  if (prefix !== PREFIX) return `invalid Bech32 prefix; expected ${PREFIX}, got ${prefix}`;
  const bytes = Math.floor(((address.length - separator - 1 - CHECKSUM_CHARACTERS) * 5) / 8);
  return ADDRESS_BYTES.includes(bytes) ? null : `incorrect address length ${bytes}`;
}

function expand(prefix: string): readonly number[] {
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function checksumOf(words: readonly number[]): number {
  let checksum = 1;
  for (const word of words) {
    const top = checksum >>> 25;
    checksum = ((checksum & 0x1ffffff) << 5) ^ word;
    for (const [bit, generator] of GENERATOR.entries()) {
      if ((top >> bit) & 1) checksum ^= generator;
    }
  }
  return checksum >>> 0;
}
