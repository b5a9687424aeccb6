import * as assert from "uvu/assert";
import { measureGpuRates, measureTransfers } from "../../../bench/gpu/rates.ts";
import { gpuMissing, testedGpu } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";

const options = { skip: gpuMissing, timeoutMs: 120_000 };

suite("the rates of a GPU", (test) => {
  test(
    "are of a product and of a copy, and leave no tensor behind",
    async () => {
      const device = await testedGpu.open();
      const before = device.tf.memory().numTensors;
      const { flopsPerSecond, bytesPerSecond } = measureGpuRates(device);
      assert.ok(flopsPerSecond > 1e6 && Number.isFinite(flopsPerSecond), String(flopsPerSecond));
      assert.ok(bytesPerSecond > 1e6 && Number.isFinite(bytesPerSecond), String(bytesPerSecond));
      assert.is(device.tf.memory().numTensors, before);
    },
    options,
  );

  test(
    "tell what lies between the GPU and the host",
    async () => {
      const device = await testedGpu.open();
      const { uploadBytesPerSecond, readMs } = measureTransfers(device);
      assert.ok(uploadBytesPerSecond > 1e6 && Number.isFinite(uploadBytesPerSecond), String(uploadBytesPerSecond));
      assert.ok(readMs > 0 && Number.isFinite(readMs), String(readMs));
    },
    options,
  );
});
