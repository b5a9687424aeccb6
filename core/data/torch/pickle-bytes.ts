/** A position in the bytes of a pickle. Every read is checked against their end before memory is taken for it. */
import { corrupt, unsupported } from "./torch-errors.ts";
import type { Place } from "./torch-errors.ts";

/** Integers of more than 8 bytes occur once: PyTorch's own number at the start of an old file has 10. */
const longestIntegerBytes = 16;
/** Of a number, or of a Python name, written as a line of text. */
const longestLineBytes = 1000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

export class PickleBytes {
  readonly #bytes: Buffer;
  readonly #place: (at: number) => Place;
  #at: number;
  /** Where the instruction in progress starts: what errors point at. */
  #instruction = 0;

  /** @param place Where byte `at` of these bytes lies in the file. */
  constructor(bytes: Uint8Array, place: (at: number) => Place, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place;
    this.#at = at;
  }

  get position(): number {
    return this.#at;
  }

  /** Of the instruction in progress. */
  get place(): Place {
    return this.#place(this.#instruction);
  }

  instruction(): number {
    this.#instruction = this.#at;
    return this.uint8();
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#take(4));
  }

  /** A length or position; those above 2^53 are no bytes of any file. */
  uint64(): number {
    return Number(this.#bytes.readBigUInt64LE(this.#take(8)));
  }

  /** Big-endian, as pickle's one binary float is. */
  float64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  text(numBytes: number): string {
    const start = this.#take(numBytes);
    try {
      return utf8.decode(this.#bytes.subarray(start, start + numBytes));
    } catch (cause) {
      throw corrupt(this.place, { expected: "text in UTF-8", received: "other bytes", cause });
    }
  }

  /** Two's complement, little-endian. */
  integer(numBytes: number): number | bigint {
    if (numBytes > longestIntegerBytes) {
      const received = `one of ${numBytes} bytes`;
      throw unsupported(this.place, { expected: `integers of at most ${longestIntegerBytes} bytes`, received });
    }
    const start = this.#take(numBytes);
    let value = 0n;
    for (let i = 0; i < numBytes; i++) value |= BigInt(this.#bytes.readUInt8(start + i)) << BigInt(8 * i);
    return safe(numBytes === 0 ? 0n : BigInt.asIntN(8 * numBytes, value));
  }

  /** Up to the next line feed, which is consumed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end === -1 || end - this.#at > longestLineBytes) {
      throw corrupt(this.place, { expected: `a line of at most ${longestLineBytes} bytes`, received: "no line feed" });
    }
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  #take(numBytes: number): number {
    const start = this.#at;
    if (!(numBytes <= this.#bytes.length - start)) {
      const received = `${this.#bytes.length - start} bytes`;
      throw corrupt(this.place, { expected: `${numBytes} bytes from here on`, received });
    }
    this.#at = start + numBytes;
    return start;
  }
}

/** A number where it is exact. */
export function safe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
