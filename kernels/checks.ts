/**
 * Checks of a kernel's arguments, made once at the public wrapper: the versions of a kernel behind it may trust their
 * inputs. Index values are checked too: tfjs reads them as they are, and a wrong one would silently gather zeros on
 * one device and foreign memory on another. On a GPU, values that lie there are checked there (LateChecker).
 *
 * Shapes: B rows, R experts a row, E experts, F features.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- loops over typed arrays, every index below a length */
import * as tf from "@tensorflow/tfjs";
import { KernelError } from "./kernel-error.ts";

/** What every value must be, or what every row must be. */
export type ValueCheck =
  | { readonly kind: "index"; readonly limit: number }
  | { readonly kind: "different"; readonly limit: number; readonly selected: number }
  | { readonly kind: "non-negative" };

/** A backend whose tensors lie where reading them takes long: it checks them there, and throws when they are read. */
interface LateChecker {
  checkLater(tensor: tf.Tensor, check: ValueCheck, where: string): boolean;
}

/** @returns Whether the backend looks after the check. */
function isCheckedLater(tensor: tf.Tensor, check: ValueCheck, where: string): boolean {
  const backend: object = tf.backend();
  return "checkLater" in backend && (backend as LateChecker).checkLater(tensor, check, where);
}

/** A size that is required, or undefined where any size will do. */
export type Extent = number | undefined;

/** @throws KernelError KERNEL_SHAPE, KERNEL_DTYPE */
export function checkTensor(
  tensor: tf.Tensor,
  where: string,
  { shape, dtype }: { readonly shape: readonly Extent[]; readonly dtype: "float32" | "int32" },
): void {
  const matches =
    tensor.shape.length === shape.length &&
    tensor.shape.every((size, axis) => size > 0 && (shape[axis] === undefined || shape[axis] === size));
  if (!matches) {
    throw new KernelError("KERNEL_SHAPE", "A tensor has the wrong shape.", {
      where,
      expected: `[${shape.map((size) => size ?? "any").join(", ")}], every size at least 1`,
      received: `[${tensor.shape.join(", ")}]`,
    });
  }
  if (tensor.dtype !== dtype) {
    throw new KernelError("KERNEL_DTYPE", "A tensor has the wrong type of number.", {
      where,
      expected: dtype,
      received: tensor.dtype,
      next: `Convert it with tf.cast(tensor, "${dtype}").`,
    });
  }
}

/** @throws KernelError KERNEL_INDEX_RANGE */
export function checkIndices(indices: tf.Tensor, where: string, limit: number): void {
  if (isCheckedLater(indices, { kind: "index", limit }, where)) return;
  const values = indices.dataSync();
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < 0 || value >= limit) {
      throw new KernelError("KERNEL_INDEX_RANGE", "An index lies outside its range.", {
        where,
        expected: `0 to ${limit - 1}`,
        received: `${value} at position ${i}`,
      });
    }
  }
}

/** Checks range, and that no row names an expert twice. @throws KernelError KERNEL_INDEX_RANGE */
export function checkExpertIndices(expertIndices_BR: tf.Tensor2D, where: string, numExperts: number): void {
  checkIndices(expertIndices_BR, where, numExperts);
  const selected = expertIndices_BR.shape[1];
  if (selected === 1) return;
  if (isCheckedLater(expertIndices_BR, { kind: "different", limit: numExperts, selected }, where)) return;
  const values = expertIndices_BR.dataSync();
  for (let start = 0; start < values.length; start += selected) {
    for (let r = 1; r < selected; r++) {
      if (values.subarray(start, start + r).includes(values[start + r]!)) {
        throw new KernelError("KERNEL_INDEX_RANGE", "A row is routed to the same expert twice.", {
          where,
          expected: `${selected} different experts a row`,
          received: `[${values.subarray(start, start + selected).join(", ")}] in row ${start / selected}`,
        });
      }
    }
  }
}

/** @throws KernelError KERNEL_VALUE_RANGE */
export function checkNonNegative(tensor: tf.Tensor, where: string): void {
  if (isCheckedLater(tensor, { kind: "non-negative" }, where)) return;
  const values = tensor.dataSync();
  for (let i = 0; i < values.length; i++) {
    // Written so that NaN fails too.
    if (!(values[i]! >= 0)) {
      throw new KernelError("KERNEL_VALUE_RANGE", "A value is negative or not a number.", {
        where,
        expected: "at least 0",
        received: `${values[i]!} at position ${i}`,
      });
    }
  }
}

/** @throws KernelError KERNEL_VALUE_RANGE */
export function checkCount(value: number, where: string): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new KernelError("KERNEL_VALUE_RANGE", "A count is not a positive integer.", {
      where,
      expected: "an integer of at least 1",
      received: String(value),
    });
  }
}

/** @returns M = F/E. @throws KernelError KERNEL_VALUE_RANGE, KERNEL_SHAPE */
export function checkExpertCount(numFeatures: number, numExperts: number, operation: string): number {
  checkCount(numExperts, `${operation}: numExperts`);
  if (numFeatures % numExperts !== 0) {
    throw new KernelError("KERNEL_SHAPE", "The features do not divide evenly over the experts.", {
      where: `${operation}: numExperts`,
      expected: `a divisor of ${numFeatures} features`,
      received: String(numExperts),
    });
  }
  return numFeatures / numExperts;
}
