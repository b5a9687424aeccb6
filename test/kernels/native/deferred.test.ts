/** Gradients of sparse codes: to everybody they are tensors like any other; what they save is seen here alone. */
import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { numbersToGather, recipeOf } from "../../../kernels/native/deferred.ts";
import { expectClose } from "../../conformance/conformance-case.ts";
import { makeAlone, sparseGradients } from "../../conformance/kernels/drawn-sparse-gradients.ts";
import { sparseGradientCases } from "../../conformance/kernels/sparse-gradients.ts";
import { runOnAll } from "../subjects.ts";
import { callsOf, nativeSuite, openNative } from "./native-suite.ts";

runOnAll("gradients of sparse codes", sparseGradientCases);

const [dictionary, scaledDictionary, activations] = sparseGradients as [
  (typeof sparseGradients)[number],
  (typeof sparseGradients)[number],
  (typeof sparseGradients)[number],
];

nativeSuite("deferred tensors", (test) => {
  test("are recipes until they are read, and hold their operands no longer", async () => {
    const { memory } = await openNative();
    for (const gradient of sparseGradients) {
      const before = tf.memory().numTensors;
      const made = makeAlone(gradient, tf);
      assert.ok(recipeOf(memory, made) !== undefined, gradient.what);
      assert.is(tf.memory().numTensors, before + 4, "the tensor and its three operands");
      made.dataSync();
      assert.is(recipeOf(memory, made), undefined);
      assert.is(tf.memory().numTensors, before + 2, "the tensor and its values");
      made.dispose();
      assert.is(tf.memory().numTensors, before);
    }
  });

  test("are formed once, whoever reads them", async () => {
    const { addon } = await openNative();
    const made = makeAlone(dictionary, tf);
    const calls = callsOf(addon, () => {
      tf.tidy(() => {
        made.dataSync();
        tf.reshape(made, [-1]).dataSync();
        tf.clone(made).dataSync();
        tf.add(made, made).dataSync();
      });
    });
    assert.is(calls.filter((name) => name === "rowSparseAccumulate").length, 1);
    made.dispose();
  });

  test("are not formed when nobody reads them", async () => {
    const { addon } = await openNative();
    const calls = callsOf(addon, () => {
      for (const gradient of sparseGradients) makeAlone(gradient, tf).dispose();
    });
    assert.equal(calls, []);
  });

  test("give the norm and the Adam step without being formed, also scaled and cloned", async () => {
    const { addon, device, memory } = await openNative();
    const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.ones([...dictionary.shape])));
    const [parameter, first, second] = [zeros(), zeros(), zeros()];
    const calls = callsOf(addon, () => {
      tf.tidy(() => {
        const made = tf.clone(tf.mul(0.5, makeAlone(scaledDictionary, tf)));
        device.kernels.globalNorm([made]);
        const adam = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step: 1 };
        device.kernels.adamStep(parameter, made, { first, second }, adam);
        device.kernels.adamStep(parameter, made, { first, second }, { ...adam, acrossRows: true });
        assert.ok(recipeOf(memory, made) !== undefined);
      });
    });
    // The pairs are sorted once: the order belongs to the indices.
    assert.equal(calls, ["sortByFeature", "rowSparseSquaredNorm", "adamRows", "adamRows"]);
    tf.dispose([parameter, first, second]);
  });

  test("give the sum over rows of decoded activations without decoding, and no other sum", async () => {
    const { addon } = await openNative();
    const sums = [
      { axis: 0, calls: ["sparseColumnSums"] },
      { axis: 1, calls: ["sparseDecode", "reduce"] },
      { axis: [0, 1], calls: ["sparseDecode", "reduce"] },
    ];
    for (const { axis, calls } of sums) {
      const made = makeAlone(activations, tf);
      assert.equal(
        callsOf(addon, () => {
          tf.sum(made, axis).dispose();
        }),
        calls,
      );
      made.dispose();
    }
  });

  test("are what a backward pass returns for dictionaries", async () => {
    const { device, memory } = await openNative();
    tf.tidy(() => {
      const { indices_BK, numbers_BK, matrix } = activations.operands(tf);
      const decode = (decoder: tf.Tensor): tf.Tensor =>
        device.kernels.sparseDecode(indices_BK, numbers_BK, decoder as tf.Tensor2D);
      const gradient = tf.grad((decoder) => tf.sum(tf.square(decode(decoder))))(matrix);
      assert.is(recipeOf(memory, gradient)?.kind, "row-sparse");
    });
  });

  test("keep their values when an array that was read of them is written", async () => {
    await openNative();
    for (const gradient of sparseGradients) {
      const made = makeAlone(gradient, tf);
      made.dataSync<"float32">().fill(7);
      (await made.data<"float32">()).fill(8);
      expectClose(gradient.what, made.dataSync(), gradient.values, { atol: 1e-5, rtol: 2e-5 });
      made.dispose();
    }
  });

  test("are formed on their own device after another became current", async () => {
    for (const gradient of sparseGradients) {
      await openNative();
      const before = tf.memory().numTensors;
      const made = makeAlone(gradient, tf);
      await tf.setBackend("cpu");
      expectClose(gradient.what, made.dataSync(), gradient.values, { atol: 1e-5, rtol: 2e-5 });
      expectClose(
        gradient.what,
        tf.tidy(() => tf.add(made, 0).dataSync()),
        gradient.values,
        { atol: 1e-5, rtol: 2e-5 },
      );
      made.dispose();
      assert.is(tf.memory().numTensors, before);
    }
  });
});

nativeSuite("numbers to gather", (test) => {
  test("are those of all pairs' rows for a dictionary's gradient, and 0 for every other tensor", async () => {
    await openNative();
    tf.tidy(() => {
      const made = makeAlone(dictionary, tf);
      assert.is(numbersToGather(made), 24 * 3 * 70);
      made.dataSync();
      assert.is(numbersToGather(made), 0);
      assert.is(numbersToGather(makeAlone(activations, tf)), 0);
      assert.is(numbersToGather(tf.ones([65, 70])), 0);
    });
    await tf.setBackend("cpu");
    assert.is(
      tf.tidy(() => numbersToGather(tf.ones([65, 70]))),
      0,
    );
  });
});
