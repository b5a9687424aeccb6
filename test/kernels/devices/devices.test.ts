import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { suite } from "../../suite.ts";

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`the device ${provider.name}`, (test) => {
    test("is available", async () => {
      assert.is(await provider.unavailableReason(), undefined);
    });

    test("becomes current and computes, opened twice in a row", async () => {
      for (let i = 0; i < 2; i++) {
        const device = await provider.open();
        assert.is(device.name, provider.name);
        assert.is(tf.getBackend(), provider.name);
        const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([3, 4])]) + 0);
        assert.is(norm, 5);
      }
    });

    test("describes itself with the version of tfjs", async () => {
      const { description } = await provider.open();
      assert.match(description, new RegExp(`^${provider.name} \\(tfjs 4\\.22\\.0, .*1 thread\\)$`));
    });
  });
}

suite("the wasm device and the process", (test) => {
  test("leaves no listener behind that would hide where an error came from", async () => {
    await wasmDevice.open();
    assert.is(process.listenerCount("uncaughtException"), 0);
    assert.is(process.listenerCount("unhandledRejection"), 0);
  });
});
