import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import { cpuDevice } from "../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../kernels/devices/wasm.ts";
import { detach, detachOutput } from "../../kernels/tape.ts";
import { suite } from "../suite.ts";

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`detached tensors on ${provider.name}`, (test) => {
    test("hold the same values after the original is gone", async () => {
      await provider.open();
      const before = tf.memory();
      const original = tf.tensor1d([1, 2, 3]);
      const detached = detach(original);
      original.dispose();
      assert.equal([...detached.dataSync()], [1, 2, 3]);
      detached.dispose();
      assert.is(tf.memory().numTensors, before.numTensors);
      assert.is(tf.memory().numDataBuffers, before.numDataBuffers);
    });

    test("stop the gradient", async () => {
      await provider.open();
      const gradient = tf.tidy(() =>
        tf
          .grad((x) => tf.sum(tf.mul(x, detach(tf.mul(x, 2)))))(tf.tensor1d([1, 5]))
          .dataSync()
          .slice(),
      );
      // Of x * stop(2x): 2x, not 4x.
      assert.equal([...gradient], [2, 10]);
    });

    test("replace an output without one tensor more", async () => {
      await provider.open();
      const output = tf.tensor1d([7]);
      const before = tf.memory().numTensors;
      const detached = detachOutput(output);
      assert.is(tf.memory().numTensors, before);
      assert.ok(output.isDisposed);
      assert.equal([...detached.dataSync()], [7]);
      detached.dispose();
    });
  });
}
