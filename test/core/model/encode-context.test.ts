import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { rowsOfExperts } from "../../../core/model/encode-context.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { nativeDevice } from "../../../kernels/devices/native.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";
import { activeOf, inOrder, integerBatch, largestOf } from "./integer-batch.ts";
import type { BatchChoice, Candidate } from "./integer-batch.ts";

const choices: readonly BatchChoice[] = [
  { experts: 1, selected: 1, hasBias: false },
  { experts: 4, selected: 1, hasBias: true },
  { experts: 4, selected: 2, hasBias: false },
  { experts: 4, selected: 3, hasBias: true },
];

/** The k largest of each row among some features. */
function topOfRows(candidates: readonly Candidate[], rows: number, k: number): readonly Candidate[] {
  const ofRow = (b: number): readonly Candidate[] => candidates.filter(({ row }) => row === b);
  return inOrder(Array.from({ length: rows }, (_unused, b) => largestOf(ofRow(b), k)).flat());
}

for (const provider of [cpuDevice, wasmDevice, nativeDevice({ threads: 2 })]) {
  suite(`encode context on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const eligible = (features: number, seed: number): number[] => {
      const stream = createRng(seed).stream("eligible");
      return Array.from({ length: features }, () => (stream.uniform() < 0.4 ? 1 : 0));
    };

    test("takes the k largest of each row", () => {
      for (const choice of choices) {
        const batch = integerBatch(choice);
        for (const k of [1, 3, 6]) {
          const expected = topOfRows(batch.candidates, 12, k);
          assert.equal(activeOf(batch.context(device).topK(k), batch.shape), expected, JSON.stringify(choice));
        }
      }
    });
    test("takes the k largest among some features only, fewer where a row's experts have fewer", () => {
      for (const choice of choices) {
        for (const seed of [1, 2]) {
          const batch = integerBatch({ ...choice, seed });
          const among = eligible(24, seed);
          const left = batch.candidates.filter(({ feature }) => among[feature] === 1);
          for (const k of [1, 3, 6]) {
            const code = batch.context(device).topK(k, tf.tensor1d(among));
            assert.equal(activeOf(code, batch.shape), topOfRows(left, 12, k), `${JSON.stringify(choice)} k ${k}`);
          }
        }
      }
    });
    test("gives an empty code where no feature may be chosen", () => {
      const batch = integerBatch();
      assert.equal(activeOf(batch.context(device).topK(4, tf.zeros([24])), batch.shape), []);
    });
    test("sends gradients to the chosen features and their gates, and to no excluded one", () => {
      const batch = integerBatch({ experts: 4, selected: 2 });
      const { acts, encoder, experts, gates } = batch.plain;
      const among = eligible(24, 5);
      const left = batch.candidates.filter(({ feature }) => among[feature] === 1);
      const chosen = topOfRows(left, 12, 3);
      const [byEncoder, byGates] = tf.grads((encoder_FD, gates_BR) => {
        const context = batch.context(device, { encoder: encoder_FD, gates: gates_BR });
        return tf.sum(context.topK(3, tf.tensor1d(among)).values_BK);
      })([tf.tensor2d(encoder), tf.tensor2d(gates)]);
      const expectedEncoder = encoder.map((row) => row.map(() => 0));
      const expectedGates = gates.map((row) => row.map(() => 0));
      for (const { row, feature, value } of chosen) {
        const slot = experts[row]!.indexOf(Math.floor(feature / 6));
        const gate = gates[row]![slot]!;
        for (const [d, x] of acts[row]!.entries()) expectedEncoder[feature]![d]! += gate * x;
        expectedGates[row]![slot]! += value / gate;
      }
      assert.equal(byEncoder!.arraySync(), expectedEncoder);
      assert.equal(byGates!.arraySync(), expectedGates);
      assert.ok(expectedEncoder.some((row, f) => among[f] === 1 && row.some((value) => value !== 0)));
    });
    test("repeats numbers of an expert's features for the blocks of each row", () => {
      const batch = integerBatch({ experts: 4, selected: 2 });
      const values = Array.from({ length: 24 }, (_unused, f) => f);
      const blocks = batch.context(device).ofRoutedBlocks(tf.tensor1d(values)).arraySync();
      for (const [b, chosen] of batch.plain.experts.entries()) {
        for (const [r, expert] of chosen.entries()) {
          assert.equal(blocks[b]![r], values.slice(6 * expert, 6 * expert + 6));
        }
      }
      const one = integerBatch({ experts: 1, selected: 1 });
      assert.equal(one.context(device).ofRoutedBlocks(tf.tensor1d(values)).shape, [1, 1, 24]);
      const indices = tf.tensor2d([[1], [0]], undefined, "int32");
      assert.equal(
        rowsOfExperts(
          tf,
          tf.tensor2d([
            [1, 2],
            [3, 4],
          ]),
          indices,
        ).arraySync(),
        [[[3, 4]], [[1, 2]]],
      );
    });
    test("makes blocks of pre-activations, multiplied by gates when they become a code", () => {
      const batch = integerBatch({ experts: 4, selected: 2 });
      const context = batch.context(device);
      const code = context.block(tf.relu(context.preactivations()));
      assert.equal(
        activeOf(code, batch.shape),
        batch.candidates.filter(({ value }) => value !== 0),
      );
    });
    test("hands on the expert's parameters and the moment of training", () => {
      const training = { step: 3, totalSteps: 9 };
      const threshold = tf.scalar(2);
      const context = integerBatch().context(device, { parameters: { threshold }, training });
      assert.equal(context.training, training);
      assert.is(context.parameters["threshold"], threshold);
      assert.is(integerBatch().context(device).training, undefined);
    });
  });
}
