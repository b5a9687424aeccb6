/** The real packages are not installed here; what loads them is injected, and so is what they would register. */
import util from "node:util";
import * as assert from "uvu/assert";
import * as tf from "@tensorflow/tfjs";
import { tensorFlowDevice } from "../../../kernels/devices/tensorflow.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { suite } from "../../suite.ts";

function missing(name: string): Error {
  return Object.assign(new Error(`Cannot find package '${name}' imported from device`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
}

const nothingInstalled = (name: string): Promise<unknown> => Promise.reject(missing(name));

async function openError(
  processor: "gpu" | "cpu" | "any",
  importPackage: (name: string) => Promise<unknown>,
): Promise<KernelError> {
  try {
    await tensorFlowDevice({ processor, importPackage }).open();
  } catch (error) {
    assert.ok(error instanceof KernelError);
    return error;
  }
  throw new Error("the device opened");
}

/** Registers tfjs' cpu backend under the name that the real packages use. */
function fakePackage(imported: string[]): (name: string) => Promise<unknown> {
  return (name) => {
    imported.push(name);
    // Does nothing the second time.
    if (tf.registerBackend("tensorflow", tf.findBackendFactory("cpu"))) {
      tf.copyRegisteredKernels("cpu", "tensorflow");
    }
    return Promise.resolve({});
  };
}

suite("the tensorflow device without its packages", (test) => {
  test("says which packages are not installed and how to install one", async () => {
    const error = await openError("any", nothingInstalled);
    assert.is(error.code, "DEVICE_UNAVAILABLE");
    assert.is(error.received, "@tensorflow/tfjs-node-gpu is not installed; @tensorflow/tfjs-node is not installed");
    assert.match(error.next ?? "", /npm install @tensorflow\/tfjs-node`/);
    assert.match(error.next ?? "", /npm install-scripts approve/);
    assert.match(error.next ?? "", /device: wasm/);
  });

  test("tries only the package of the processor asked for", async () => {
    assert.is((await openError("gpu", nothingInstalled)).received, "@tensorflow/tfjs-node-gpu is not installed");
    assert.is((await openError("cpu", nothingInstalled)).received, "@tensorflow/tfjs-node is not installed");
  });

  test("says that an install script may not have run when the package is there but does not load", async () => {
    const broken = (): Promise<unknown> =>
      Promise.reject(new Error("The Node.js native addon module (tfjs_binding.node) can not be found\nat path"));
    const error = await openError("cpu", broken);
    assert.match(error.received ?? "", /tfjs-node is installed but does not load \(The Node\.js native addon.*\)/);
    assert.match(error.next ?? "", /install script/);
    assert.match(error.next ?? "", /npm rebuild @tensorflow\/tfjs-node/);
  });

  test("does not call a package missing when something that it needs is", async () => {
    const error = await openError("cpu", () => Promise.reject(missing("node-pre-gyp")));
    assert.match(error.received ?? "", /is installed but does not load/);
  });

  test("is unavailable here, for the same reason", async () => {
    const reason = await tensorFlowDevice({ processor: "any" }).unavailableReason();
    assert.match(reason ?? "", /tfjs-node-gpu is not installed; @tensorflow\/tfjs-node is not installed/);
  });
});

suite("the tensorflow device with a package that loads", (test) => {
  test("falls back from the GPU package to the CPU package", async () => {
    const imported: string[] = [];
    const load = fakePackage(imported);
    const provider = tensorFlowDevice({
      processor: "any",
      importPackage: (name) => (name.endsWith("gpu") ? Promise.reject(missing(name)) : load(name)),
    });
    const device = await provider.open();
    assert.equal(imported, ["@tensorflow/tfjs-node"]);
    assert.is(device.name, "tensorflow");
    assert.is(tf.getBackend(), "tensorflow");
    assert.is(device.description, "tensorflow (@tensorflow/tfjs-node, tfjs 4.22.0, CPU)");
  });

  test("computes with the reference kernels", async () => {
    const device = await tensorFlowDevice({ processor: "cpu", importPackage: fakePackage([]) }).open();
    const values = device.tf.tidy(() => {
      const indices = device.tf.tensor2d([1, 0], [1, 2], "int32");
      const decoder = device.tf.tensor2d([1, 2, 3, 4], [2, 2]);
      return device.kernels
        .sparseDecode(indices, device.tf.tensor2d([2, 1], [1, 2]), decoder)
        .dataSync()
        .slice();
    });
    assert.equal([...values], [7, 10]);
  });

  test("refuses to call a CPU a GPU", async () => {
    const error = await openError("gpu", fakePackage([]));
    assert.is(error.code, "DEVICE_UNAVAILABLE");
    assert.match(error.message, /finds no GPU/);
  });

  test("fails when the package registers no backend", async () => {
    tf.removeBackend("tensorflow");
    const error = await openError("cpu", () => Promise.resolve({}));
    assert.match(error.received ?? "", /brings no backend/);
  });
});

suite("the tensorflow device on Node 23 and later", (test) => {
  test("has the function that its package needs and Node no longer has", async () => {
    const before = Object.getOwnPropertyDescriptor(util, "isNullOrUndefined");
    Reflect.deleteProperty(util, "isNullOrUndefined");
    let found: unknown;
    const importPackage = (): Promise<unknown> => {
      found = Reflect.get(util, "isNullOrUndefined");
      return Promise.reject(new Error("nothing to load"));
    };
    try {
      await tensorFlowDevice({ processor: "cpu", importPackage }).unavailableReason();
    } finally {
      if (before === undefined) Reflect.deleteProperty(util, "isNullOrUndefined");
      else Object.defineProperty(util, "isNullOrUndefined", before);
    }
    const isNullOrUndefined = found as (value: unknown) => boolean;
    assert.equal([null, undefined, 0, "", []].map(isNullOrUndefined), [true, true, false, false, false]);
  });
});
