import type * as tensorflow from "@tensorflow/tfjs";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { includedRows, spliceRows } from "../../../core/language-model/spliced-positions.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";

let tf: typeof tensorflow;

/** Contexts, their length, and the excluded positions. */
const layouts = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }))
  .chain(([numContexts, length]) =>
    fc.tuple(fc.constant(numContexts), fc.constant(length), fc.uniqueArray(fc.nat(length - 1))),
  );

suite("spliced-positions", (test, hooks) => {
  hooks.before(async () => {
    ({ tf } = await cpuDevice.open());
  });

  test("includes each position that is not excluded, in every context, ascending", () => {
    const property = fc.property(layouts, ([numContexts, length, excluded]) => {
      const rows = [...includedRows(numContexts, length, excluded)];
      assert.is(rows.length, numContexts * (length - excluded.length));
      assert.ok(rows.every((row, i) => i === 0 || row > rows[i - 1]!));
      assert.ok(rows.every((row) => row < numContexts * length && !excluded.includes(row % length)));
    });
    fc.assert(property, { numRuns: 100, seed: 4 });
  });

  test("replaces exactly the included rows, whatever is excluded", () => {
    const property = fc.property(layouts, ([numContexts, length, excluded]) => {
      if (excluded.length === length) return;
      const numRows = numContexts * length;
      const included = includedRows(numContexts, length, excluded);
      const spliced = tf.tidy(() => {
        const acts = tf.tensor2d(
          Array.from({ length: numRows }, (_, row) => [row + 1, -row - 1]),
          [numRows, 2],
        );
        const replace = (rows: tensorflow.Tensor2D): tensorflow.Tensor2D => tf.mul(rows, 100);
        return spliceRows(tf, acts, included, { kind: "replace", replace });
      });
      const isReplaced = new Set(included);
      const expected = Array.from({ length: numRows }, (_, row) => (row + 1) * (isReplaced.has(row) ? 100 : 1));
      assert.equal(
        [...spliced.dataSync()],
        expected.flatMap((value) => [value, -value]),
      );
      spliced.dispose();
    });
    fc.assert(property, { numRuns: 40, seed: 5 });
  });

  test("gives the activations themselves back for the original", () => {
    const acts = tf.ones<tensorflow.Rank.R2>([4, 3]);
    assert.is(spliceRows(tf, acts, includedRows(2, 2, [0]), { kind: "original" }), acts);
  });

  test("zeroes included rows and leaves excluded ones", () => {
    const acts = tf.ones<tensorflow.Rank.R2>([4, 1]);
    const spliced = spliceRows(tf, acts, includedRows(2, 2, [0]), { kind: "zero" });
    assert.equal([...spliced.dataSync()], [1, 0, 1, 0]);
  });
});
