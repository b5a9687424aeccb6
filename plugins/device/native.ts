/**
 * The native device as a plugin. Its code and the tensor library are loaded when the device is opened, not before.
 */
import { Type } from "typebox";
import { fromKernelError } from "../../core/errors/from-kernel-error.ts";
import { definePlugin } from "../../core/plugin/define-plugin.ts";
import { threadsRef } from "../../core/services.ts";

export const native = definePlugin({
  kind: "device",
  name: "native",
  version: "1",
  summary: "Computes with C++ kernels on several threads, with the same bits for any number of them.",
  options: Type.Object({
    threads: Type.Union([Type.Literal("auto"), Type.Integer({ minimum: 1 })], {
      default: "auto",
      description:
        "Threads that compute; `auto` is the run's share: the cores divided by the runs that execute at the same " +
        "time, more where the executor lends idle cores. A number stays what it is.",
    }),
  }),
  deps: { threads: threadsRef },
  create: async (options, { threads: share }) => {
    const { nativeDevice } = await import("../../kernels/devices/native.ts");
    try {
      if (options.threads === "auto") return await nativeDevice({ threads: share }).open();
      const device = await nativeDevice({ threads: options.threads }).open();
      return { ...device, setThreads: () => undefined };
    } catch (error) {
      throw fromKernelError(error);
    }
  },
});
