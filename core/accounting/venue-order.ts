/** The order of text by its UTF-8 bytes, as DynamoDB sorts its keys. Owns no meaning of the text. */

const SURROGATES_FROM = 0xd800;
const SURROGATES_END = 0xe000;

/**
 * Compares two well-formed texts by their UTF-8 bytes: below 0 when `a` comes first, 0 when equal. JavaScript's own `<`
 * compares UTF-16 units, which puts characters beyond U+FFFF before U+E000–U+FFFF; UTF-8 puts them after.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return byteRank(left) - byteRank(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates above all other units, keeping their order among themselves. */
function byteRank(unit: number): number {
  if (unit < SURROGATES_FROM) return unit;
  return unit < SURROGATES_END ? unit + 0x2000 : unit - 0x800;
}
