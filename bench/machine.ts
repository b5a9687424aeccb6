/**
 * What the machine and a device can do here and now, for floors: the rate of a dense float32 product, and the bytes that
 * memory gives and takes. Both are the fastest of several tries, because a floor must not rise when somebody else uses
 * the machine for a moment.
 */
import { cpus, loadavg, totalmem } from "node:os";
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../kernels/devices/device.ts";
import { measureMachine, type MachineRates } from "../kernels/profile/measure-machine.ts";
import { measureGpuRates } from "./gpu/rates.ts";

export type { MachineRates } from "../kernels/profile/measure-machine.ts";

export interface MachineDescription {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Processes at work in the last minute, the bench's own among them: others falsify what is measured. */
  readonly loadAverage: number;
  readonly node: string;
}

export function describeMachine(): MachineDescription {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    loadAverage: loadavg()[0] ?? Number.NaN,
    node: process.versions.node,
  };
}

/**
 * The device's fastest product, and the fastest of its streams that no cache holds: an addition into new memory, rows
 * normalised and a step of Adam where they lie. The last two are what most bytes of a training step are; whoever makes
 * them faster lowers the floor. A GPU is measured in its own way (gpu/rates.ts): its bytes are those of a copy.
 */
export function measureRates(device: Device): MachineRates {
  if (device.name === "webgpu") return measureGpuRates(device);
  const { flopsPerSecond, bytesPerSecond } = measureMachine(device);
  return { flopsPerSecond, bytesPerSecond: Math.max(bytesPerSecond, inPlaceBandwidth(device)) };
}

/** The better of two measurements of the same machine. */
export function fasterRates(a: MachineRates, b: MachineRates): MachineRates {
  return {
    flopsPerSecond: Math.max(a.flopsPerSecond, b.flopsPerSecond),
    bytesPerSecond: Math.max(a.bytesPerSecond, b.bytesPerSecond),
  };
}

export function formatRates({ flopsPerSecond, bytesPerSecond }: MachineRates): string {
  return `${(flopsPerSecond / 1e9).toFixed(1)} GFLOP/s, ${(bytesPerSecond / 1e9).toFixed(1)} GB/s`;
}

const rows = 1 << 15;
const width = 512;
const repetitions = 15;

/** @returns Bytes per second, read and written ones, of the faster in-place kernel on matrices of 64 MiB. */
function inPlaceBandwidth({ tf: tensorFlow, kernels }: Device): number {
  const matrix = (): tf.Variable =>
    tensorFlow.tidy(() =>
      tensorFlow.variable(tensorFlow.tensor2d(new Float32Array(rows * width).fill(0.5), [rows, width])),
    );
  const [parameter, first, second, gradient] = [matrix(), matrix(), matrix(), matrix()];
  const hyperparameters = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 };
  // Reading a number waits for a device that computes asynchronously.
  const finish = (): void => void tensorFlow.tidy(() => tensorFlow.slice(parameter, [0, 0], [1, 1]).dataSync());
  const normaliseMs = fastestMs(() => {
    kernels.normaliseRows(parameter);
    finish();
  });
  const adamMs = fastestMs(() => {
    kernels.adamStep(parameter, gradient, { first, second }, hyperparameters);
    finish();
  });
  tensorFlow.dispose([parameter, first, second, gradient]);
  const matrixBytes = 4 * rows * width;
  return Math.max((2 * matrixBytes) / (normaliseMs / 1000), (7 * matrixBytes) / (adamMs / 1000));
}

function fastestMs(run: () => void): number {
  const times = Array.from({ length: repetitions }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  return Math.min(...times);
}
