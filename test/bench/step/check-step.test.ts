import * as assert from "uvu/assert";
import { checkStep } from "../../../bench/step/check-step.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { CheckFailed } from "../../../bench/program.ts";
import { suite } from "../../suite.ts";

suite("the check of a training step", (test, hooks) => {
  let device: Device;
  hooks.before(async () => {
    device = await cpuDevice.open();
  });

  for (const E of [1, 4, 64]) {
    test(`finds the product's step and the float64 definition equal with ${E} experts`, async () => {
      const errors = await checkStep(device, { B: 1, D: 1, F: E, E, K: 1 });
      const names = Object.keys(errors);
      assert.is(names.length, E === 1 ? 5 : 7, names.join());
      assert.ok(Object.values(errors).every((error) => error < 1e-4));
    });
  }

  test("leaves no tensor behind", async () => {
    const before = device.tf.memory().numTensors;
    await checkStep(device, { B: 1, D: 1, F: 2, E: 2, K: 1 });
    assert.is(device.tf.memory().numTensors, before);
  });

  test("refuses a device whose Adam is another", async () => {
    const adamStep: Device["kernels"]["adamStep"] = (parameter, gradient, moments, hyperparameters) => {
      device.kernels.adamStep(parameter, gradient, moments, { ...hyperparameters, beta1: 0.8 });
    };
    const faulty = { ...device, kernels: { ...device.kernels, adamStep } };
    try {
      await checkStep(faulty, { B: 1, D: 1, F: 2, E: 2, K: 1 });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, CheckFailed);
      assert.match((error as CheckFailed).message, "change of encoder");
    }
  });
});
