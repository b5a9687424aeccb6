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
    const started = await withoutNewListeners(["uncaughtException", "unhandledRejection"], () => tf.setBackend("wasm"));
    if (!started) {
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

/**
 * Removes listeners that `work` adds to the process. tfjs' wasm module adds two that rethrow whatever was thrown, which
 * makes Node print the module's one line of minified code in place of the error's own location.
 */
async function withoutNewListeners<T>(events: readonly string[], work: () => Promise<T>): Promise<T> {
  const before = events.map((event) => process.listeners(event as "uncaughtException"));
  try {
    return await work();
  } finally {
    for (const [i, event] of events.entries()) {
      for (const listener of process.listeners(event as "uncaughtException")) {
        if (before[i]?.includes(listener) !== true) process.removeListener(event, listener);
      }
    }
  }
}
