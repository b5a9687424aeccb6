import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { webGpuDevice } from "../../../kernels/devices/webgpu.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { kernelNames } from "../../../kernels/register.ts";
import { suite } from "../../suite.ts";
import { testedAdapter, testedGpu } from "../software-gpu.ts";
import { gpuSuite, onGpu, openGpu, thrownBy } from "../webgpu/gpu-suite.ts";

suite("the webgpu device without its package", (test) => {
  const cause = new Error("Cannot find package 'webgpu' imported from dawn.ts\nRequire stack: ...");
  const device = webGpuDevice({ ...testedAdapter, importPackage: () => Promise.reject(cause) });

  test("is unavailable, and says in one line why", async () => {
    assert.is(device.name, "webgpu");
    assert.is(await device.unavailableReason(), "Cannot find package 'webgpu' imported from dawn.ts");
  });

  test("does not open, says what to install, and leaves the current backend", async () => {
    await tf.setBackend("cpu");
    const error = await thrownBy(() => device.open());
    assert.instance(error, KernelError);
    const { code, where, received, next, cause: kept } = error as KernelError;
    assert.is(code, "DEVICE_UNAVAILABLE");
    assert.is(where, "device webgpu");
    assert.is(received, "Cannot find package 'webgpu' imported from dawn.ts");
    assert.match(next ?? "", /`npm install webgpu`.*`device: native`/);
    assert.is(kept, cause);
    assert.is(tf.getBackend(), "cpu");
  });
});

/** The sum of three numbers that the GPU doubled: 12. */
function twelve(): number {
  return tf.tidy(() => tf.sum(tf.mul(onGpu(tf.tensor1d([1, 2, 3])), onGpu(tf.scalar(2)))).dataSync()[0]!);
}

gpuSuite("the webgpu device", (test) => {
  test("is available", async () => {
    assert.is(await testedGpu.unavailableReason(), undefined);
  });

  test("becomes current and computes, opened twice in a row, on one GPU device", async () => {
    const devices = [];
    for (let i = 0; i < 2; i++) {
      const { device, backend } = await openGpu();
      devices.push(backend.device);
      assert.is(device.name, "webgpu");
      assert.is(tf.getBackend(), "webgpu");
      const norm = device.tf.tidy(() => device.kernels.globalNorm([onGpu(device.tf.tensor1d([3, 4]))]) + 0);
      assert.is(norm, 5);
    }
    assert.is(devices[0], devices[1]);
  });

  test("describes itself with the version of tfjs and the adapter", async () => {
    const { description } = (await openGpu()).device;
    assert.match(description, /^webgpu \(tfjs 4\.22\.0, WGSL kernels, .+\)$/);
    if (testedAdapter.adapter === "swiftshader") assert.match(description, /swiftshader/i);
  });

  test("has all of our kernels, in WGSL", async () => {
    await openGpu();
    const names = kernelNames("webgpu");
    assert.equal([...names].sort(), [...kernelNames("reference")].sort());
    for (const name of names) assert.ok(tf.getKernel(name, "webgpu"), name);
  });

  test("leaves the process as it was: setImmediate, and what navigator is", async () => {
    const [immediate, navigator] = [globalThis.setImmediate, Object.getOwnPropertyDescriptor(globalThis, "navigator")];
    (await openGpu()).backend.device.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await openGpu();
    assert.is(globalThis.setImmediate, immediate);
    assert.equal(Object.getOwnPropertyDescriptor(globalThis, "navigator"), navigator);
  });

  test("can be left for another device, and taken up again with its tensors", async () => {
    const { backend } = await openGpu();
    const tensor = tf.tidy(() => tf.add(onGpu(tf.tensor1d([1])), onGpu(tf.scalar(1))));
    await tf.setBackend("cpu");
    const again = await openGpu();
    assert.is(again.backend, backend);
    assert.equal([...tensor.dataSync()], [2]);
    tensor.dispose();
  });

  test("is opened anew with the limits of its adapter", async () => {
    const { limits } = (await openGpu()).backend.device;
    assert.ok(limits.maxBufferSize > 2 ** 28, "more than the default of 256 MiB");
  });

  test("is refused by a name that no adapter has, with the names that there are", async () => {
    const error = (await thrownBy(() =>
      webGpuDevice({ adapter: "no such card", power: "high" }).open(),
    )) as KernelError;
    assert.is(error.code, "DEVICE_UNAVAILABLE");
    assert.is(error.received, "no such card");
    assert.match(error.expected ?? "", /^part of: ./);
    await openGpu();
    assert.is(twelve(), 12);
  });

  test("is found by any part of the name that it describes itself with", async () => {
    const { description } = (await openGpu()).device;
    const name = /WGSL kernels, ([^,)]+)/.exec(description)![1]!;
    for (const adapter of [name, name.slice(2).toUpperCase()]) {
      assert.is(await webGpuDevice({ adapter, power: "high" }).unavailableReason(), undefined, adapter);
    }
  });
});

gpuSuite("the webgpu device after a failure", (test) => {
  const failures: Readonly<Record<string, (device: GPUDevice) => void>> = {
    "it was lost": (device) => {
      device.destroy();
    },
    "it refused a command": (device) => {
      device.createShaderModule({ code: "fn nothing" });
    },
  };
  for (const [what, fail] of Object.entries(failures)) {
    for (const isRead of [true, false]) {
      test(`is another one once ${what}, ${isRead ? "and somebody saw it" : "before anybody saw it"}`, async () => {
        const { backend } = await openGpu();
        const variable = tf.tidy(() => tf.variable(tf.mul(onGpu(tf.tensor1d([1, 2])), onGpu(tf.scalar(2)))));
        fail(backend.device);
        if (isRead) assert.instance(await thrownBy(() => variable.dataSync()), KernelError);
        else await new Promise((resolve) => setTimeout(resolve, 20));
        const again = await openGpu();
        assert.is.not(again.backend, backend);
        assert.is(tf.backend(), again.backend);
        assert.is(twelve(), 12);
        // A tensor of the device that is gone can still be disposed.
        const before = tf.memory().numTensors;
        variable.dispose();
        assert.is(tf.memory().numTensors, before - 1);
        assert.is(twelve(), 12);
      });
    }
  }

  test("is another one each time, ten times over", async () => {
    for (let i = 0; i < 10; i++) {
      const { backend } = await openGpu();
      assert.is(twelve(), 12);
      backend.device.destroy();
      assert.is(((await thrownBy(twelve)) as KernelError).code, "DEVICE_LOST");
    }
    await openGpu();
    assert.is(twelve(), 12);
  });
});
