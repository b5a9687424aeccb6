/**
 * What losses, optimizers, schedules and trackers are.
 *
 * Shapes: B rows, D width.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Code, Encoding, ModelShape, Routing, SparseCode, TrainingMoment } from "../model/contracts.ts";
import type { ParameterSet } from "../model/parameters.ts";
import type { DecodeOptions } from "../model/sparse-autoencoder.ts";

/**
 * One forward pass, as a loss sees it, in the model's normalised space. Everything is differentiable where it is a
 * float tensor.
 */
export interface LossInput {
  readonly acts_BD: tf.Tensor2D;
  readonly reconstruction_BD: tf.Tensor2D;
  readonly code: Encoding;
  readonly routing: Routing;
  readonly shape: ModelShape;
  /** Decoder rows as a tensor [F, D] on the tape. */
  readonly decoder_FD: tf.Tensor2D;
  readonly training: TrainingMoment;
  /**
   * [F] 1 for dead features, else 0: active on no row of the last `training.deadAfterRows`, this batch included. No
   * gradient. Absent where none can be dead yet.
   */
  readonly dead_F?: tf.Tensor1D | undefined;
  /** [B, D] what another code of these rows decodes to. */
  readonly decode: (code: Code, options?: DecodeOptions) => tf.Tensor2D;
  /** The k largest activations of each row among some features of its experts; see `ForwardPass.topKAmong`. */
  readonly topKAmong: (k: number, among_F: tf.Tensor1D) => SparseCode;
}

export interface Loss {
  /** What the value is multiplied by before it is added, at a step counted from 0. */
  weight(step: number, totalSteps: number): number;
  /** Dimensionless scalar; runs inside a gradient computation. */
  compute(input: LossInput): tf.Scalar;
}

export interface OptimizerStep {
  /** The schedule's multiplier times the optimizer's own learning rate is what is applied. */
  readonly learningRateMultiplier: number;
  /** Counted from 0. */
  readonly step: number;
  /** What the gradients must be multiplied by to be clipped; given only to an optimizer that `scalesGradients`. */
  readonly gradientScale?: tf.Scalar;
}

export interface Optimizer {
  /** The learning rate before the schedule. */
  readonly learningRate: number;
  /**
   * Whether `apply` multiplies the gradients by the step's `gradientScale`. Others get gradients that are clipped already, which
   * costs a scaled copy of each.
   */
  readonly scalesGradients?: boolean;
  /** Allocates state for these parameters. Called once, before the first step or `restore`. */
  initialise(parameters: ParameterSet): void;
  /** Projects the parameters onto their constraints; called before the forward pass. */
  prepare(parameters: ParameterSet): void;
  /**
   * Takes out of the gradients what the optimizer would not apply, before their norm is taken and they are clipped:
   * new tensors by parameter name, for those that change. Most optimizers do that while they update, and have none.
   */
  project?(parameters: ParameterSet, gradients: ReadonlyMap<string, tf.Tensor>): ReadonlyMap<string, tf.Tensor>;
  /** Updates the parameters in place. Gradients are clipped but for `gradientScale`; the optimizer does not dispose of them. */
  apply(parameters: ParameterSet, gradients: ReadonlyMap<string, tf.Tensor>, step: OptimizerStep): void;
  /** State by name, to be stored in a checkpoint; the tensors stay the optimizer's. */
  state(): ReadonlyMap<string, tf.Tensor>;
  /** Overwrites the state from a checkpoint. */
  restore(state: ReadonlyMap<string, tf.Tensor>): void;
  /**
   * Forgets what it remembers of some features, whose rows were given new values: their entries along the first axis
   * of `encoder`, `encoder_bias`, `decoder`, and of every `expert.<name>` that has the features as its first axis.
   * Resampling dead features needs it.
   * @param forgotten_F [F] 1 for those features, else 0.
   */
  forget?(forgotten_F: tf.Tensor1D): void;
  dispose(): void;
}

export interface Schedule {
  /** Multiplier of the learning rate at a step counted from 0, of `totalSteps`. */
  multiplier(step: number, totalSteps: number): number;
}

/** One logged training step. */
export interface StepRecord {
  /** Counted from 1: the number of finished steps. */
  readonly step: number;
  /** Activations seen so far. */
  readonly rows: number;
  readonly loss: number;
  /** Unweighted value of each loss by plugin name. */
  readonly losses: Readonly<Record<string, number>>;
  readonly learningRate: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  /** Features that were active on no row of the last `training.deadAfterRows`; absent in logs of version 0.1. */
  readonly deadFeatures?: number;
  /** Wall-clock of the step itself, without data loading. */
  readonly stepMs: number;
}

/** Receives what happens in a run, beside metrics.jsonl, which is always written. */
export interface Tracker {
  step?(record: StepRecord): void | Promise<void>;
  /** Evaluation metrics by `<evaluator>/<metric>`. */
  evaluated?(metrics: Readonly<Record<string, number>>): void | Promise<void>;
}

declare module "../plugin/kinds.ts" {
  interface PluginKinds {
    loss: { creates: Loss; facts: undefined };
    optimizer: { creates: Optimizer; facts: undefined };
    schedule: { creates: Schedule; facts: undefined };
    tracker: { creates: Tracker; facts: undefined };
  }
}
