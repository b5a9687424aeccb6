import * as assert from "uvu/assert";
import { wasm } from "../../../plugins/device/wasm.ts";
import { suite } from "../../suite.ts";

suite("device wasm", (test) => {
  test("opens tfjs' WebAssembly backend with working kernels", async () => {
    const device = await wasm.create({}, {});
    assert.is(device.name, "wasm");
    assert.is(device.tf.getBackend(), "wasm");
    const norm = device.tf.tidy(() => device.kernels.globalNorm([device.tf.tensor1d([6, 8])]) + 0);
    assert.is(norm, 10);
  });

  test("gives no reason, since it was asked for", async () => {
    assert.is((await wasm.create({}, {})).reason, undefined);
  });
});
