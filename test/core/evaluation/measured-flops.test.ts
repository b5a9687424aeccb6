import * as assert from "uvu/assert";
import { measureFlops } from "../../../core/evaluation/measured-flops.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { suite } from "../../suite.ts";
import { makeModel, normalRows } from "../model/make-model.ts";
import { fakeModel, shapeOf } from "./fixtures.ts";

suite("measured FLOPs", (test) => {
  test("of two experts a row are those of both blocks, and leave the parameters and the registry alone", async () => {
    const { tf, kernels } = await cpuDevice.open();
    const [D, F, E, R, K] = [6, 24, 4, 2, 3];
    const router = { type: "top-e", experts: E, e: R };
    const model = makeModel({
      ...{ tf, kernels, width: D, features: F, router },
      expert: { type: "top-k", k: K },
    });
    const before = model.parameters.all.map(({ variable }) => [...variable.dataSync()]);
    const registered = tf.getKernelsForBackend("cpu").map(({ kernelFunc }) => kernelFunc);
    const acts_BD = tf.tensor2d(normalRows(5, D), [5, D]);
    const tensors = tf.memory().numTensors;
    const { forward, withBackward } = await measureFlops({ tf, kernels, model, acts_BD });
    assert.is(forward, 2 * D * R * (F / E) + 2 * D * K + 2 * D * E);
    assert.ok(withBackward! > 2 * forward - 2 * D * R * (F / E));
    assert.is(tf.memory().numTensors, tensors);
    assert.equal(
      model.parameters.all.map(({ variable }) => [...variable.dataSync()]),
      before,
    );
    assert.equal(new Set(tf.getKernelsForBackend("cpu").map(({ kernelFunc }) => kernelFunc)), new Set(registered));
    acts_BD.dispose();
    model.parameters.dispose();
  });

  test("say nothing of the backward pass of a model without parameters", async () => {
    const { tf, kernels } = await cpuDevice.open();
    const acts_BD = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const measured = await measureFlops({ tf, kernels, model: fakeModel({ shape: shapeOf(3, 4) }), acts_BD });
    assert.equal(measured, { forward: 0, withBackward: undefined });
    acts_BD.dispose();
  });
});
