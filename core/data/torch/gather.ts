/** The elements of a strided view of a storage, in row-major order, whatever their type. */
import type { TorchTensor } from "./pickle-values.ts";

/**
 * @param bytes Of the whole storage; `itemBytes` an element.
 * @returns The tensor's bytes: `bytes` themselves where the view is the whole storage in order, else a copy.
 */
export function gather(
  bytes: Uint8Array<ArrayBuffer>,
  tensor: TorchTensor,
  itemBytes: number,
): Uint8Array<ArrayBuffer> {
  const { shape, offset } = tensor;
  const numElements = shape.reduce((product, length) => product * length, 1);
  if (isRowMajor(tensor)) {
    const isWhole = offset === 0 && numElements * itemBytes === bytes.byteLength;
    return isWhole ? bytes : bytes.slice(offset * itemBytes, (offset + numElements) * itemBytes);
  }
  const gathered = new Uint8Array(numElements * itemBytes);
  const from = elements(bytes, itemBytes);
  const to = elements(gathered, itemBytes);
  if (from instanceof BigUint64Array && to instanceof BigUint64Array) copyStrided(from, to, tensor);
  else if (!(from instanceof BigUint64Array) && !(to instanceof BigUint64Array)) copyStrided(from, to, tensor);
  return gathered;
}

function isRowMajor({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const length = shape[i] ?? 0;
    // The stride of a dimension of one element is never used.
    if (length !== 1 && strides[i] !== expected) return false;
    expected *= length;
  }
  return true;
}

type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

function elements({ buffer }: Uint8Array<ArrayBuffer>, itemBytes: number): Elements {
  if (itemBytes === 1) return new Uint8Array(buffer);
  if (itemBytes === 2) return new Uint16Array(buffer);
  return itemBytes === 4 ? new Uint32Array(buffer) : new BigUint64Array(buffer);
}

function copyStrided<T extends number | bigint>(
  from: { readonly [index: number]: T },
  to: { length: number; [index: number]: T },
  { shape, strides, offset }: TorchTensor,
): void {
  const index = shape.map(() => 0);
  let source = offset;
  for (let i = 0; i < to.length; i++) {
    const value = from[source];
    if (value !== undefined) to[i] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        source += stride;
        break;
      }
      source -= (next - 1) * stride;
      index[axis] = 0;
    }
  }
}
