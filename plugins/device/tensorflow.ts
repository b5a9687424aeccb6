/**
 * The tensorflow device as a plugin. It needs one of two optional packages; its error says what to install. The tensor
 * library is loaded when the device is opened, not before.
 */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";

export const tensorflow = definePlugin({
  kind: "device",
  name: "tensorflow",
  version: "1",
  summary:
    "Computes with TensorFlow's C library, on a GPU where it finds one (needs @tensorflow/tfjs-node-gpu or tfjs-node).",
  options: Type.Object({
    processor: Type.Union([Type.Literal("any"), Type.Literal("gpu"), Type.Literal("cpu")], {
      default: "any",
      description:
        "Which package is used: gpu takes @tensorflow/tfjs-node-gpu and insists on a GPU, cpu takes " +
        "@tensorflow/tfjs-node, any takes the first that loads.",
    }),
  }),
  // `any` takes a GPU where it finds one, which nobody knows before it is opened.
  facts: ({ processor }) => ({ usesGpu: processor === "gpu" }),
  create: async ({ processor }) => {
    const { tensorFlowDevice } = await import("../../kernels/devices/tensorflow.ts");
    try {
      return await tensorFlowDevice({ processor }).open();
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});
