/** Typed arrays to and from the element types of a safetensors file. */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { narrowToBfloat16, narrowToHalf, widenBfloat16, widenHalf } from "./half-float.ts";
import type { Dtype } from "./safetensors-header.ts";

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

export interface WritableTensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
  /** Default: the data's own type. F16 and BF16 narrow a Float32Array; BOOL relabels a Uint8Array. */
  readonly dtype?: Dtype;
}

/** A tensor whose data is fetched when its turn to be written comes, so that no two need be in memory. */
export interface FetchedTensor {
  readonly shape: readonly number[];
  readonly dtype: "F32";
  fetch(): Promise<Float32Array>;
}

/** @param bytes Start at byte 0 of a buffer of their own, which the result shares where no conversion is needed. */
export function decodeTensor(dtype: Dtype, bytes: Uint8Array<ArrayBuffer>): TensorData {
  const { buffer } = bytes;
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
    case "BF16":
      return decodeFloats(dtype, bytes);
    case "F64":
      return new Float64Array(buffer);
    case "I64":
      return new BigInt64Array(buffer);
    case "I32":
      return new Int32Array(buffer);
    case "I16":
      return new Int16Array(buffer);
    case "I8":
      return new Int8Array(buffer);
    case "U64":
      return new BigUint64Array(buffer);
    case "U32":
      return new Uint32Array(buffer);
    case "U16":
      return new Uint16Array(buffer);
    case "U8":
    case "BOOL":
      return bytes;
    default:
      return dtype satisfies never;
  }
}

function decodeFloats(dtype: "F16" | "BF16", bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const halves = new Uint16Array(bytes.buffer);
  const wide = new Float32Array(halves.length);
  if (dtype === "F16") widenHalf(halves, wide);
  else widenBfloat16(halves, wide);
  return wide;
}

/** @param where For messages. @throws SwitchyardError SAFETENSORS_CORRUPT when shape, data and dtype disagree */
export function encodeTensor(where: string, tensor: WritableTensor): { dtype: Dtype; bytes: Uint8Array } {
  const { data, shape } = tensor;
  const own = ownDtype(data);
  const dtype = tensor.dtype ?? own;
  const numElements = shape.reduce((product, size) => product * size, 1);
  const canConvert =
    dtype === own ||
    (data instanceof Float32Array && (dtype === "F16" || dtype === "BF16")) ||
    (data instanceof Uint8Array && dtype === "BOOL");
  if (numElements !== data.length || !canConvert) {
    throw new SwitchyardError("SAFETENSORS_CORRUPT", "The tensor cannot be written as described.", {
      where,
      expected: `${numElements} elements for shape [${shape.join(", ")}], of a type that can be stored as ${dtype}`,
      received: `${data.length} elements of ${own}`,
    });
  }
  if (data instanceof Float32Array && dtype === "F16") return { dtype, bytes: bytesOf(narrowToHalf(data)) };
  if (data instanceof Float32Array && dtype === "BF16") return { dtype, bytes: bytesOf(narrowToBfloat16(data)) };
  return { dtype, bytes: bytesOf(data) };
}

function ownDtype(data: TensorData): Dtype {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Int8Array) return "I8";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof BigInt64Array) return "I64";
  if (data instanceof Uint8Array) return "U8";
  if (data instanceof Uint16Array) return "U16";
  if (data instanceof Uint32Array) return "U32";
  return "U64";
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
