/**
 * What a device can do here and now, to set kernels against: the fastest product of two large matrices, and the
 * fastest sum of two vectors that no cache holds. Sizes grow until one call takes long enough to be timed, so a slow
 * device is not kept busy for long.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import type { Device } from "../devices/device.ts";

export interface MachineRates {
  /** Of a dense float32 product, 2 a multiply-add. */
  readonly flopsPerSecond: number;
  /** Read and written by an addition. */
  readonly bytesPerSecond: number;
}

const enoughMs = 10;
const repetitions = 3;

/** Takes about a second, and for that time some hundred MiB. */
export function measureMachine(device: Device): MachineRates {
  const matMul = grow([256, 512, 1024, 2048, 4096], (size) => timeProduct(device, size));
  const add = grow([1 << 20, 1 << 22, 1 << 24], (size) => timeAddition(device, size));
  return {
    flopsPerSecond: (2 * matMul.size ** 3) / (matMul.ms / 1000),
    bytesPerSecond: (3 * 4 * add.size) / (add.ms / 1000),
  };
}

/** The first size that takes long enough, or the last. */
function grow(
  sizes: readonly number[],
  time: (size: number) => number,
): { readonly size: number; readonly ms: number } {
  let measured = { size: 0, ms: Number.NaN };
  for (const size of sizes) {
    measured = { size, ms: time(size) };
    if (measured.ms >= enoughMs) break;
  }
  return measured;
}

/**
 * Milliseconds of the tensor library's product or of ours, whichever is faster: tfjs' own on the cpu backend takes
 * several times as long as the one that our kernels use there.
 */
function timeProduct({ tf, kernels }: Device, size: number): number {
  return tf.tidy(() => {
    const square = (): tensorflow.Tensor2D => tf.reshape<tensorflow.Rank.R2>(inMemory(tf, size * size), [size, size]);
    const [left, right] = [square(), square()];
    const experts = tf.zeros<tensorflow.Rank.R2>([size, 1], "int32");
    return Math.min(
      fastestMs(tf, () => tf.matMul(left, right)),
      fastestMs(tf, () => kernels.groupedEncode(left, right, experts, 1)),
    );
  });
}

function timeAddition({ tf }: Device, size: number): number {
  return tf.tidy(() => {
    const [a, b] = [inMemory(tf, size), inMemory(tf, size)];
    return fastestMs(tf, () => tf.add(a, b));
  });
}

/** Handed over as an array: a device may never read a tensor that it only knows to be filled with one number. */
function inMemory(tf: typeof tensorflow, size: number): tensorflow.Tensor1D {
  return tf.tensor1d(new Float32Array(size).fill(0.5));
}

/** Milliseconds of the fastest of a few calls, after one that does not count. */
function fastestMs(tf: typeof tensorflow, run: () => tensorflow.Tensor): number {
  const times: number[] = [];
  const first = tf.tensor1d([0], "int32");
  for (let i = 0; i <= repetitions; i++) {
    const started = performance.now();
    tf.tidy(() => {
      // Reading one number waits for a device that computes asynchronously. tfjs' wasm slice copies the whole tensor.
      tf.gather(tf.reshape(run(), [-1]), first).dataSync();
    });
    if (i > 0) times.push(performance.now() - started);
  }
  return Math.min(...times);
}
