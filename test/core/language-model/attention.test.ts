import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { attendBatched, attendHeadByHead } from "../../../core/language-model/attention.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";

let tf: typeof tensorflow;
const shape = { numContexts: 2, contextLength: 5, numHeads: 3 };
const D = 6;
const ways = { attendBatched, attendHeadByHead };

/** Queries, keys and values [10, 18], each number from `value(row, column)`. */
function qkvOf(value: (row: number, column: number) => number): tensorflow.Tensor2D {
  const data = Float32Array.from({ length: 10 * 3 * D }, (_, i) => value(Math.floor(i / (3 * D)), i % (3 * D)));
  return tf.tensor2d(data, [10, 3 * D]);
}

suite("attention", (test, hooks) => {
  hooks.before(async () => {
    ({ tf } = await cpuDevice.open());
  });

  for (const [name, attend] of Object.entries(ways)) {
    test(`${name}: with equal keys, a position gets the mean of the values up to it`, () => {
      const out = attend(
        tf,
        qkvOf((row, column) => (column < 2 * D ? 1 : row * (column - 2 * D))),
        shape,
      ).dataSync();
      for (let row = 0; row < 10; row++) {
        const first = row < 5 ? 0 : 5;
        // The mean of first, first + 1, ..., row.
        for (let i = 0; i < D; i++) assert.ok(Math.abs(out[row * D + i]! - ((first + row) / 2) * i) < 1e-4);
      }
    });

    test(`${name}: a key that fits the query far better than the others takes it all`, () => {
      // Position 1 of each context has the large key; its value is 7, all others -1.
      const large = (row: number): boolean => row % 5 === 1;
      const qkv = qkvOf((row, column) =>
        column < D ? 1 : column < 2 * D ? (large(row) ? 50 : 0) : large(row) ? 7 : -1,
      );
      const out = attend(tf, qkv, shape).dataSync();
      for (let row = 0; row < 10; row++) {
        for (let i = 0; i < D; i++) assert.ok(Math.abs(out[row * D + i]! - (row % 5 === 0 ? -1 : 7)) < 1e-4);
      }
    });
  }

  test("both ways agree on random numbers", () => {
    const stream = createRng(0).stream("attention");
    const qkv = qkvOf(() => stream.normal());
    const [a, b] = [attendBatched(tf, qkv, shape).dataSync(), attendHeadByHead(tf, qkv, shape).dataSync()];
    assert.is(a.length, 10 * D);
    for (const [i, value] of a.entries()) assert.ok(Math.abs(value - b[i]!) < 1e-5, `${i}: ${value} and ${b[i]!}`);
  });
});
