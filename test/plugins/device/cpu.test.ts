import * as assert from "uvu/assert";
import { cpu } from "../../../plugins/device/cpu.ts";
import { suite } from "../../suite.ts";

suite("device cpu", (test) => {
  test("opens tfjs' JavaScript backend with working kernels", async () => {
    const device = await cpu.create({}, {});
    assert.is(device.name, "cpu");
    assert.is(device.tf.getBackend(), "cpu");
    const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([6, 8])]) + 0);
    assert.is(norm, 10);
  });

  test("gives no reason, since it was asked for", async () => {
    assert.is((await cpu.create({}, {})).reason, undefined);
  });
});
