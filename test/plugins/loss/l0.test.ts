import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createModelShape } from "../../../core/model/model-shape.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { l0 } from "../../../plugins/loss/l0.ts";
import { buildPlugin } from "../../core/model/build-plugin.ts";
import { suite } from "../../suite.ts";
import { lossInput } from "./loss-input.ts";

const shape = createModelShape({ width: 2, features: 4, router: { numExperts: 1, numSelected: 1 } });
const counts = [3, 5, 1, 9];
const mean = 4.5;

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`loss l0 on ${provider.name}`, (test, hooks) => {
    let tf: typeof tensorflow;
    hooks.before(async () => {
      ({ tf } = await provider.open());
    });
    const build = (options: object = {}) => buildPlugin(l0, { type: "l0", ...options }, { tf }).instance;
    const compute = (options: object, activeCounts_B: tensorflow.Tensor): tensorflow.Scalar => {
      const input = lossInput({ shape });
      return build(options).compute({
        ...input,
        code: { ...input.code, activeCounts_B: activeCounts_B as tensorflow.Tensor1D },
      });
    };

    test("is the mean number of active features of a row", () => {
      assert.is(compute({}, tf.tensor1d(counts)).dataSync()[0], mean);
    });
    test("is the squared relative distance from a target, on both sides of it", () => {
      for (const target of [3, 4.5, 20]) {
        const value = compute({ target }, tf.tensor1d(counts)).dataSync()[0]!;
        assert.ok(Math.abs(value - (mean / target - 1) ** 2) < 1e-6, `${target}: ${value}`);
      }
    });
    test("has gradient 1/B in every count, or 2 (L0/target - 1) / (target B) with a target", () => {
      const gradient = (options: object): number[] => [
        ...tf
          .grad((given) => compute(options, given))(tf.tensor1d(counts))
          .dataSync(),
      ];
      assert.equal(gradient({}), [0.25, 0.25, 0.25, 0.25]);
      for (const target of [3, 20]) {
        const expected = (2 * (mean / target - 1)) / (target * 4);
        for (const value of gradient({ target })) assert.ok(Math.abs(value - expected) < 1e-6);
        assert.is(Math.sign(expected), target === 3 ? 1 : -1);
      }
    });
    test("says which expert counts when this one does not", () => {
      assert.throws(
        () => build().compute(lossInput({ shape })),
        (error: SwitchyardError) => error.code === "CODE_HAS_NO_TRAIT" && error.next!.includes("jump-relu"),
      );
    });
    test("weighs 1 unless told otherwise, and warms up and decays", () => {
      assert.is(build().weight(7, 100), 1);
      const loss = build({ weight: 2, warmupSteps: 10, decayStart: 0.5 });
      assert.equal(
        [0, 5, 50, 75, 100].map((step) => loss.weight(step, 100)),
        [0, 1, 2, 1, 0],
      );
    });
  });
}
