/**
 * Tensors as typed arrays, without a copy, on the backends whose memory is host memory (tfjs' cpu and wasm).
 *
 * Two hazards shape this interface. A wasm heap that grows detaches every view on it (length 0, reads undefined): so
 * allocate first, then view. And nothing here writes into a tensor that anybody else has seen: tfjs' wasm matMul
 * caches the packed right operand by data id (4.22.0, batch_mat_mul_impl.cc), so a matrix changed in place would
 * be multiplied in its old state; tfjs' cpu backend shares the caller's array in `tf.tensor(array)`. Therefore a
 * variable gets its new value in fresh memory, by `assign`.
 */
import * as tf from "@tensorflow/tfjs";
import { multiply } from "./multiply.ts";

export interface HostMemory {
  /** A tensor of unspecified content, tracked by the current tidy. Ends the life of earlier views. */
  allocate(shape: readonly number[], dtype: "float32" | "int32"): tf.Tensor;
  /** The tensor's own memory, valid until the next allocation or tfjs operation. */
  floats(tensor: tf.Tensor): Float32Array;
  ints(tensor: tf.Tensor): Int32Array;
  /** [N, I] x [I, M]. Ends the life of earlier views. */
  matMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D;
}

interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: unknown } };
}

interface WasmBackend {
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): unknown;
}

/** @param backend The tfjs backend that a kernel was handed: cpu or wasm. */
export function createHostMemory(backend: object): HostMemory {
  if (isWasm(backend)) return wasmMemory(backend);
  if (isCpu(backend)) return cpuMemory(backend);
  throw new TypeError("Host kernels are registered on a backend that is neither cpu nor wasm.");
}

function cpuMemory(backend: CpuBackend): HostMemory {
  const values = (tensor: tf.Tensor): unknown => backend.data.get(tensor.dataId).values;
  const allocate = (shape: readonly number[], dtype: "float32" | "int32"): tf.Tensor => {
    const size = tf.util.sizeFromShape([...shape]);
    return tf.tensor(dtype === "int32" ? new Int32Array(size) : new Float32Array(size), [...shape], dtype);
  };
  const floats = (tensor: tf.Tensor): Float32Array => asFloats(values(tensor));
  return {
    allocate,
    floats,
    ints: (tensor) => asInts(values(tensor)),
    matMul: (a, b) => {
      const [rows, inner] = a.shape;
      const columns = b.shape[1];
      const product = allocate([rows, columns], "float32");
      multiply(floats(a), floats(b), floats(product), { rows, inner, columns });
      return product as tf.Tensor2D;
    },
  };
}

function wasmMemory(backend: WasmBackend): HostMemory {
  return {
    allocate: (shape, dtype) => tf.engine().makeTensorFromTensorInfo(backend.makeOutput([...shape], dtype)),
    floats: (tensor) => asFloats(backend.typedArrayFromHeap(tensor)),
    ints: (tensor) => asInts(backend.typedArrayFromHeap(tensor)),
    matMul: (a, b) => tf.matMul(a, b),
  };
}

function isWasm(backend: object): backend is WasmBackend {
  return "typedArrayFromHeap" in backend && "makeOutput" in backend;
}

function isCpu(backend: object): backend is CpuBackend {
  return "data" in backend;
}

function asFloats(values: unknown): Float32Array {
  if (values instanceof Float32Array) return values;
  throw new TypeError("Expected float32 values in a tensor's memory.");
}

function asInts(values: unknown): Int32Array {
  if (values instanceof Int32Array) return values;
  throw new TypeError("Expected int32 values in a tensor's memory.");
}
