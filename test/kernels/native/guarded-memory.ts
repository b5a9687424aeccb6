/** One buffer that arguments are cut out of, with guard zones between them: whatever is written elsewhere is seen. */
import type { RandomData } from "../../conformance/kernels/random-data.ts";

export type Numbers = Float32Array | Int32Array;

export interface GuardedMemory {
  /** Forgets what was cut out. */
  clear(): void;
  /** A copy of the values in a place of its own, at any multiple of four bytes. */
  place<T extends Numbers>(values: T): T;
  /** @returns Whether all memory outside of `written` still has the content that it has now. */
  photograph(): (written: readonly ArrayBufferView[]) => boolean;
}

/** Two vectors of the widest instruction set. */
const guardBytes = 128;
const guardByte = 0xa5;

export function createGuardedMemory(random: RandomData): GuardedMemory {
  const buffer = new ArrayBuffer(2 ** 20);
  const bytes = Buffer.from(buffer);
  const before = Buffer.alloc(buffer.byteLength);
  let end = guardBytes;
  return {
    clear: () => {
      bytes.fill(guardByte, 0, end + guardBytes);
      end = guardBytes;
    },
    place: (values) => {
      const start = end + 4 * random.below(16);
      end = start + values.byteLength + guardBytes;
      if (end + guardBytes > buffer.byteLength) throw new Error("the guarded memory is too small for this call");
      bytes.fill(guardByte, start - 4 * 16, end);
      const type = values.constructor as new (buffer: ArrayBuffer, start: number, length: number) => typeof values;
      const placed = new type(buffer, start, values.length);
      placed.set(values);
      return placed;
    },
    photograph: () => {
      const length = end + guardBytes;
      bytes.copy(before, 0, 0, length);
      return (written) => {
        for (const { buffer: owner, byteOffset, byteLength } of written) {
          if (owner === buffer) bytes.copy(before, byteOffset, byteOffset, byteOffset + byteLength);
        }
        return bytes.compare(before, 0, length, 0, length) === 0;
      };
    },
  };
}
