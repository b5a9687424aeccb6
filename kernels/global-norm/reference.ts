/** The norm of one tensor, composed of tfjs operations: a float32 sum. */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { normName, type NormInputs } from "./contract.ts";

export const globalNormReference: readonly KernelVersion[] = [
  referenceVersion(normName, ({ x }: NormInputs) => tf.sqrt(tf.sum(tf.square(x)))),
];
