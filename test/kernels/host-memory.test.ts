import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import { cpuDevice } from "../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../kernels/devices/wasm.ts";
import { createHostMemory } from "../../kernels/host-memory.ts";
import { suite } from "../suite.ts";

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`host memory on ${provider.name}`, (test) => {
    test("gives the tensor's own memory, not a copy", async () => {
      await provider.open();
      const memory = createHostMemory(tf.backend());
      const tensor = memory.allocate([2, 2], "float32");
      memory.floats(tensor).set([1, 2, 3, 4]);
      assert.equal([...tensor.dataSync()], [1, 2, 3, 4]);
      tensor.dispose();
    });

    test("allocates tensors that tidy disposes", async () => {
      await provider.open();
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        createHostMemory(tf.backend()).allocate([100], "int32");
        assert.is(tf.memory().numTensors, before + 1);
      });
      assert.is(tf.memory().numTensors, before);
    });

    test("reads views afresh after an allocation that grows the heap", async () => {
      await provider.open();
      tf.tidy(() => {
        const memory = createHostMemory(tf.backend());
        const small = tf.tensor1d([1, 2, 3], "int32");
        for (let i = 0; i < 4; i++) memory.allocate([8 << 20], "float32");
        assert.equal([...memory.ints(small)], [1, 2, 3]);
      });
    });

    test("multiplies matrices", async () => {
      await provider.open();
      tf.tidy(() => {
        const memory = createHostMemory(tf.backend());
        const product = memory.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
        assert.equal([...product.dataSync()], [19, 22, 43, 50]);
      });
    });

    test("refuses to read integers as floats, and floats as integers", async () => {
      await provider.open();
      tf.tidy(() => {
        const memory = createHostMemory(tf.backend());
        assert.throws(() => memory.floats(tf.tensor1d([1], "int32")), /float32/);
        assert.throws(() => memory.ints(tf.tensor1d([1])), /int32/);
      });
    });
  });
}

suite("host memory elsewhere", (test) => {
  test("refuses a backend whose memory it cannot see", () => {
    assert.throws(() => createHostMemory({}), /neither cpu nor wasm/);
  });
});
