/** A device: a tfjs backend with our kernels registered over it, opened once a process. */
import type * as tf from "@tensorflow/tfjs";
import type { Kernels } from "../kernels.ts";

export interface Device {
  /** The name in configs: cpu, native, wasm, webgpu, tensorflow. */
  readonly name: string;
  /** For people: "wasm (tfjs 4.22.0, SIMD, 1 thread)". */
  readonly description: string;
  /** The GPU that it computes on, as its driver names it; absent where it is no GPU, or the device cannot tell. */
  readonly adapter?: string;
  /** Why `auto` took it, when it did. */
  readonly reason?: string;
  readonly tf: typeof tf;
  readonly kernels: Kernels;
  /**
   * Whether operations return before they are computed, so that reading a result waits for all that came before: true
   * of a GPU. Whoever loops reads seldom then.
   */
  readonly computesAhead?: boolean;
  /** Waits until everything that was asked for is computed; absent where that is so at every return. */
  wait?(): void;
  /**
   * Changes how many threads the device uses, from the next operation on; the results keep their bits. Called once the
   * device is open and whenever the process's share of the machine changes, between two operations. Absent on a device
   * whose threads are not its own to choose.
   * @param threads At least 1.
   */
  setThreads?(threads: number): void;
}

/** How a device is opened, or why it cannot be. */
export interface DeviceProvider {
  readonly name: string;
  /** `undefined` when it can be opened here; else the reason and what to install. */
  unavailableReason(): Promise<string | undefined>;
  /** Loads the backend and makes it current; doing so again is harmless. @throws KernelError DEVICE_UNAVAILABLE */
  open(): Promise<Device>;
}
