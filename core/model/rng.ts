/**
 * Seeded random streams. Each purpose has a stream of its own, derived from the run's seed and a name, so that one
 * more draw for initialisation never moves the data order. xoroshiro128+ by `pure-rand`.
 */
import { createHash } from "node:crypto";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

export interface RandomStream {
  /** Uniform in [0, 1), 32 random bits. */
  uniform(): number;
  /** Uniform integer in [0, limit); limit at most 2^32. */
  integer(limit: number): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

export interface Rng {
  readonly seed: number;
  /** A stream that depends on the seed and the name only: asking twice gives the same numbers twice. */
  stream(name: string): RandomStream;
}

const two32 = 4294967296;

export function createRng(seed: number): Rng {
  return { seed, stream: (name) => createStream(seed, name) };
}

function createStream(seed: number, name: string): RandomStream {
  const digest = createHash("sha256").update(`${seed}\n${name}`).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  const word = (): number => generator.next() >>> 0;
  let spareNormal: number | undefined;
  return {
    uniform: () => word() / two32,
    integer: (limit) => {
      // Rejection keeps every value equally likely.
      const fair = two32 - (two32 % limit);
      for (;;) {
        const drawn = word();
        if (drawn < fair) return drawn % limit;
      }
    },
    normal: () => {
      if (spareNormal !== undefined) {
        const spare = spareNormal;
        spareNormal = undefined;
        return spare;
      }
      // 1 - uniform lies in (0, 1], so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - word() / two32));
      const angle = 2 * Math.PI * (word() / two32);
      spareNormal = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}
