import * as assert from "uvu/assert";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { webgpu } from "../../../plugins/device/webgpu.ts";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";

/** No executor assigned a GPU. */
const none = { assigned: undefined };

suite("device webgpu", (test) => {
  test(
    "opens the webgpu backend with working kernels",
    async () => {
      const device = await webgpu.create({ adapter: testedAdapter.adapter, power: testedAdapter.power }, none);
      assert.is(device.name, "webgpu");
      assert.is(device.tf.getBackend(), "webgpu");
      const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([6, 8])]) + 0);
      assert.is(norm, 10);
      assert.is(device.reason, undefined, "it was asked for");
      assert.not("setThreads" in device);
    },
    { skip: gpuMissing },
  );

  test("says what is wrong when no adapter has the name", async () => {
    try {
      await webgpu.create({ adapter: "no such card", power: "low" }, none);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, SwitchyardError);
      assert.is((error as SwitchyardError).code, "DEVICE_UNAVAILABLE");
      assert.ok(((error as SwitchyardError).next ?? "").length > 0);
    }
  });

  test("takes the system's fast GPU where nothing else is said", () => {
    const { adapter, power } = JSON.parse(JSON.stringify(webgpu.options.properties)) as Record<string, object>;
    assert.equal({ ...adapter, minLength: 1, default: "auto" }, adapter);
    assert.equal({ ...power, enum: ["high", "low"], default: "high" }, power);
  });
});
