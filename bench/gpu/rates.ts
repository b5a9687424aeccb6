/**
 * What a GPU can do, for floors: the rate of a float32 product, and the bytes that a copy within its memory reads and
 * writes; and what lies between it and the host.
 *
 * Whoever waits, waits for a number that the last call made. Buffers are larger than the caches of any card, where the
 * device is fast enough to fill them.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import type { Device } from "../../kernels/devices/device.ts";
import type { MachineRates } from "../../kernels/profile/measure-machine.ts";
import type { GpuBackend, GpuMemory } from "../../kernels/webgpu/contracts.ts";
import { bufferOf, gpuBackendOf, withGpuMemory } from "../../kernels/webgpu/memory.ts";
import { defineProgram, entryPoint } from "../../kernels/webgpu/program.ts";
import { isLong, secondsOfCall, secondsOfOne, type Timed } from "../../kernels/webgpu/timing.ts";

/** Between host and GPU. */
export interface TransferRates {
  /** Of a batch that is handed over. */
  readonly uploadBytesPerSecond: number;
  /** Milliseconds until a number is read that nothing has to be computed for. */
  readonly readMs: number;
}

/** A size is large enough when one call of it takes so long. */
const largeMs = 20;
/** A way that takes large enough a time and so many times the fastest is not measured at larger sizes. */
const hopelessTimes = 8;
/** Numbers in a buffer that is copied: 1 to 256 MiB. */
const copySizes = [2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const productSizes = [128, 256, 512, 1024, 2048, 4096];
const uploadBytes = 24 * 2 ** 20;

/** The faster of two products, and the faster of two ways to copy. */
export function measureGpuRates(device: Device): MachineRates {
  return { flopsPerSecond: productRate(device), bytesPerSecond: copyRate(device) };
}

export function measureTransfers(device: Device): TransferRates {
  const { tf } = device;
  return tf.tidy(() => {
    const backend = gpuBackendOf(device.tf.backend());
    const batch = new Float32Array(uploadBytes / 4).fill(0.5);
    const target = withGpuMemory(backend, (memory) => memory.allocate([batch.length], "float32"));
    const buffer = bufferOf(backend, target);
    const readTarget = (): void => {
      readFirst(tf, target);
    };
    const uploadSeconds = secondsOfCall({
      call: () => {
        backend.queue.writeBuffer(buffer, 0, batch);
      },
      finish: readTarget,
    });
    const readSeconds = secondsOfCall({ call: readTarget, finish: () => undefined });
    return { uploadBytesPerSecond: uploadBytes / uploadSeconds, readMs: 1000 * readSeconds };
  });
}

/** tfjs' product or ours, whichever is faster here. */
function productRate({ tf, kernels }: Device): number {
  const callsAt = (size: number): readonly Timed[] => {
    const square = (): tensorflow.Tensor2D => tf.tensor2d(variedNumbers(size * size), [size, size]);
    const [left, right] = [square(), square()];
    const experts = tf.zeros<tensorflow.Rank.R2>([size, 1], "int32");
    return [() => tf.matMul(left, right), () => kernels.groupedEncode(left, right, experts, 1)].map((multiply) => {
      let last = multiply();
      return {
        call: () => {
          last.dispose();
          last = multiply();
        },
        finish: () => {
          readFirst(tf, last);
        },
      };
    });
  };
  const { size, seconds } = fastestAt(tf, productSizes, callsAt);
  return (2 * size ** 3) / seconds;
}

const copyEach = defineProgram({
  label: "benchCopy",
  buffers: { source: "f32", copied: "out f32" },
  params: { size: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let start = group_index(id, groups) * 1024u + lane;
      for (var i = start; i < min(start + 1024u, params.size); i += 256u) { copied[i] = source[i]; }
    }
  `,
});

/** Different numbers, as memory that compresses equal ones would be faster with those. */
const fill = defineProgram({
  label: "benchFill",
  buffers: { copied: "out f32" },
  params: { size: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let i = group_index(id, groups) * 256u + lane;
      if (i < params.size) { copied[i] = bitcast<f32>(((i * 2654435761u) >> 9u) | 0x3f800000u); }
    }
  `,
});

/** Bytes read and written a second: by the driver's own copy or by a program, there and back between two buffers. */
function copyRate(device: Device): number {
  const { tf } = device;
  const backend = gpuBackendOf(device.tf.backend());
  const { limits } = backend.device;
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 4;
  const callsAt = (size: number): readonly Timed[] =>
    withGpuMemory(backend, (memory) => {
      const pair = [memory.allocate([size], "float32"), memory.allocate([size], "float32")] as const;
      memory.run(fill, { buffers: { copied: pair[0] }, params: { size }, groups: Math.ceil(size / 256) });
      return [copyByProgram, copyByDriver].map((copy) => ({
        call: () => {
          copy({ backend, memory, source: pair[0], target: pair[1], size });
          copy({ backend, memory, source: pair[1], target: pair[0], size });
        },
        finish: () => {
          readFirst(tf, pair[0]);
        },
      }));
    });
  const sizes = copySizes.filter((size) => size <= most);
  const { size, seconds } = fastestAt(tf, sizes, callsAt);
  return (2 * 2 * 4 * size) / seconds;
}

interface Copy {
  readonly backend: GpuBackend;
  readonly memory: GpuMemory;
  readonly source: tensorflow.Tensor;
  readonly target: tensorflow.Tensor;
  readonly size: number;
}

function copyByProgram({ memory, source, target, size }: Copy): void {
  memory.run(copyEach, { buffers: { source, copied: target }, params: { size }, groups: Math.ceil(size / 1024) });
}

function copyByDriver({ backend, source, target, size }: Copy): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(bufferOf(backend, source), 0, bufferOf(backend, target), 0, 4 * size);
}

/** The fastest way at the first size that takes long enough, or at the last. */
function fastestAt(
  tf: typeof tensorflow,
  sizes: readonly number[],
  callsAt: (size: number) => readonly Timed[],
): { readonly size: number; readonly seconds: number } {
  const hopeless = new Set<number>();
  for (const [i, size] of sizes.entries()) {
    const seconds = tf.tidy(() => {
      const ways = callsAt(size)
        .map((timed, way) => ({ ...timed, way }))
        .filter(({ way }) => !hopeless.has(way));
      // Compiles.
      for (const { call } of ways) call();
      const once = ways.map(secondsOfOne);
      if (1000 * Math.min(...once) < largeMs && i < sizes.length - 1) {
        const most = Math.max(largeMs / 1000, hopelessTimes * Math.min(...once));
        for (const [at, { way }] of ways.entries()) if ((once[at] ?? 0) > most) hopeless.add(way);
        return undefined;
      }
      return Math.min(
        ...ways.map((way, i) => {
          const seconds = once[i] ?? Number.NaN;
          return isLong(seconds) ? seconds : secondsOfCall(way);
        }),
      );
    });
    if (seconds !== undefined) return { size, seconds };
  }
  throw new RangeError("no size to measure at");
}

function readFirst(tf: typeof tensorflow, tensor: tensorflow.Tensor): void {
  tf.tidy(() => {
    tf.gather(tf.reshape(tensor, [-1]), tf.tensor1d([0], "int32")).dataSync();
  });
}

function variedNumbers(count: number): Float32Array {
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = ((i * 7919) % 1024) / 1024 - 0.5;
  return numbers;
}
