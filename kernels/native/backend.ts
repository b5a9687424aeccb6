/**
 * The tfjs backend of the native device: tfjs' CPU backend, whose kernels in JavaScript remain for everything that has
 * no native version, over memory that C++ reads and writes in place.
 *
 * What differs from the CPU backend:
 *
 * - Memory of outputs comes from free lists and goes back there when the last tensor on it is disposed: a fresh array
 *   of megabytes costs more in page faults than most kernels take. Such memory is `owned`.
 * - Reading a tensor copies owned memory, because it will be written again.
 * - tfjs' CPU kernels return views of their inputs here and there (slice); a view of owned memory is copied.
 * - A tensor may be deferred: its values are formed when somebody reads them. A kernel that knows better
 *   (kernels/deferred) consumes the recipe instead.
 */
import * as tf from "@tensorflow/tfjs";
import type { NativeAddon } from "./addon.ts";

/** What the backend keeps of one buffer of data. */
export interface DataRecord {
  /** Forms the values first where the record is deferred. */
  readonly values: unknown;
  readonly dtype: tf.DataType;
  refCount: number;
  /** Called once, when nothing refers to the data any more. */
  readonly release?: () => void;
}

export interface DataStore {
  get(dataId: object): DataRecord;
  set(dataId: object, record: DataRecord): void;
  has(dataId: object): boolean;
}

export interface NativeBackend extends tf.KernelBackend {
  readonly addon: NativeAddon;
  readonly data: DataStore;
  /** Owned memory of unspecified content. */
  allocateFloats(size: number): Float32Array;
  allocateInts(size: number): Int32Array;
  /** Returns owned memory that no tensor was made of. */
  recycle(values: Float32Array | Int32Array): void;
  /** A tensor's data of owned memory, or deferred. */
  makeData(record: DataRecord): object;
  /** Whether memory is owned by the backend: only such memory may be written in place. */
  isOwned(values: Float32Array): boolean;
}

/** tfjs' CPU backend as far as it is used here; its own types do not say more. */
interface CpuBackend extends tf.KernelBackend {
  readonly data: DataStore;
  nextDataId(): number;
}

/** Smaller arrays are left to the garbage collector, which is good at those. */
const smallestPooledBytes = 1 << 14;
/** Free memory that is kept; what goes beyond is left to the garbage collector. */
const mostFreeBytes = 256 * 2 ** 20;

export function createNativeBackend(addon: NativeAddon): NativeBackend {
  const cpu = tf.findBackendFactory("cpu")() as CpuBackend;
  const memory = createFreeLists((bytes) => addon.allocate(bytes));
  const { data } = cpu;
  const write = cpu.write.bind(cpu);
  const readSync = cpu.readSync.bind(cpu);
  const disposeData = cpu.disposeData.bind(cpu);
  const overrides: Partial<NativeBackend> = {
    addon,
    write: (values, shape, dtype) =>
      write(ArrayBuffer.isView(values) && memory.owns(values) ? copyOf(values) : values, shape, dtype),
    readSync: (dataId) => {
      const values = readSync(dataId);
      return ArrayBuffer.isView(values) && memory.owns(values) ? copyOf(values) : values;
    },
    read: (dataId) => Promise.resolve(cpu.readSync(dataId)),
    disposeData: (dataId, force) => {
      const record = data.has(dataId) ? data.get(dataId) : undefined;
      const isGone = disposeData(dataId, force);
      if (isGone && record !== undefined) record.release?.();
      return isGone;
    },
    allocateFloats: (size) => new Float32Array(memory.take(size * 4), 0, size),
    allocateInts: (size) => new Int32Array(memory.take(size * 4), 0, size),
    recycle: (values) => {
      memory.give(values.buffer as ArrayBuffer);
    },
    makeData: (record) => {
      const dataId = { id: cpu.nextDataId() };
      data.set(dataId, record);
      return dataId;
    },
    isOwned: (values) => memory.owns(values),
  };
  return Object.assign(cpu, overrides) as NativeBackend;
}

function copyOf(values: ArrayBufferView): tf.backend_util.TypedArray {
  return (values as tf.backend_util.TypedArray).slice();
}

interface FreeLists {
  take(bytes: number): ArrayBuffer;
  give(buffer: ArrayBuffer): void;
  owns(view: ArrayBufferView): boolean;
}

/** Free buffers by their length in bytes. @param allocate Makes large ones. */
function createFreeLists(allocate: (bytes: number) => ArrayBuffer): FreeLists {
  const owned = new WeakSet<ArrayBufferLike>();
  const free = new Map<number, ArrayBuffer[]>();
  let freeBytes = 0;
  return {
    take: (bytes) => {
      const found = free.get(bytes)?.pop();
      if (found !== undefined) {
        freeBytes -= bytes;
        return found;
      }
      const made = bytes < smallestPooledBytes ? new ArrayBuffer(bytes) : allocate(bytes);
      owned.add(made);
      return made;
    },
    give: (buffer) => {
      const bytes = buffer.byteLength;
      if (bytes < smallestPooledBytes || bytes > mostFreeBytes) return;
      // Sizes that are asked for no longer make room: the oldest go first.
      for (const [size, buffers] of free) {
        while (freeBytes + bytes > mostFreeBytes && buffers.pop() !== undefined) freeBytes -= size;
        if (buffers.length === 0) free.delete(size);
        if (freeBytes + bytes <= mostFreeBytes) break;
      }
      const sameSize = free.get(bytes);
      if (sameSize === undefined) free.set(bytes, [buffer]);
      else sameSize.push(buffer);
      freeBytes += bytes;
    },
    owns: (view) => owned.has(view.buffer),
  };
}
