import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import { createKernels } from "../../kernels/index.ts";
import { kernelNames, registerKernels } from "../../kernels/register.ts";
import { suite } from "../suite.ts";

suite("registration of kernels", (test) => {
  test("has a reference and a host version of every kernel", () => {
    const names = [...kernelNames("reference")].sort();
    assert.is(names.length, 14);
    assert.is(new Set(names).size, names.length);
    assert.equal([...kernelNames("host")].sort(), names);
  });

  test("has a native version of every kernel, and deferred ones of two", () => {
    const expected = [
      ...kernelNames("host"),
      "SwitchyardRowSparseAccumulateDeferred",
      "SwitchyardSparseDecodeDeferred",
    ];
    assert.equal([...kernelNames("native")].sort(), expected.sort());
  });

  test("replaces what was registered before, without a warning", () => {
    const warnings: unknown[] = [];
    /* eslint-disable no-console -- where tfjs writes its warnings */
    const { warn } = console;
    console.warn = (...words: unknown[]) => warnings.push(words);
    try {
      registerKernels("cpu", "reference");
      const first = tf.getKernel("SwitchyardNorm", "cpu").kernelFunc;
      registerKernels("cpu", "host");
      assert.is.not(tf.getKernel("SwitchyardNorm", "cpu").kernelFunc, first);
      registerKernels("cpu", "reference");
      assert.is(tf.getKernel("SwitchyardNorm", "cpu").kernelFunc, first);
    } finally {
      console.warn = warn;
      /* eslint-enable no-console */
    }
    assert.equal(warnings, []);
  });

  test("registers a gradient for every differentiable kernel", () => {
    registerKernels("cpu", "host");
    const withGradient = kernelNames("host").filter((name) => tf.getGradient(name) as tf.GradConfig | undefined);
    assert.equal([...withGradient].sort(), [
      "SwitchyardEncodeTopK",
      "SwitchyardGroupedDecode",
      "SwitchyardGroupedEncode",
      "SwitchyardGroupedOuter",
      "SwitchyardRowSparseAccumulate",
      "SwitchyardSparseDecode",
      "SwitchyardSparseGatherDot",
      "SwitchyardSquaredError",
    ]);
  });

  test("lets the wrappers of createKernels run on the current backend", async () => {
    await tf.setBackend("cpu");
    registerKernels("cpu", "host");
    assert.is(
      tf.tidy(() => createKernels().globalNorm([tf.tensor1d([3, 4])]) + 0),
      5,
    );
  });
});
