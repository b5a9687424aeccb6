import * as assert from "uvu/assert";
import { oneHot } from "../../../core/model/one-hot.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`one-hot on ${provider.name}`, (test) => {
    test("has a float32 1 at the index", async () => {
      const { tf } = await provider.open();
      const rows = oneHot(tf, tf.tensor2d([[2], [0]], [2, 1], "int32"), 3);
      assert.is(rows.dtype, "float32");
      assert.equal(rows.arraySync(), [[[0, 0, 1]], [[1, 0, 0]]]);
    });
    test("of depth 1 is all ones", async () => {
      const { tf } = await provider.open();
      assert.equal(oneHot(tf, tf.tensor1d([0, 0], "int32"), 1).arraySync(), [[1], [1]]);
    });
  });
}

suite("the reason for our one-hot", (test) => {
  test("tfjs' wasm backend still ignores the type of a one-hot", async () => {
    const { tf } = await wasmDevice.open();
    const rows = tf.oneHot(tf.tensor1d([1], "int32"), 2, 1, 0, "float32");
    assert.ok((rows.dataSync()[1] ?? 1) < 1e-40, "tfjs has repaired it: oneHot in core/model can go");
  });
});
