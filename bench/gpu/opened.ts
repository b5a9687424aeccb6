/** What a bench tells of the GPU that it has opened, before it measures on it. */
import type { Device } from "../../kernels/devices/device.ts";
import { print } from "../program.ts";
import { describeGpu, formatGpu, type GpuDescription } from "./describe.ts";
import { measureTransfers, type TransferRates } from "./rates.ts";

export type OpenedGpu = GpuDescription & TransferRates;

/** Prints it too. @param adapter The wish that the device was opened with. @returns Undefined for another device. */
export async function openedGpu(device: Device, adapter: string): Promise<OpenedGpu | undefined> {
  if (device.name !== "webgpu") return undefined;
  const gpu = { ...(await describeGpu(adapter)), ...measureTransfers(device) };
  print(formatGpu(gpu));
  const upload = `${(gpu.uploadBytesPerSecond / 1e9).toFixed(1)} GB/s to the GPU`;
  print(`${upload}; a number is read in ${gpu.readMs.toFixed(2)} ms. A step uploads its batch and reads three times.`);
  return gpu;
}
