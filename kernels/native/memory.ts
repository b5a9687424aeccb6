/**
 * Tensors of the native device as typed arrays, for the kernels: inputs without a copy, outputs in recycled memory, and
 * variables that are updated where they lie.
 */
import * as tf from "@tensorflow/tfjs";
import type { NativeAddon } from "./addon.ts";
import type { DataRecord, NativeBackend } from "./backend.ts";

export interface NativeMemory {
  readonly addon: NativeAddon;
  /** A tensor of unspecified content, tracked by the current tidy. */
  allocate(shape: readonly number[], dtype: "float32" | "int32"): tf.Tensor;
  /** The tensor's own memory, to read, or a copy where it has another type; forms the values of a deferred tensor. */
  floats(tensor: tf.TensorInfo): Float32Array;
  ints(tensor: tf.TensorInfo): Int32Array;
  /**
   * The variable's memory, to be updated in place. Where other tensors share it (a clone, a reshape, the caller's own
   * array), the variable first moves into memory of its own, so nobody sees a change.
   */
  updated(variable: tf.Variable): Float32Array;
  /** What the backend keeps of the tensor's data. */
  record(tensor: tf.TensorInfo): DataRecord;
  /** Memory beside that of tensors; `recycle` returns it. */
  allocateInts(size: number): Int32Array;
  allocateFloats(size: number): Float32Array;
  recycle(values: Float32Array | Int32Array): void;
  /** A tensor whose values are formed when they are read. */
  defer(shape: readonly number[], record: DataRecord): tf.Tensor;
}

const memories = new WeakMap<object, NativeMemory>();

/** @param backend The tfjs backend that a kernel was handed: the native one. */
export function memoryOf(backend: object): NativeMemory {
  const known = memories.get(backend) ?? createNativeMemory(asNative(backend));
  memories.set(backend, known);
  return known;
}

function asNative(backend: object): NativeBackend {
  if (isNative(backend)) return backend;
  throw new TypeError("Native kernels are registered on a backend that is not the native one.");
}

function isNative(backend: object): backend is NativeBackend {
  return "addon" in backend && "allocateFloats" in backend;
}

function createNativeMemory(backend: NativeBackend): NativeMemory {
  const { addon, data } = backend;
  const tensorOf = (shape: readonly number[], dtype: tf.DataType, record: DataRecord): tf.Tensor =>
    tf.engine().makeTensorFromTensorInfo({ dataId: backend.makeData(record), shape: [...shape], dtype }, backend);
  const allocate = (shape: readonly number[], dtype: "float32" | "int32"): tf.Tensor => {
    const size = tf.util.sizeFromShape([...shape]);
    const values = dtype === "int32" ? backend.allocateInts(size) : backend.allocateFloats(size);
    const release = (): void => {
      backend.recycle(values);
    };
    return tensorOf(shape, dtype, { values, dtype, refCount: 1, release });
  };
  const floats = (tensor: tf.TensorInfo): Float32Array => {
    const { values } = data.get(tensor.dataId);
    if (values instanceof Float32Array) return values;
    // tfjs' cast to float32 shares the memory of whole numbers, and its scalars are plain arrays.
    return Float32Array.from(values as ArrayLike<number>);
  };
  return {
    addon,
    allocate,
    floats,
    ints: (tensor) => {
      const { values } = data.get(tensor.dataId);
      return values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>);
    },
    updated: (variable) => {
      const values = floats(variable);
      if (data.get(variable.dataId).refCount === 1 && backend.isOwned(values)) return values;
      const own = allocate(variable.shape, "float32");
      floats(own).set(values);
      variable.assign(own);
      own.dispose();
      return floats(variable);
    },
    record: (tensor) => data.get(tensor.dataId),
    allocateInts: (size) => backend.allocateInts(size),
    allocateFloats: (size) => backend.allocateFloats(size),
    recycle: (values) => {
      backend.recycle(values);
    },
    defer: (shape, record) => tensorOf(shape, "float32", record),
  };
}
