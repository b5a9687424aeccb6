/**
 * The webgpu device as a plugin: the machine's GPU, whoever made it. Its package is optional, and everything is loaded
 * when the device is opened, not before.
 */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const webgpu = definePlugin({
  kind: "device",
  name: "webgpu",
  version: "1",
  summary: "Computes on a GPU of any make, through Vulkan, Metal or Direct3D 12.",
  options: Type.Object({
    adapter: Type.String({
      minLength: 1,
      default: "auto",
      description:
        "Part of the GPU's name, as `switchyard doctor` shows it. `auto` takes the system's first choice, and never " +
        "an adapter that is a program (SwiftShader, llvmpipe): those must be named.",
    }),
    power: Type.Enum(["high", "low"], {
      default: "high",
      description: "Which GPU `auto` prefers on a machine with two: the fast one, or the one that saves power.",
    }),
  }),
  create: async (options) => {
    const { webGpuDevice } = await import("../../kernels/devices/webgpu.ts");
    try {
      return await webGpuDevice(options).open();
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});
