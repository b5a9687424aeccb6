/**
 * 16-bit floats, which JavaScript has no typed array for: IEEE half precision (F16) and bfloat16 (BF16). Both are
 * widened exactly; narrowing rounds to nearest, ties to even, as PyTorch and NumPy do.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index runs over the array that it reads */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** @returns The exact value of 16 bits read as IEEE half precision. */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Every half-precision value, so that widening is one look-up. */
const halfTable = Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));

/** Widens half precision. `into` has at least the length of `halves`. */
export function widenHalf(halves: Uint16Array, into: Float32Array): void {
  for (let i = 0; i < halves.length; i++) into[i] = halfTable[halves[i]!]!;
}

/** Widens bfloat16: the upper half of a float32. `into` has at least the length of `brains`. */
export function widenBfloat16(brains: Uint16Array, into: Float32Array): void {
  const bits = new Uint32Array(into.buffer, into.byteOffset, brains.length);
  for (let i = 0; i < brains.length; i++) bits[i] = brains[i]! << 16;
}

/** Narrows to half precision; magnitudes from 65520 on become infinite. */
export function narrowToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) halves[i] = numberToHalf(values[i]!);
  return halves;
}

/** Narrows to bfloat16. */
export function narrowToBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const brains = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    scratch[0] = values[i]!;
    const bits = scratchBits[0]!;
    const isNaN = (bits & 0x7fffffff) > 0x7f800000;
    brains[i] = isNaN ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return brains;
}

function numberToHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 and above rounds to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal half (2^-14): a multiple of 2^-24, rounded by the float64 arithmetic's own rule.
  if (magnitude < 0x38800000) return sign | roundHalfToEven(Math.abs(scratch[0]) * 2 ** 24);
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}
