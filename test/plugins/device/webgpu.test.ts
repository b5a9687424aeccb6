import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { webgpu } from "../../../plugins/device/webgpu.ts";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";

suite("device webgpu", (test) => {
  test(
    "opens tfjs' WebGPU backend with working kernels, on the adapter that is named",
    async () => {
      const device = await webgpu.create(testedAdapter, {});
      assert.is(device.name, "webgpu");
      assert.is(device.tf.getBackend(), "webgpu");
      const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([6, 8])]) + 0);
      assert.is(norm, 10);
    },
    { skip: gpuMissing },
  );

  test("says which adapters there are, and what to do, when none has the name", async () => {
    try {
      await webgpu.create({ adapter: "no such card", power: "low" }, {});
      assert.unreachable();
    } catch (error) {
      assert.ok(error instanceof SwitchyardError);
      assert.is(error.code, "DEVICE_UNAVAILABLE");
      assert.ok((error.next ?? "").length > 0);
    }
  });

  test("takes any GPU by itself", () => {
    assert.is(webgpu.options.properties.adapter.default, "auto");
  });
});
