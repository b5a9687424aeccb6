/**
 * The trainable parameters of one sparse autoencoder, by name, with the constraint each one is under.
 *
 * Names in checkpoints: `encoder` [F, D], `encoder_bias` [F], `decoder` [F, D], `decoder_bias` [D], `router.<name>`,
 * `expert.<name>`. Buffers beside them: `steps_since_active` [F], `activation_scale` [] where the model scales.
 */
import type * as tf from "@tensorflow/tfjs";

export interface Parameter {
  readonly name: string;
  readonly variable: tf.Variable;
}

export interface ParameterSet {
  /** What is trained, in a fixed order; updates are applied in it. */
  readonly all: readonly Parameter[];
  /** What training changes without a gradient; a checkpoint holds it beside the parameters. */
  readonly buffers: readonly Parameter[];
  /** A parameter or a buffer. @throws SwitchyardError when there is no such parameter. */
  get(name: string): tf.Variable;
  has(name: string): boolean;
  /**
   * Groups of names whose values are one vector (a shared router bias): after any of them is updated, the others
   * take its value, so that every update lands on all.
   */
  readonly shared: readonly (readonly string[])[];
  dispose(): void;
}
