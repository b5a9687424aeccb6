/**
 * The webgpu device as a plugin: the machine's GPU, whoever made it. Its package is optional, and everything is loaded
 * when the device is opened, not before.
 */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { SwitchyardError } from "../../core/errors/switchyard-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { assignedGpuRef, type AssignedGpu } from "../../core/services.ts";
import { isPartOfName } from "../../kernels/devices/adapter-name.ts";
import { estimateMemory } from "../../kernels/webgpu/estimate-memory.ts";

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
    products: Type.Enum(["float32", "float16"], {
      default: "float32",
      description:
        "Numbers that the encoder's and the dense decoder's products of the forward pass multiply; sums and gradients " +
        "are always float32. float16 has 11 bits and ends at 65,504: results differ by about 1e-3. On GPUs without " +
        "shader-f16 the numbers are rounded the same way, and nothing is gained.",
    }),
  }),
  deps: { assigned: assignedGpuRef },
  facts: ({ adapter }) => ({
    usesGpu: true,
    ...(adapter === "auto" ? {} : { adapter }),
    memoryBytes: estimateMemory,
  }),
  create: async (options, { assigned }) => {
    const { webGpuDevice } = await import("../../kernels/devices/webgpu.ts");
    const adapter = adapterFor(options.adapter, assigned);
    try {
      return await webGpuDevice({ ...options, adapter }).open();
    } catch (error) {
      throw assigned === undefined ? fromKernelError(error) : notOpened(assigned, fromKernelError(error));
    }
  },
});

/** Where both name one, the assigned GPU was chosen to fit, and the longer name is the more exact one. */
function adapterFor(wanted: string, assigned: AssignedGpu | undefined): string {
  if (assigned?.adapter === undefined) return wanted;
  return wanted !== "auto" && isPartOfName(assigned.adapter, wanted) ? wanted : assigned.adapter;
}

/** Says where the name was written that does not open. */
function notOpened({ index, adapter }: AssignedGpu, cause: unknown): unknown {
  if (adapter === undefined || !(cause instanceof SwitchyardError)) return cause;
  const { code, expected, received, next } = cause;
  return new SwitchyardError(code, `The GPU "${adapter}" that the executor assigned does not open.`, {
    where: `executor.gpus.${index}.adapter`,
    ...(expected === undefined ? {} : { expected }),
    ...(received === undefined ? {} : { received }),
    ...(next === undefined ? {} : { next }),
    cause,
  });
}
