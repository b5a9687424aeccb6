import type * as tensorflow from "@tensorflow/tfjs";
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
      const device = await webgpu.create({ ...testedAdapter, products: "float32" }, none);
      assert.is(device.name, "webgpu");
      assert.is(device.tf.getBackend(), "webgpu");
      const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([6, 8])]) + 0);
      assert.is(norm, 10);
      assert.is(device.reason, undefined, "it was asked for");
      assert.not("setThreads" in device);
    },
    { skip: gpuMissing },
  );

  test(
    "multiplies in float16 where that is asked for, and says so",
    async () => {
      const norms = [];
      for (const products of ["float16", "float32"] as const) {
        const { tf, kernels, description } = await webgpu.create({ ...testedAdapter, products }, none);
        assert.is(description.includes("products of float16"), products === "float16");
        const experts_BR = tf.zeros<tensorflow.Rank.R2>([1, 1], "int32");
        const third = tf.tensor2d([[1 / 3]]);
        norms.push(tf.tidy(() => kernels.groupedEncode(third, third, experts_BR, 1).dataSync()[0]));
        tf.dispose([experts_BR, third]);
      }
      // 1365/4096 is the nearest to a third that float16 has.
      assert.is(norms[0], Math.fround((1365 / 4096) ** 2));
      assert.is(norms[1], Math.fround(Math.fround(1 / 3) ** 2));
    },
    { skip: gpuMissing },
  );

  test("says what is wrong when no adapter has the name", async () => {
    try {
      await webgpu.create({ adapter: "no such card", power: "low", products: "float32" }, none);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, SwitchyardError);
      assert.is((error as SwitchyardError).code, "DEVICE_UNAVAILABLE");
      assert.ok(((error as SwitchyardError).next ?? "").length > 0);
    }
  });

  test("takes the system's fast GPU where nothing else is said", () => {
    const { adapter, power, products } = JSON.parse(JSON.stringify(webgpu.options.properties)) as Record<
      string,
      object
    >;
    assert.equal({ ...adapter, minLength: 1, default: "auto" }, adapter);
    assert.equal({ ...power, enum: ["high", "low"], default: "high" }, power);
    assert.equal({ ...products, enum: ["float32", "float16"], default: "float32" }, products);
  });
});
