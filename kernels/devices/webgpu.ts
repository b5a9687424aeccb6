/**
 * The webgpu device: any card with a driver for Vulkan, Metal or Direct3D 12, through Dawn's Node binding (the package
 * `webgpu`) and tfjs' WebGPU backend, with kernels of our own in WGSL. The same inputs give the same bits on the same
 * adapter.
 */
import * as tf from "@tensorflow/tfjs";
import { createKernels, registerKernels } from "../index.ts";
import { KernelError } from "../kernel-error.ts";
import { layoutWebGpu } from "../layout/webgpu.ts";
import { reduceWebGpu } from "../reduce/webgpu.ts";
import { replaceKernels } from "../register.ts";
import { findAbilities } from "../webgpu/abilities.ts";
import { findAdapter, noAdapter, type AdapterWish, type FoundAdapter } from "../webgpu/adapter.ts";
import type { GpuBackend } from "../webgpu/contracts.ts";
import { extendBackend, formatGibibytes } from "../webgpu/backend.ts";
import { loadDawn, withEvents, type Dawn, type Importer } from "../webgpu/dawn.ts";
import type { Operands } from "../webgpu/tiled-product.ts";
import { readTuning } from "../webgpu/tuning-file.ts";
import { missingGpu } from "../webgpu/visible-gpu.ts";
import type { DeviceProvider } from "./device.ts";

export interface WebGpuSettings extends AdapterWish {
  /** In which numbers the grouped products of the forward pass multiply; default float32. */
  readonly products?: Operands;
  readonly importPackage?: Importer;
}

/** tfjs' own kernels that are replaced on this device. */
export const webGpuReplacements = [...layoutWebGpu, ...reduceWebGpu];

/** Features that are used where the adapter has them. */
const wantedFeatures = ["timestamp-query", "subgroups", "shader-f16"] as unknown as readonly GPUFeatureName[];
/** Limits that are raised to the adapter's. */
const raisedLimits = [
  ...(["maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage"] as const),
  ...(["maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX"] as const),
  "maxComputeWorkgroupsPerDimension",
] as const;

/** @returns A provider that opens the wished adapter; one device a process. */
export function webGpuDevice(settings: WebGpuSettings): DeviceProvider {
  return {
    name: "webgpu",
    unavailableReason: async () => {
      try {
        await findAdapter(await load(settings), settings);
        return undefined;
      } catch (error) {
        return error instanceof KernelError ? (error.received ?? error.summary) : String(error);
      }
    },
    open: async () => {
      const dawn = await load(settings);
      const key = `${settings.adapter} ${settings.power}`;
      if (opened === undefined || opened.key !== key || opened.backend.failure() !== undefined) {
        await close();
        const found = await findAdapter(dawn, settings);
        opened = { key, found, backend: await createBackend(dawn, found) };
        const made = opened.backend;
        tf.registerBackend("webgpu", () => made, 3);
      }
      tf.enableProdMode();
      await tf.setBackend("webgpu");
      await tf.ready();
      registerKernels("webgpu", "webgpu");
      replaceKernels("webgpu", webGpuReplacements);
      const { backend } = opened;
      const { tuning, origin } = readTuning(opened.found.facts, process.env);
      backend.tuning = tuning;
      backend.operands = settings.products ?? "float32";
      return {
        name: "webgpu",
        description: describe(opened, origin),
        adapter: opened.found.name,
        tf,
        kernels: createKernels(),
        computesAhead: true,
        wait: () => {
          backend.wait();
        },
      };
    },
  };
}

interface Opened {
  readonly key: string;
  readonly found: FoundAdapter;
  readonly backend: GpuBackend;
}

let opened: Opened | undefined;

/** Name, the largest tensor, the features that not every GPU has, and how it is set up. */
function describe({ found, backend }: Opened, tuningOrigin: string): string {
  const { limits, features } = backend.device;
  const largest = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  return `webgpu (${[
    ...[`tfjs ${tf.version.tfjs}`, "WGSL kernels", found.name, `tensors up to ${formatGibibytes(largest)}`],
    ...wantedFeatures.filter((feature) => features.has(feature)),
    ...(backend.operands === "float16" ? ["products of float16"] : []),
    tuningOrigin,
  ].join(", ")})`;
}

/** Tensors of a device that is closed are gone. */
async function close(): Promise<void> {
  const last = opened;
  opened = undefined;
  if (last === undefined) return;
  if (tf.getBackend() === "webgpu") await tf.setBackend("cpu");
  tf.removeBackend("webgpu");
  last.backend.device.destroy();
}

async function createBackend(dawn: Dawn, { adapter }: FoundAdapter): Promise<GpuBackend> {
  const requiredFeatures = wantedFeatures.filter((feature) => adapter.features.has(feature));
  const requiredLimits = Object.fromEntries(raisedLimits.map((name) => [name, adapter.limits[name]]));
  const device = await withEvents(() => adapter.requestDevice({ requiredFeatures, requiredLimits }));
  const restore = showNavigator(dawn);
  try {
    const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
    // The package registers a device of its own choice under the name; ours takes the place.
    if ((tf.findBackendFactory("webgpu") as unknown) !== null) tf.removeBackend("webgpu");
    const backend = extendBackend(new WebGPUBackend(device), device);
    findAbilities(backend);
    return backend;
  } finally {
    restore();
  }
}

/** tfjs' backend wants to find WebGPU in a browser's `navigator` while it is imported and made. */
function showNavigator(dawn: Dawn): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const value = { gpu: dawn, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(globalThis, "navigator");
    else Object.defineProperty(globalThis, "navigator", before);
  };
}

/** @throws KernelError DEVICE_UNAVAILABLE */
async function load({ adapter, importPackage, system }: WebGpuSettings): Promise<Dawn> {
  // Who names an adapter knows what is there; Dawn's own complaints are of use then.
  const missing = adapter === "auto" ? missingGpu(system) : undefined;
  if (missing !== undefined) throw noAdapter(missing, system);
  try {
    return await (importPackage === undefined ? loadDawn() : loadDawn(importPackage));
  } catch (cause) {
    throw new KernelError("DEVICE_UNAVAILABLE", "The webgpu device cannot be opened.", {
      where: "device webgpu",
      expected: "the package webgpu, which is optional",
      received: cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause),
      next: "Run `npm install webgpu`, or choose `device: native`.",
      cause,
    });
  }
}
