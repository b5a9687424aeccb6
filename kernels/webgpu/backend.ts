/**
 * The tfjs backend of the webgpu device: tfjs' WebGPU backend on a GPUDevice of ours.
 *
 * What differs from tfjs' own:
 *
 * - The device has the adapter's limits and the features that our kernels use.
 * - Tensors can be read without waiting for the event loop (`dataSync`); tfjs wants a canvas for that.
 * - Uploads go through `writeBuffer`, whose staging memory Dawn recycles; tfjs makes and destroys a buffer each time.
 * - What is read is not kept on the host: a variable that is updated in place would go on showing its old values.
 * - Products are never split along the inner dimension: tfjs joins the parts with atomic additions of floats, and repeats
 *   give other bits.
 * - A lost device, memory that ran out, and what Dawn's validation refuses, are errors at the next reading, with a code.
 * - Free buffers do not pile up when sizes change.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs";
import { KernelError } from "../kernel-error.ts";
import type { BufferManager, GpuBackend, GpuClock, GpuRecord } from "./contracts.ts";
import { keepBindings } from "./bindings.ts";
import { startClock } from "./clock.ts";
import { mapNow, withEvents } from "./dawn.ts";
import { createDeferredChecks, noteBytes } from "./deferred-checks.ts";
import { releaseAttached, withGpuMemory } from "./memory.ts";
import { defaultTuning } from "./tuning.ts";

type HostValues = Exclude<GpuRecord["values"], null | undefined>;

/** As tfjs: enough to hide the cost of a submission, few enough to keep the GPU busy. */
const dispatchesOfSubmission = 15;
/** Free memory that is kept whatever the use; beyond it, free buffers may be half as large as used ones. */
const leastFreeBytes = 256 * 2 ** 20;

/** @param made tfjs' backend, fresh, on a device of ours. */
export function extendBackend(made: WebGPUBackend, device: GPUDevice): GpuBackend {
  const backend = made as unknown as GpuBackend;
  const watch = watchDevice(device, backend);
  const disposeData = backend.disposeData.bind(backend);
  const uploadToGPU = backend.uploadToGPU.bind(backend);
  const readSync = backend.readSync.bind(backend);
  const read = backend.read.bind(backend);
  limitMemory(backend, device);
  keepBindings(backend, device);
  backend.thresholdToIncreaseWorkgroups = 0;
  const recordOf = ({ dataId }: tf.TensorInfo): GpuRecord => backend.tensorMap.get(dataId);
  const checks = createDeferredChecks(recordOf, () =>
    backend.makeTensorInfo([noteBytes / 4], "int32", new Int32Array(noteBytes / 4).fill(-1)),
  );
  let clock: GpuClock | undefined;
  const readNow = (source: GPUBuffer): ArrayBuffer => {
    const staging = stage(backend, source);
    const isMapped = mapNow(staging.buffer);
    watch.check();
    if (!isMapped) throw lost("the buffer was never mapped");
    return take(backend, staging);
  };
  const awaited = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_SRC });
  const extensions: Partial<GpuBackend> = {
    abilities: { leastSubgroup: 0, hasFloat16: false },
    tuning: defaultTuning,
    operands: "float32",
    hasOpenEncoder: () => (backend.commandEncoder as GPUCommandEncoder | null) !== null,
    flush: () => {
      backend.endComputePassEncoder();
      if (extensions.hasOpenEncoder?.() === true) backend.submitQueue();
    },
    wait: () => {
      if (clock === undefined) readNow(awaited);
      else clock.report();
    },
    startClock: () => {
      const started = startClock(backend, readNow);
      if (started === undefined) return undefined;
      clock = {
        ...started,
        stop: () => {
          clock = undefined;
          started.stop();
        },
      };
      return clock;
    },
    record: recordOf,
    checks,
    checkLater: (tensor, check, where) => {
      if (!backend.tensorMap.has(tensor.dataId) || hostValues(recordOf(tensor)) !== undefined) return false;
      withGpuMemory(backend, (memory) => {
        checks.check(memory, tensor, check, where);
      });
      return true;
    },
    failure: watch.failure,
    openPass: () => {
      backend.ensureCommandEncoderReady();
      backend.computePassEncoder ??= backend.commandEncoder.beginComputePass();
      return backend.computePassEncoder;
    },
    countDispatch: () => {
      backend.dispatchCountInPass += 1;
      if (backend.dispatchCountInPass < dispatchesOfSubmission) return;
      backend.endComputePassEncoder();
      backend.submitQueue();
    },
    uploadToGPU: (dataId) => {
      const record = backend.tensorMap.get(dataId);
      const isUploaded = record.resource !== undefined && record.resource !== null;
      if (isUploaded || hostValues(record) === undefined) {
        uploadToGPU(dataId);
        return;
      }
      const values = numbersOf(record);
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      const buffer = backend.bufferManager.acquireBuffer(values.byteLength, usage);
      backend.queue.writeBuffer(buffer, 0, values.buffer, values.byteOffset, values.byteLength);
      record.resource = buffer;
      record.values = null;
    },
    readSync: (dataId) => {
      const record = backend.tensorMap.get(dataId);
      const known = hostValues(record);
      if (known !== undefined) return known;
      // Two tensors, each read by this function.
      if (record.dtype === "complex64") return readSync(dataId);
      return numbersFrom(readNow(record.resource as GPUBuffer), record);
    },
    read: async (dataId) => {
      const record = backend.tensorMap.get(dataId);
      const known = hostValues(record);
      if (known !== undefined) return known;
      if (record.dtype === "complex64") return read(dataId);
      const staging = stage(backend, record.resource as GPUBuffer);
      try {
        await withEvents(() => staging.buffer.mapAsync(GPUMapMode.READ));
      } catch (cause) {
        // The news of a lost device may come after the buffer's own failure.
        await new Promise<void>((resolve) => void setTimeout(resolve, 0));
        watch.check();
        throw lost(cause instanceof Error ? cause.message : String(cause));
      }
      watch.check();
      return numbersFrom(take(backend, staging), record);
    },
    disposeData: (dataId, force) => {
      const record = backend.tensorMap.has(dataId) ? backend.tensorMap.get(dataId) : undefined;
      const isGone = disposeData(dataId, force);
      if (isGone && record !== undefined) releaseAttached(backend, record);
      return isGone;
    },
  };
  return Object.assign(backend, extensions);
}

/** The values where they lie on the host. */
function hostValues({ values }: GpuRecord): HostValues | undefined {
  return values ?? undefined;
}

/** In the type that the GPU holds: tfjs keeps truth values as bytes, and scalars as plain arrays. */
function numbersOf({ values, dtype }: GpuRecord): Float32Array | Int32Array {
  const isWhole = dtype === "int32" || dtype === "bool";
  if (isWhole) return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}

interface Staged {
  readonly buffer: GPUBuffer;
  /** Bytes of the tensor; the notes of checks may follow. */
  readonly size: number;
  /** Checks that the notes are of. */
  readonly made: number;
}

/** Copies a buffer into memory that can be mapped, and submits everything recorded so far. */
function stage(backend: GpuBackend, source: GPUBuffer): Staged {
  const { size } = source;
  const pending = backend.checks.pending();
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const buffer = backend.bufferManager.acquireBuffer(pending === undefined ? size : size + noteBytes, usage);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder.copyBufferToBuffer(source, 0, buffer, 0, size);
  if (pending !== undefined) {
    const notes = backend.record(pending.notes).resource as GPUBuffer;
    backend.commandEncoder.copyBufferToBuffer(notes, 0, buffer, size, noteBytes);
  }
  backend.submitQueue();
  return { buffer, size, made: pending?.made ?? 0 };
}

/** @throws KernelError What a check found. */
function take(backend: GpuBackend, { buffer, size, made }: Staged): ArrayBuffer {
  const mapped = buffer.getMappedRange();
  const bytes = mapped.slice(0, size);
  const notes = mapped.byteLength > size ? new Uint32Array(mapped.slice(size)) : undefined;
  buffer.unmap();
  backend.bufferManager.releaseBuffer(buffer);
  if (notes !== undefined) backend.checks.read(notes, made);
  return bytes;
}

function numbersFrom(bytes: ArrayBuffer, { dtype }: GpuRecord): Float32Array | Int32Array | Uint8Array {
  return tf.util.convertBackendValuesAndArrayBuffer(bytes, dtype) as Float32Array | Int32Array | Uint8Array;
}

interface Watch {
  readonly failure: () => KernelError | undefined;
  /** @throws KernelError DEVICE_LOST, DEVICE_OUT_OF_MEMORY, DEVICE_REFUSED */
  readonly check: () => void;
}

function watchDevice(device: GPUDevice, backend: GpuBackend): Watch {
  let failure: KernelError | undefined;
  void device.lost.then(({ message, reason }) => {
    failure ??= lost(message === "" ? reason : message);
  });
  device.addEventListener("uncapturederror", (event) => {
    const { error } = event as unknown as { error: GPUError };
    failure ??= isOutOfMemory(error)
      ? outOfMemory(`${formatGibibytes(backend.bufferManager.numBytesAllocated)} allocated when ${error.message}`)
      : refused(error.message);
  });
  return {
    failure: () => failure,
    check: () => {
      if (failure !== undefined) throw failure;
    },
  };
}

function isOutOfMemory(error: GPUError): boolean {
  return error.constructor.name === "GPUOutOfMemoryError";
}

/** Buffers larger than the device takes are refused before Dawn sees them, and free ones make room. */
function limitMemory({ bufferManager }: GpuBackend, { limits }: GPUDevice): void {
  const acquire = bufferManager.acquireBuffer.bind(bufferManager);
  const largest = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  bufferManager.acquireBuffer = (size, usage, mappedAtCreation, reuse) => {
    if (size > largest) {
      throw outOfMemory(
        `${formatGibibytes(size)} in one tensor, of which this GPU takes ${formatGibibytes(largest)} at most`,
      );
    }
    const isFree = (bufferManager.freeBuffers.get(`${size}_${usage}`)?.length ?? 0) > 0;
    if (!isFree) makeRoom(bufferManager, size);
    return acquire(size, usage, mappedAtCreation, reuse);
  };
}

/** Destroys free buffers of other sizes, the oldest sizes first. No recorded command uses a free buffer. */
function makeRoom(manager: BufferManager, size: number): void {
  const limit = Math.max(leastFreeBytes, manager.numBytesUsed / 2);
  let free = manager.numBytesAllocated - manager.numBytesUsed;
  for (const buffers of manager.freeBuffers.values()) {
    while (free + size > limit) {
      const buffer = buffers.pop();
      if (buffer === undefined) break;
      free -= buffer.size;
      manager.numBytesAllocated -= buffer.size;
      manager.numFreeBuffers -= 1;
      buffer.destroy();
    }
  }
}

export function formatGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function lost(received: string): KernelError {
  return new KernelError("DEVICE_LOST", "The GPU was lost.", {
    where: "device webgpu",
    expected: "a device that answers",
    received,
    next: "Run the command again: the run goes on from its last checkpoint. If it happens again, look at the driver's log.",
  });
}

function outOfMemory(received: string): KernelError {
  return new KernelError("DEVICE_OUT_OF_MEMORY", "The GPU has not enough memory.", {
    where: "device webgpu",
    expected: "parameters, Adam's moments, gradients and a batch to fit",
    received,
    next: "Lower training.batchSize or model.features, or run fewer runs on this GPU (--slots). `switchyard plan` estimates the memory.",
  });
}

function refused(received: string): KernelError {
  return new KernelError("DEVICE_REFUSED", "The GPU refused a command.", {
    where: "device webgpu",
    expected: "commands that WebGPU's validation accepts",
    received,
    next: "Report this with the message above; `device: native` computes the same.",
  });
}
