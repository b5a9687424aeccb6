/** A parameter with its moments, as the cases of adamStep need them. */
import type * as tf from "@tensorflow/tfjs";
import type { Device } from "../../../kernels/devices/device.ts";
import type { KernelSubject } from "./kernel-subject.ts";
import { createRandomData } from "./random-data.ts";

export interface AdamState {
  readonly parameter: tf.Variable;
  readonly first: tf.Variable;
  readonly second: tf.Variable;
}

/** Runs with fresh variables and disposes them. */
export async function withState(
  subject: KernelSubject,
  shape: [number, number],
  work: (device: Device, state: AdamState) => void,
): Promise<void> {
  const device = await subject.open();
  const { tf } = device;
  const values = createRandomData(1).floats(shape[0] * shape[1]);
  const state = tf.tidy(() => ({
    parameter: tf.variable(tf.tensor2d(values, shape)),
    first: tf.variable(tf.zeros(shape)),
    second: tf.variable(tf.zeros(shape)),
  }));
  try {
    work(device, state);
  } finally {
    for (const variable of Object.values(state)) variable.dispose();
  }
}
