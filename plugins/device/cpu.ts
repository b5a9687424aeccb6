/** The cpu device as a plugin; the tensor library is loaded when the device is opened, not before. */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const cpu = definePlugin({
  kind: "device",
  name: "cpu",
  version: "1",
  summary: "Computes in JavaScript: always available, about a tenth as fast as wasm.",
  options: Type.Object({}),
  create: async () => {
    const { cpuDevice } = await import("../../kernels/devices/cpu.ts");
    try {
      return await cpuDevice.open();
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});
