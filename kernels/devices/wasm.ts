/**
 * The wasm device: tfjs' WebAssembly backend (XNNPACK), with our host kernels on its heap. The fastest device that
 * needs nothing installed. tfjs 4.22.0 finds its .wasm files beside its own code in Node, and runs one thread there.
 */
import * as tf from "@tensorflow/tfjs";
import { getThreadsCount } from "@tensorflow/tfjs-backend-wasm";
import { createKernels, registerKernels } from "../index.ts";
import { KernelError } from "../kernel-error.ts";
import type { DeviceProvider } from "./device.ts";

export const wasmDevice: DeviceProvider = {
  name: "wasm",
  unavailableReason: () =>
    Promise.resolve("WebAssembly" in globalThis ? undefined : "this JavaScript engine has no WebAssembly"),
  open: async () => {
    tf.enableProdMode();
    if (!(await tf.setBackend("wasm"))) {
      throw new KernelError("DEVICE_UNAVAILABLE", "The wasm device did not start.", {
        where: "device wasm",
        next: "Reinstall @tensorflow/tfjs-backend-wasm, or choose `device: cpu`.",
      });
    }
    await tf.ready();
    registerKernels("wasm", "host");
    const simd = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) === true;
    const threads = getThreadsCount();
    return {
      name: "wasm",
      description: `wasm (tfjs ${tf.version.tfjs}, ${simd ? "SIMD" : "no SIMD"}, ${threads} thread${threads === 1 ? "" : "s"})`,
      tf,
      kernels: createKernels(),
    };
  },
};
