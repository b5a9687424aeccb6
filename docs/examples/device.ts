/** The device of the examples, and rows as its tensors. */
import type * as tensorflow from "@tensorflow/tfjs";
import { buildPlugin } from "../../core/index.ts";
import { cpu } from "../../plugins/device/cpu.ts";

export type Rows = readonly (readonly number[])[];

export const { instance: device } = await buildPlugin(cpu);
export const { tf } = device;

export function matrix(rows: Rows): tensorflow.Tensor2D {
  return tf.tensor2d(rows.map((row) => [...row]));
}
