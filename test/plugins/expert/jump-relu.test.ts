import type * as tensorflow from "@tensorflow/tfjs";
import { Value } from "typebox/value";
import * as assert from "uvu/assert";
import type { Encoding } from "../../../core/model/contracts.ts";
import { createRng } from "../../../core/model/rng.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { jumpRelu } from "../../../plugins/expert/jump-relu.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { activeOf, integerBatch } from "../../core/model/integer-batch.ts";
import type { BatchChoice } from "../../core/model/integer-batch.ts";
import { suite } from "../../suite.ts";

const bandwidth = 3;
// Quarters, so that no integer pre-activation lies on the edge of a rectangle.
const thresholds = Array.from({ length: 24 }, (_unused, f) => 0.25 + (f % 7));
const choices: readonly BatchChoice[] = [
  { experts: 1, selected: 1 },
  { experts: 4, selected: 1 },
  { experts: 4, selected: 2 },
];

/** z and what follows from it for every reachable feature, straight from the formulas. */
function reference(choice: BatchChoice, stepInput: "pre-activation" | "activation") {
  const batch = integerBatch(choice);
  const { acts, encoder, bias, experts, gates } = batch.plain;
  return batch.candidates.map(({ row, feature }) => {
    const gate = gates[row]![experts[row]!.indexOf(Math.floor(feature / batch.shape.featuresPerExpert))]!;
    const z = encoder[feature]!.reduce((sum, weight, d) => sum + weight * acts[row]![d]!, 0) + bias[feature]!;
    const theta = thresholds[feature]!;
    const f = z > theta ? Math.max(0, z) : 0;
    const u = stepInput === "activation" ? f : z;
    const isNear = (value: number): number => (Math.abs(value - theta) < bandwidth / 2 ? 1 : 0);
    return {
      ...{ row, feature, gate, code: gate * f, count: u > theta ? 1 : 0 },
      codeByThreshold: -(theta / bandwidth) * isNear(z),
      codeByInput: f > 0 ? 1 : 0,
      // The count's way to theta: through u it has no gradient, whichever u is.
      countByThreshold: -(1 / bandwidth) * isNear(u),
    };
  });
}

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`expert jump-relu on ${provider.name}`, (test, hooks) => {
    let device: Device;
    let tf: typeof tensorflow;
    hooks.before(async () => {
      device = await provider.open();
      ({ tf } = device);
    });
    const build = (options: object = {}) =>
      buildPlugin(jumpRelu, { type: "jump-relu", bandwidth, ...options }, { tf }).instance;
    const encode = (
      choice: BatchChoice,
      options: object = {},
      given: { threshold?: tensorflow.Tensor; encoder?: tensorflow.Tensor } = {},
    ): Encoding => {
      const { threshold = tf.tensor1d(thresholds), encoder } = given;
      return build(options).encode(
        integerBatch(choice).context(device, {
          parameters: { threshold },
          ...(encoder === undefined ? {} : { encoder }),
        }),
      );
    };
    /** d(sum of weight * what)/d(thresholds or encoder) */
    const gradient = (
      choice: BatchChoice,
      options: object,
      { by, of }: { by: "threshold" | "encoder"; of: "code" | "counts" },
      weights: readonly number[],
    ): number[] => {
      const start = by === "threshold" ? tf.tensor1d(thresholds) : tf.tensor2d(integerBatch(choice).plain.encoder);
      return [
        ...tf
          .grad((variable) => {
            const encoding = encode(choice, options, { [by]: variable });
            const anchor = tf.mul(tf.sum(variable), 0);
            if (of === "counts")
              return tf.add(tf.sum(tf.mul(encoding.activeCounts_B!, tf.tensor1d([...weights]))), anchor);
            if (encoding.kind !== "block") throw new Error("a jump-relu code is a block code");
            const sums_B = tf.sum(encoding.values_BRM, [1, 2]);
            return tf.add(tf.sum(tf.mul(sums_B, tf.tensor1d([...weights]))), anchor);
          })(start)
          .dataSync(),
      ];
    };
    const weights = Array.from({ length: 12 }, (_unused, b) => 1 + b / 4);
    const close = (actual: readonly number[], expected: readonly number[], what: string): void => {
      assert.is(actual.length, expected.length, what);
      for (const [i, value] of expected.entries())
        assert.ok(
          Math.abs(actual[i]! - value) < 1e-5 * (1 + Math.abs(value)),
          `${what} [${i}]: ${actual[i]!}, not ${value}`,
        );
    };

    test("starts every threshold where the option says", () => {
      const { threshold } = build({ threshold: 0.125 }).initialise!(integerBatch().shape, createRng(0));
      assert.equal(threshold!.shape, [24]);
      assert.equal(threshold!.values, new Float32Array(24).fill(0.125));
      assert.is(threshold!.trainable, undefined);
    });
    test("keeps what exceeds its threshold as it is, multiplied by the gate, and counts it", () => {
      for (const choice of choices) {
        const expected = reference(choice, "pre-activation");
        const encoding = encode(choice);
        assert.equal(
          activeOf(encoding, integerBatch(choice).shape),
          expected.filter(({ code }) => code !== 0).map(({ row, feature, code }) => ({ row, feature, value: code })),
        );
        const counts = Array.from({ length: 12 }, (_unused, b) =>
          expected.filter(({ row }) => row === b).reduce((sum, { count }) => sum + count, 0),
        );
        assert.equal([...encoding.activeCounts_B!.dataSync()], counts);
      }
    });
    test("lets nothing negative through below a threshold of 0 either", () => {
      const code = encode({ experts: 1, selected: 1 }, {}, { threshold: tf.zeros([24]) });
      for (const { value } of activeOf(code, integerBatch({ experts: 1, selected: 1 }).shape)) assert.ok(value > 0);
    });
    test("trains thresholds through the code by -(theta / bandwidth) within half a bandwidth", () => {
      for (const choice of choices) {
        const expected = new Array<number>(24).fill(0);
        for (const { row, feature, gate, codeByThreshold } of reference(choice, "pre-activation"))
          expected[feature]! += weights[row]! * gate * codeByThreshold;
        assert.ok(expected.some((value) => value !== 0));
        close(gradient(choice, {}, { by: "threshold", of: "code" }, weights), expected, JSON.stringify(choice));
      }
    });
    test("trains thresholds through the count by -(1 / bandwidth), of either step input", () => {
      for (const choice of choices) {
        for (const stepInput of ["pre-activation", "activation"] as const) {
          const entries = reference(choice, stepInput);
          const expected = new Array<number>(24).fill(0);
          for (const { row, feature, countByThreshold } of entries)
            expected[feature]! += weights[row]! * countByThreshold;
          const actual = gradient(choice, { stepInput }, { by: "threshold", of: "counts" }, weights);
          close(actual, expected, `${stepInput} ${JSON.stringify(choice)}`);
        }
      }
    });
    test("trains the encoder through active features only, and not through the count", () => {
      for (const choice of choices) {
        const { acts } = integerBatch(choice).plain;
        const expected = new Array<number>(24 * 3).fill(0);
        for (const { row, feature, gate, codeByInput } of reference(choice, "pre-activation")) {
          for (const [d, x] of acts[row]!.entries())
            expected[feature * 3 + d]! += weights[row]! * gate * codeByInput * x;
        }
        close(gradient(choice, {}, { by: "encoder", of: "code" }, weights), expected, JSON.stringify(choice));
        const counted = gradient(choice, {}, { by: "encoder", of: "counts" }, weights);
        assert.ok(counted.every((value) => value === 0));
      }
    });
    test("needs a bandwidth above 0 and a threshold that is not negative", () => {
      const options = (change: object): object => ({ bandwidth: 1, threshold: 0, stepInput: "activation", ...change });
      assert.ok(Value.Check(jumpRelu.options, options({})));
      assert.not.ok(Value.Check(jumpRelu.options, options({ bandwidth: 0 })));
      assert.not.ok(Value.Check(jumpRelu.options, options({ threshold: -1 })));
      assert.not.ok(Value.Check(jumpRelu.options, options({ stepInput: "sigmoid" })));
    });
  });
}
