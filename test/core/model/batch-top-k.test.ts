import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { aboveThreshold, batchTopK } from "../../../core/model/batch-top-k.ts";
import type { EncodeContext } from "../../../core/model/contracts.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { activeOf, inOrder, integerBatch, largestOf } from "./integer-batch.ts";
import type { BatchChoice, PlainBatch } from "./integer-batch.ts";

for (const provider of [cpuDevice, wasmDevice, nativeDevice({ threads: 2 })]) {
  suite(`batch top-k on ${provider.name}`, (test, hooks) => {
    let device: Device;
    hooks.before(async () => {
      device = await provider.open();
    });
    const choices: readonly BatchChoice[] = [
      { experts: 1, selected: 1, hasBias: false },
      { experts: 4, selected: 1 },
      { experts: 4, selected: 2 },
      { experts: 4, selected: 2, rows: 1 },
      { experts: 3, selected: 3, width: 6, rows: 40 },
    ];
    /** A context that notes how many candidates it is asked for. */
    const watched = (context: EncodeContext): { context: EncodeContext; asked: number[] } => {
      const asked: number[] = [];
      return {
        asked,
        context: {
          ...context,
          topK: (k, among_F) => {
            asked.push(k);
            return context.topK(k, among_F);
          },
        },
      };
    };

    test("takes what a full sort of the batch takes, ties in the order of rows and features", () => {
      for (const choice of choices) {
        for (const seed of [1, 2, 3]) {
          const batch = integerBatch({ ...choice, seed });
          for (const k of [1, 2, 3, 6]) {
            const code = batchTopK(device.tf, batch.context(device), k);
            const expected = inOrder(largestOf(batch.candidates, k * batch.plain.acts.length));
            assert.equal(activeOf(code, batch.shape), expected, `${JSON.stringify(choice)} seed ${seed} k ${k}`);
          }
        }
      }
    });
    test("chooses among equals by row, then by feature", () => {
      const edit = ({ acts, encoder, bias, gates }: PlainBatch): void => {
        for (const row of acts) row.fill(1);
        for (const row of encoder) row.fill(1);
        bias.fill(0);
        for (const row of gates) row.fill(1);
      };
      const batch = integerBatch({ experts: 1, selected: 1, rows: 3, features: 8, edit });
      const code = batchTopK(device.tf, batch.context(device), 5);
      // 15 of 24 equal values: all of rows 0, seven of row 1.
      const expected = Array.from({ length: 15 }, (_unused, i) => ({
        row: Math.floor(i / 8),
        feature: i % 8,
        value: 3,
      }));
      assert.equal(activeOf(code, batch.shape), expected);
    });
    test("gives one row everything where that row has the largest values, asking for more candidates until it is exact", () => {
      const edit = ({ acts, encoder, bias }: PlainBatch): void => {
        for (const row of encoder) row.splice(0, row.length, 1, 0, 0);
        bias.fill(0);
        for (const [b, row] of acts.entries()) row.splice(0, row.length, b === 4 ? 9 : 1, 0, 0);
      };
      const batch = integerBatch({ experts: 1, selected: 1, features: 24, rows: 20, edit });
      const { context, asked } = watched(batch.context(device));
      const code = batchTopK(device.tf, context, 1);
      assert.equal(activeOf(code, batch.shape), inOrder(largestOf(batch.candidates, 20)));
      assert.ok(activeOf(code, batch.shape).every(({ row }) => row === 4));
      assert.equal(asked, [4, 8, 16, 24]);
    });
    test("asks once where no row uses up its candidates", () => {
      const batch = integerBatch({ experts: 1, selected: 1 });
      const { context, asked } = watched(batch.context(device));
      batchTopK(device.tf, context, 3);
      assert.equal(asked, [12]);
    });
    test("takes every positive activation where there are fewer than B * k, and no zero", () => {
      const edit = ({ bias }: PlainBatch): void => {
        bias.fill(-9);
      };
      const batch = integerBatch({ edit, rows: 30 });
      const positive = batch.candidates.filter(({ value }) => value > 0);
      assert.ok(positive.length > 0 && positive.length < 30 * 6, `${positive.length}`);
      assert.equal(activeOf(batchTopK(device.tf, batch.context(device), 6), batch.shape), positive);
      const silent = integerBatch({
        edit: ({ bias: biases }) => {
          biases.fill(-100);
        },
      });
      assert.equal(activeOf(batchTopK(device.tf, silent.context(device), 2), silent.shape), []);
    });
    test("orders values that differ in their last bits only", () => {
      // 1 + n * 2^-20 for n = 0 .. 23, and one denormal row: the low halves of the bits decide.
      const edit = ({ acts, encoder, bias, gates }: PlainBatch): void => {
        for (const row of gates) row.fill(1);
        bias.fill(0);
        for (const [f, row] of encoder.entries()) row.splice(0, row.length, 1 + ((f * 7) % 24) * 2 ** -20, 0, 0);
        for (const row of acts) row.splice(0, row.length, 1, 0, 0);
      };
      const batch = integerBatch({ experts: 1, selected: 1, features: 24, rows: 5, edit });
      const code = batchTopK(device.tf, batch.context(device), 7);
      assert.equal(activeOf(code, batch.shape), inOrder(largestOf(batch.candidates, 35)));
    });
    test("takes exactly what lies above a threshold, however many of a row do", () => {
      for (const choice of choices) {
        const batch = integerBatch(choice);
        for (const threshold of [0, 1, 2.5, 100]) {
          const code = aboveThreshold(device.tf, batch.context(device), 1, threshold);
          const expected = batch.candidates.filter(({ value }) => value > threshold);
          assert.equal(activeOf(code, batch.shape), expected, `${JSON.stringify(choice)} above ${threshold}`);
        }
      }
    });
    test("refuses a k above the features that a row can reach", () => {
      const batch = integerBatch({ experts: 4, selected: 2, features: 24 });
      assert.ok(activeOf(batchTopK(device.tf, batch.context(device), 12), batch.shape).length > 0);
      assert.throws(
        () => batchTopK(device.tf, batch.context(device), 13),
        (error: SwitchyardError) => error.code === "K_TOO_LARGE",
      );
    });
    test("has the gradients of the candidates that it takes, and none of the others", () => {
      const batch = integerBatch({ experts: 4, selected: 1, hasBias: false });
      const { acts, encoder, gates } = batch.plain;
      const taken = largestOf(batch.candidates, 2 * acts.length);
      const { tf } = device;
      const gradient = tf.grad((encoder_FD) =>
        tf.sum(batchTopK(tf, batch.context(device, { encoder: encoder_FD }), 2).values_BK),
      )(tf.tensor2d(encoder));
      const expected = encoder.map((row) => row.map(() => 0));
      for (const { row, feature } of taken) {
        for (const [d, x] of acts[row]!.entries()) expected[feature]![d]! += gates[row]![0]! * x;
      }
      assert.equal(gradient.arraySync(), expected);
    });
  });
}
