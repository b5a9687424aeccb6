/** Memory of the process over some hundreds of training steps on the native device. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { Device } from "../../../kernels/devices/device.ts";
import { randomTensor } from "./against-cpu.ts";
import { nativeSuite, openNative } from "./native-suite.ts";

nativeSuite("memory of many steps", (test) => {
  /** One training step of a sparse autoencoder, and another one's dense gradient. B = 64, D = 64, F = 512. */
  function createStep({ kernels }: Device): { step: (at: number) => void; dispose: () => void } {
    const variables = tf.tidy(() => ({
      encoder: tf.variable(randomTensor([512, 64], 1)),
      decoder: tf.variable(randomTensor([512, 64], 2)),
      bias: tf.variable(tf.zeros([64])),
    }));
    const moments = Object.values(variables).map(({ shape }) =>
      tf.tidy(() => ({ first: tf.variable(tf.zeros(shape)), second: tf.variable(tf.zeros(shape)) })),
    );
    const lossOf = (acts_BD: tf.Tensor2D): tf.Scalar => {
      const [encoder, decoder] = [variables.encoder, variables.decoder] as tf.Tensor[] as [tf.Tensor2D, tf.Tensor2D];
      const { indices_BK, values_BK } = kernels.encodeTopK({
        ...{ acts_BD: tf.sub<tf.Tensor2D>(acts_BD, variables.bias), encoder_FD: encoder, numExperts: 1, k: 8 },
        ...{ expertIndices_BR: tf.zeros([64, 1], "int32"), gates_BR: tf.ones<tf.Rank.R2>([64, 1]) },
      });
      const decoded_BD = tf.add<tf.Tensor2D>(kernels.sparseDecode(indices_BK, values_BK, decoder), variables.bias);
      const weight = tf.mean(tf.softmax(tf.matMul(acts_BD, decoder, false, true)));
      return tf.add(kernels.squaredError(decoded_BD, acts_BD), weight);
    };
    return {
      step: (at) => {
        kernels.normaliseRows(variables.decoder);
        tf.tidy(() => {
          const acts_BD = randomTensor([64, 64], at) as tf.Tensor2D;
          const { value, grads } = tf.variableGrads(() => lossOf(acts_BD), Object.values(variables));
          const norm = kernels.globalNorm(Object.values(grads)) + value.dataSync()[0]!;
          for (const [i, variable] of Object.values(variables).entries()) {
            const gradient = tf.mul(grads[variable.name]!, 1 / norm);
            const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: at };
            kernels.adamStep(variable, gradient, moments[i]!, { ...adam, acrossRows: i === 1 });
          }
        });
      },
      dispose: () => {
        tf.dispose([variables, moments]);
      },
    };
  }

  test("does not grow", async () => {
    const { device } = await openNative();
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const measure = async (): Promise<NodeJS.MemoryUsage & { readonly tensors: number }> => {
      // Memory from outside of JavaScript is given back in a turn of its own.
      for (let i = 0; i < 3; i++) {
        collectGarbage();
        await setImmediate();
      }
      return { ...process.memoryUsage(), tensors: tf.memory().numTensors };
    };
    const start = tf.memory().numTensors;
    const { step, dispose } = createStep(device);
    for (let at = 1; at <= 60; at++) step(at);
    const before = await measure();
    for (let at = 61; at <= 360; at++) step(at);
    const after = await measure();
    dispose();
    const grown = (field: "arrayBuffers" | "external" | "rss"): number => (after[field] - before[field]) / 2 ** 20;
    assert.is(after.tensors, before.tensors);
    // A single gradient that were not returned would be 38 MiB by now.
    assert.ok(grown("arrayBuffers") < 4, `array buffers grew by ${grown("arrayBuffers")} MiB`);
    assert.ok(grown("external") < 4, `external memory grew by ${grown("external")} MiB`);
    assert.ok(grown("rss") < 64, `the process grew by ${grown("rss")} MiB`);
    assert.is(tf.memory().numTensors, start);
  });
});
