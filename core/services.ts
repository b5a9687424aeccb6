/** The services that a plugin may ask for in `deps`, beside references of its own. */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../kernels/devices/device.ts";
import type { TrainingSize } from "../kernels/devices/training-size.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { ActivationSource, SourceProgress } from "./data/contracts.ts";
import type { ModelShape } from "./model/contracts.ts";
import type { Rng } from "./model/rng.ts";
import type { ProjectPaths } from "./plugin/define-plugin.ts";
import { defineService } from "./plugin/service.ts";

/** TensorFlow.js, on the run's device. Plugins that take it from here load no tensor library until they are built. */
export const tensorFlowRef = defineService<typeof tf>("core.tensorflow", "sweep");
export const deviceRef = defineService<Device>("core.device", "sweep");
export const kernelsRef = defineService<Kernels>("core.kernels", "sweep");
/**
 * How many threads this process may use: the machine's cores divided by the runs that execute at the same time. It is
 * the share at the moment when it is asked for; `Device.setThreads` is told when it changes.
 */
export const threadsRef = defineService<number>("core.threads", "sweep");
/**
 * The GPU that the executor set aside for this process. A device that computes on a GPU computes on that one; without
 * one it chooses for itself.
 */
export const assignedGpuRef = defineService<AssignedGpu | undefined>("core.assigned-gpu", "sweep", () => undefined);
export const pathsRef = defineService<ProjectPaths>("core.paths", "sweep");
/** Where a source reports how far its preparation is. */
export const sourceProgressRef = defineService<SourceProgress>("core.source-progress", "sweep");
export const sourceRef = defineService<ActivationSource>("core.source", "sweep");
/** Seeded by the run. */
export const rngRef = defineService<Rng>("core.rng", "run");
export const shapeRef = defineService<ModelShape>("core.shape", "run");
/** Absolute folder of the run: where a tracker may write. */
export const runFolderRef = defineService<string>("core.run-folder", "run");

/** A GPU of an executor's list, and how a process reaches it. */
export interface AssignedGpu {
  /** Place in the executor's list, counted from 0. */
  readonly index: number;
  /** Part of the adapter's name; absent where the environment alone decides, or there is but one GPU. */
  readonly adapter?: string;
  /** Environment variables that the process was started with. */
  readonly env: Readonly<Record<string, string>>;
}

/** What is known of a device before it is opened. A device without facts computes on no GPU. */
export interface DeviceFacts {
  /** Whether a run on it needs a GPU to itself, or a share of one. */
  readonly usesGpu: boolean;
  /** Part of the name of the GPU that its options ask for; absent where any will do. */
  readonly adapter?: string;
  /** Memory of the GPU that training takes, in bytes, where the device can estimate it. */
  readonly memoryBytes?: (size: TrainingSize) => number;
}

declare module "./plugin/kinds.ts" {
  interface PluginKinds {
    device: { creates: Device; facts: DeviceFacts | undefined };
  }
}
