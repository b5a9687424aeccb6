/** Opens the device that a bench program is told to use. Each is loaded when it is asked for. */
import { availableParallelism } from "node:os";
import type { Device } from "../kernels/devices/device.ts";
import { oneOf } from "./words.ts";

export const deviceNames = ["native", "wasm", "cpu", "tensorflow", "webgpu"] as const;

/** Threads that programs use unless they are told otherwise: all cores. */
export const defaultThreads = availableParallelism();

/**
 * @param threads For a device whose threads are its own to choose; the others ignore it.
 * @param adapter For webgpu: part of the adapter's name, or "auto" for the machine's GPU.
 * @throws WordError for another name; KernelError DEVICE_UNAVAILABLE
 */
export async function openDevice(name: string, threads: number, adapter = "auto"): Promise<Device> {
  switch (oneOf("device", name, deviceNames)) {
    case "native":
      return (await import("../kernels/devices/native.ts")).nativeDevice({ threads }).open();
    case "wasm":
      return (await import("../kernels/devices/wasm.ts")).wasmDevice.open();
    case "cpu":
      return (await import("../kernels/devices/cpu.ts")).cpuDevice.open();
    case "tensorflow":
      return (await import("../kernels/devices/tensorflow.ts")).tensorFlowDevice({ processor: "any" }).open();
    case "webgpu":
      return (await import("../kernels/devices/webgpu.ts")).webGpuDevice({ adapter, power: "high" }).open();
  }
}
