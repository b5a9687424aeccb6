/** The services that a plugin may ask for in `deps`, beside references of its own. */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../kernels/devices/device.ts";
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
export const pathsRef = defineService<ProjectPaths>("core.paths", "sweep");
/** Where a source reports how far its preparation is. */
export const sourceProgressRef = defineService<SourceProgress>("core.source-progress", "sweep");
export const sourceRef = defineService<ActivationSource>("core.source", "sweep");
/** Seeded by the run. */
export const rngRef = defineService<Rng>("core.rng", "run");
export const shapeRef = defineService<ModelShape>("core.shape", "run");
/** Absolute folder of the run: where a tracker may write. */
export const runFolderRef = defineService<string>("core.run-folder", "run");

declare module "./plugin/kinds.ts" {
  interface PluginKinds {
    device: { creates: Device; facts: undefined };
  }
}
