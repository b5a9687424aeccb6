/**
 * The native device: C++ kernels behind Node-API, on a pool of threads of their own. Its backend is tfjs' CPU backend
 * with kernels replaced (kernels/native/backend.ts), so whatever a plugin writes in tfjs runs on it. The same inputs
 * give the same bits for any number of threads.
 */
import * as tf from "@tensorflow/tfjs";
import { elementwiseNative } from "../elementwise/native.ts";
import { createKernels, registerKernels } from "../index.ts";
import { KernelError } from "../kernel-error.ts";
import { layoutNative } from "../layout/native.ts";
import { matmulNative } from "../matmul/native.ts";
import { loadAddon, type LoadedAddon, type NativeAddon } from "../native/addon.ts";
import { createNativeBackend } from "../native/backend.ts";
import { reduceNative } from "../reduce/native.ts";
import { replaceKernels } from "../register.ts";
import { softmaxNative } from "../softmax/native.ts";
import type { DeviceProvider } from "./device.ts";

export interface NativeSettings {
  /** Threads that compute, at first. */
  readonly threads: number;
  /** For tests: how the addon is loaded. */
  readonly load?: () => LoadedAddon;
}

/** tfjs' own kernels that are replaced on this device. */
export const nativeReplacements = [
  ...matmulNative,
  ...elementwiseNative,
  ...reduceNative,
  ...softmaxNative,
  ...layoutNative,
];

/** @returns A provider whose device takes another number of threads by `setThreads`. */
export function nativeDevice({ threads, load = loadAddon }: NativeSettings): DeviceProvider {
  return {
    name: "native",
    unavailableReason: () => {
      const loaded = load();
      return Promise.resolve("addon" in loaded ? undefined : loaded.reason);
    },
    open: async () => {
      const loaded = load();
      if (!("addon" in loaded)) throw unavailable(loaded);
      const { addon } = loaded;
      tf.enableProdMode();
      registerBackend(addon);
      await tf.setBackend("native");
      await tf.ready();
      registerKernels("native", "native");
      const setThreads = (count: number): void => {
        addon.setThreads(Math.min(Math.max(1, count), mostThreads));
      };
      setThreads(threads);
      return { name: "native", description: describe(addon, threads), tf, kernels: createKernels(), setThreads };
    },
  };
}

/** The pool's limit. */
const mostThreads = 256;

function registerBackend(addon: NativeAddon): void {
  if ((tf.findBackendFactory("native") as unknown) !== null) return;
  tf.registerBackend("native", () => createNativeBackend(addon), 4);
  tf.copyRegisteredKernels("cpu", "native");
  replaceKernels("native", nativeReplacements);
}

function describe({ instructionSets }: NativeAddon, threads: number): string {
  const best = instructionSets[0] ?? "unknown";
  return `native (tfjs ${tf.version.tfjs}, C++ kernels, ${best}, ${threads} thread${threads === 1 ? "" : "s"})`;
}

function unavailable({ reason, cause }: { readonly reason: string; readonly cause?: unknown }): KernelError {
  return new KernelError("DEVICE_UNAVAILABLE", "The native device cannot be opened.", {
    where: "device native",
    expected: "kernels built for this machine",
    received: reason,
    next: "Install a C++ compiler (g++ or clang), run `npm run build:native`, or choose `device: wasm`.",
    ...(cause === undefined ? {} : { cause }),
  });
}
