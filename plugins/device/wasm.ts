/** The wasm device as a plugin; the tensor library is loaded when the device is opened, not before. */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const wasm = definePlugin({
  kind: "device",
  name: "wasm",
  version: "1",
  summary: "Computes in WebAssembly with SIMD: the fastest device that needs nothing installed.",
  options: Type.Object({}),
  create: async () => {
    const { wasmDevice } = await import("../../kernels/devices/wasm.ts");
    try {
      return await wasmDevice.open();
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});
