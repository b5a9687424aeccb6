/**
 * The best device that opens here: webgpu on a GPU, else tensorflow on a GPU, else native, else wasm, else cpu. The
 * device says which it is and why. The tensor library is loaded when the device is opened, not before.
 */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { threadsRef } from "../../core/services.ts";
import { missingGpu } from "../../kernels/webgpu/visible-gpu.ts";
import { chooseDevice, type DeviceCandidate } from "../../kernels/devices/choose.ts";

export const auto = definePlugin({
  kind: "device",
  name: "auto",
  version: "1",
  summary: "Takes the best device that opens here: webgpu or tensorflow on a GPU, else native, else wasm, else cpu.",
  options: Type.Object({}),
  deps: { threads: threadsRef },
  // Whether it opens is known only later; runs that crowd onto one card would be worse than runs that wait in vain.
  facts: () => ({ usesGpu: missingGpu() === undefined }),
  create: async (_options, { threads }) => {
    try {
      return await chooseDevice(candidates(threads));
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});

/** Never a software adapter. */
const anyGpu = { adapter: "auto", power: "high" } as const;

/** Best first. */
function candidates(threads: number): readonly DeviceCandidate[] {
  return [
    {
      label: "webgpu",
      load: async () => (await import("../../kernels/devices/webgpu.ts")).webGpuDevice(anyGpu),
    },
    {
      label: "tensorflow on a GPU",
      load: async () => (await import("../../kernels/devices/tensorflow.ts")).tensorFlowDevice({ processor: "gpu" }),
    },
    {
      label: "native",
      load: async () => (await import("../../kernels/devices/native.ts")).nativeDevice({ threads }),
    },
    { label: "wasm", load: async () => (await import("../../kernels/devices/wasm.ts")).wasmDevice },
    { label: "cpu", load: async () => (await import("../../kernels/devices/cpu.ts")).cpuDevice },
  ];
}
