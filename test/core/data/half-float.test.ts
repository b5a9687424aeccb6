import * as assert from "uvu/assert";
import {
  halfToNumber,
  narrowToBfloat16,
  narrowToHalf,
  widenBfloat16,
  widenHalf,
} from "../../../core/data/half-float.ts";
import { suite } from "../../suite.ts";

suite("half-float", (test) => {
  test("widens the values that IEEE 754 names", () => {
    const known: readonly [number, number][] = [
      [0x0000, 0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0400, 2 ** -14],
      [0x0001, 2 ** -24],
      [0x3555, 0.333251953125],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
    ];
    for (const [bits, value] of known) assert.is(halfToNumber(bits), value);
    assert.ok(Number.isNaN(halfToNumber(0x7e00)));
    assert.ok(Object.is(halfToNumber(0x8000), -0));
  });

  test("narrows every half-precision value back to its own bits", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((bits) => (bits & 0x7fff) <= 0x7c00);
    assert.is(all.length, 2 * (0x7c00 + 1));
    const wide = new Float32Array(all.length);
    widenHalf(all, wide);
    assert.equal(narrowToHalf(wide), all);
  });

  test("rounds to the nearest half, ties to even", () => {
    // Between 1 and 2 the halves lie 2^-10 apart; among the subnormals 2^-24.
    const step = 2 ** -10;
    const cases: readonly [number, number][] = [
      [1 + step / 2, 0x3c00],
      [1 + (3 * step) / 2, 0x3c02],
      [1 + step * 0.51, 0x3c01],
      [1 + step * 0.49, 0x3c00],
      [2 ** -25, 0x0000],
      [3 * 2 ** -25, 0x0002],
      [2 ** -25 * 1.01, 0x0001],
      [2 ** -14 - 2 ** -26, 0x0400],
      [2 - 2 ** -12, 0x4000],
    ];
    for (const [value, bits] of cases) assert.is(narrowToHalf(Float32Array.of(value))[0], bits, String(value));
  });

  test("narrows to infinity from 65520 on, and keeps NaN", () => {
    const narrowed = narrowToHalf(Float32Array.of(65519, 65520, -65520, 1e30, Number.NaN));
    assert.equal([...narrowed.subarray(0, 4)], [0x7bff, 0x7c00, 0xfc00, 0x7c00]);
    assert.ok(Number.isNaN(halfToNumber(narrowed[4]!)));
  });

  test("widens bfloat16 exactly and rounds to it, ties to even", () => {
    const wide = new Float32Array(3);
    widenBfloat16(Uint16Array.of(0x3f80, 0xc049, 0x0000), wide);
    assert.equal([...wide], [1, -3.140625, 0]);
    // Between 1 and 2 bfloat16 values lie 2^-7 apart.
    const rounded = narrowToBfloat16(Float32Array.of(1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20, 3.4e38));
    assert.equal([...rounded], [0x3f80, 0x3f82, 0x3f81, 0x7f80]);
  });

  test("keeps NaN when narrowing to bfloat16, whatever its payload", () => {
    const bits = Uint32Array.of(0x7f800001, 0xffffffff, 0x7fc00000);
    const back = new Float32Array(3);
    widenBfloat16(narrowToBfloat16(new Float32Array(bits.buffer)), back);
    assert.ok(back.every(Number.isNaN));
  });
});
