/**
 * A browser's screenshot with at most 256 colours, as small as a page of text can be: browsers write PNG fast, not small. Owns the few parts of
 * the PNG specification (W3C, third edition) that this takes.
 */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const COLOURS_MAX = 256;
/** Squared, of red, green and blue: nobody sees less. */
const APART_MIN = 40;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Truecolour of eight bits without transparency, as Chromium writes pages. */
const BYTES_A_PIXEL = 3;

/** The colours that are seen most stay; each other one becomes the nearest of them. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const colours = readColours(pixels);
  const palette = commonest(colours);
  const nearest = new Map([...new Set(colours)].map((colour) => [colour, nearestOf(colour, palette)]));
  const rows = Buffer.alloc((width + 1) * height);
  for (const [at, colour] of colours.entries()) {
    // Each row begins with its filter, which is none.
    rows[at + 1 + Math.floor(at / width)] = nearest.get(colour) ?? 0;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const parts = [chunk("IHDR", header), chunk("PLTE", table), chunk("IDAT", deflateSync(rows, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...parts, chunk("IEND", Buffer.alloc(0))]);
}

function decode(png: Buffer): { readonly width: number; readonly height: number; readonly pixels: Buffer } {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  if (png[24] !== 8 || png[25] !== 2) throw new Error(`a screenshot must be truecolour of 8 bits, was type ${png[25]}`);
  const data: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const isData = png.toString("latin1", at + 4, at + 8) === "IDAT";
    if (isData) data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return { width, height, pixels: unfilter(inflateSync(Buffer.concat(data)), width * BYTES_A_PIXEL, height) };
}

/** Section 9: each byte was written as its difference from what its neighbours foretell. */
function unfilter(rows: Buffer, stride: number, height: number): Buffer {
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (stride + 1)];
    const start = row * stride;
    for (let at = 0; at < stride; at++) {
      const left = at < BYTES_A_PIXEL ? 0 : (pixels[start + at - BYTES_A_PIXEL] ?? 0);
      const up = row === 0 ? 0 : (pixels[start + at - stride] ?? 0);
      const corner = at < BYTES_A_PIXEL || row === 0 ? 0 : (pixels[start + at - stride - BYTES_A_PIXEL] ?? 0);
      const foretold = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 0] ?? 0;
      pixels[start + at] = (rows[row * (stride + 1) + 1 + at] ?? 0) + foretold;
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const [byLeft, byUp, byCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

function readColours(pixels: Buffer): readonly number[] {
  return Array.from({ length: pixels.length / BYTES_A_PIXEL }, (_, at) => pixels.readUIntBE(at * BYTES_A_PIXEL, 3));
}

/** Those that are seen most, each with some distance to the others: so the rare colours of a chart have theirs. */
function commonest(colours: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette: number[] = [];
  for (const [colour] of [...counts].sort(([, one], [, other]) => other - one)) {
    if (palette.length === COLOURS_MAX) break;
    if (palette.every((other) => distance(colour, other) >= APART_MIN)) palette.push(colour);
  }
  return palette;
}

function distance(one: number, other: number): number {
  return [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0);
}

function nearestOf(colour: number, palette: readonly number[]): number {
  let best = 0;
  for (const [at, other] of palette.entries()) {
    if (distance(colour, other) < distance(colour, palette[best] ?? 0)) best = at;
  }
  return best;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
