/** Wrong calls of encodeTopK, each with the code that refuses it. */
import type { Device } from "../../../kernels/devices/device.ts";
import type { EncodeTopKInput } from "../../../kernels/kernels.ts";
import type { ConformanceCase } from "../conformance-case.ts";
import { refusalCases, type KernelSubject, type Refusal } from "./kernel-subject.ts";

/** A right call: B = 2 rows, D = 3, F = 8, E = 2, R = 1, k = 2. */
function rightInput({ tf }: Device): EncodeTopKInput {
  return {
    acts_BD: tf.ones([2, 3]),
    encoder_FD: tf.ones([8, 3]),
    encoderBias_F: tf.zeros([8]),
    expertIndices_BR: tf.tensor2d([0, 1], [2, 1], "int32"),
    gates_BR: tf.ones([2, 1]),
    numExperts: 2,
    k: 2,
  };
}

function changed(what: string, code: Refusal["code"], change: (device: Device) => Partial<EncodeTopKInput>): Refusal {
  return { what, code, call: (device) => device.kernels.encodeTopK({ ...rightInput(device), ...change(device) }) };
}

export function encodeTopKRefusals(subject: KernelSubject): readonly ConformanceCase[] {
  return refusalCases(subject, [
    changed("k of 0", "KERNEL_K_RANGE", () => ({ k: 0 })),
    changed("k above the features of the row's experts", "KERNEL_K_RANGE", () => ({ k: 5 })),
    changed("a fractional k", "KERNEL_K_RANGE", () => ({ k: 1.5 })),
    changed("an encoder of another width", "KERNEL_SHAPE", ({ tf }) => ({ encoder_FD: tf.ones([8, 4]) })),
    changed("a bias of another length", "KERNEL_SHAPE", ({ tf }) => ({ encoderBias_F: tf.ones([7]) })),
    changed("gates for other rows", "KERNEL_SHAPE", ({ tf }) => ({ gates_BR: tf.ones([1, 2]) })),
    changed("features that do not divide", "KERNEL_SHAPE", () => ({ numExperts: 3 })),
    changed("a negative gate", "KERNEL_VALUE_RANGE", ({ tf }) => ({ gates_BR: tf.tensor2d([0.5, -0.5], [2, 1]) })),
    changed("a gate that is not a number", "KERNEL_VALUE_RANGE", ({ tf }) => ({
      gates_BR: tf.tensor2d([1, NaN], [2, 1]),
    })),
    changed("float expert indices", "KERNEL_DTYPE", ({ tf }) => ({ expertIndices_BR: tf.ones([2, 1]) })),
    changed("an expert that does not exist", "KERNEL_INDEX_RANGE", ({ tf }) => ({
      expertIndices_BR: tf.tensor2d([0, 2], [2, 1], "int32"),
    })),
    changed("integer activations", "KERNEL_DTYPE", ({ tf }) => ({ acts_BD: tf.ones([2, 3], "int32") })),
  ]);
}
