/** The cpu device: tfjs' JavaScript backend. Always there, slow; tests and the smallest runs use it. */
import * as tf from "@tensorflow/tfjs";
import { createKernels, registerKernels } from "../index.ts";
import type { DeviceProvider } from "./device.ts";

export const cpuDevice: DeviceProvider = {
  name: "cpu",
  unavailableReason: () => Promise.resolve(undefined),
  open: async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
    await tf.ready();
    registerKernels("cpu", "host");
    return {
      name: "cpu",
      description: `cpu (tfjs ${tf.version.tfjs}, JavaScript, 1 thread)`,
      tf,
      kernels: createKernels(),
    };
  },
};
