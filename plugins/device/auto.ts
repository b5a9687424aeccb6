/**
 * The best device that opens here: tensorflow on a GPU, else wasm, else cpu. The device says which it is and why. The
 * tensor library is loaded when the device is opened, not before.
 */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { chooseDevice, type DeviceCandidate } from "../../kernels/devices/choose.ts";

const candidates: readonly DeviceCandidate[] = [
  {
    label: "tensorflow on a GPU",
    load: async () => (await import("../../kernels/devices/tensorflow.ts")).tensorFlowDevice({ processor: "gpu" }),
  },
  { label: "wasm", load: async () => (await import("../../kernels/devices/wasm.ts")).wasmDevice },
  { label: "cpu", load: async () => (await import("../../kernels/devices/cpu.ts")).cpuDevice },
];

export const auto = definePlugin({
  kind: "device",
  name: "auto",
  version: "1",
  summary: "Takes the best device that opens here: tensorflow on a GPU, else wasm, else cpu.",
  options: Type.Object({}),
  create: async () => {
    try {
      return await chooseDevice(candidates);
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});
