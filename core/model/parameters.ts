/**
 * The trainable parameters of one sparse autoencoder, by name, with the constraint each one is under.
 *
 * Names in checkpoints: `encoder` [F, D], `encoder_bias` [F], `decoder` [F, D], `decoder_bias` [D], `router.<name>`.
 */
import type * as tf from "@tensorflow/tfjs";

export interface Parameter {
  readonly name: string;
  readonly variable: tf.Variable;
}

export interface ParameterSet {
  /** In a fixed order; updates are applied in it. */
  readonly all: readonly Parameter[];
  /** @throws SwitchyardError when there is no such parameter. */
  get(name: string): tf.Variable;
  has(name: string): boolean;
  /**
   * Groups of names whose values are one vector (a shared router bias): after any of them is updated, the others
   * take its value, so that every update lands on all.
   */
  readonly shared: readonly (readonly string[])[];
  dispose(): void;
}
