/**
 * The memory that a socket's bytes are read into, used over and over. Each read would otherwise make an `ArrayBuffer`
 * outside the heap, and those bring on collections of the whole heap (6 to 28 ms at 5,000 frames a second).
 * Owns the promise that bytes still held by the reader are never written over.
 */

/** One read's room. The reader's own high-water mark is above it, so it never asks for a pause between reads. */
const READ_BYTES = 32_768;
const RING_BYTES = 262_144;

/** Reads go one behind the other through the ring; bytes count as held until a message was made of what came before them. */
export class ReadRing {
  #ring = new Uint8Array(RING_BYTES);
  #place = 0;
  #heldBytes = 0;
  #lastReadBytes = 0;

  /** Room for the next read. Asking again without a read in between gives the same room. */
  next(): Uint8Array {
    const atEnd = this.#place + READ_BYTES > RING_BYTES;
    const skippedBytes = atEnd ? RING_BYTES - this.#place : 0;
    if (this.#heldBytes + skippedBytes + READ_BYTES > RING_BYTES) {
      // A message larger than the ring is on its way: its first bytes keep the old one, which is collected after it.
      this.#ring = new Uint8Array(RING_BYTES);
      this.#place = 0;
      this.#heldBytes = 0;
    } else if (atEnd) {
      this.#place = 0;
      this.#heldBytes += skippedBytes;
    }
    return this.#ring.subarray(this.#place, this.#place + READ_BYTES);
  }

  /** Takes note of a read of `bytes` into the room that `next` gave, and shows them. */
  read(bytes: number): Buffer {
    const view = Buffer.from(this.#ring.buffer, this.#place, bytes);
    this.#place += bytes;
    this.#heldBytes += bytes;
    this.#lastReadBytes = bytes;
    return view;
  }

  /** A whole message was made: nothing before the last read is held any longer. */
  release(): void {
    this.#heldBytes = Math.min(this.#heldBytes, this.#lastReadBytes);
  }
}
